"""Changing sealed files: editing, setting, rotating, re-addressing."""
