"""The daemon: follows the files, tests on schedule, tells people once and usefully."""
