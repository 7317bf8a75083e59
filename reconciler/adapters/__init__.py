"""The outside world, one door per library: files, keys, stores and providers."""
