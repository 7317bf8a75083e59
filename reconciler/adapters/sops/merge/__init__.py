"""Merging sealed files by value, for Git."""
