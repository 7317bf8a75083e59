"""The pretend exchanges, one module each: what they list, answer and refuse."""
