"""Numbered, forward-only migrations of the records."""
