"""Connections as other tools keep them, read into drafts; nothing is written here."""
