"""The process: its loop, its threads, its signals, its log, and systemd."""
