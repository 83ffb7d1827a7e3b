"""Abusive clients, for `python -m bench edge`."""
