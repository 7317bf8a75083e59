"""The server: `serving` listens and answers as long as the daemon runs."""
