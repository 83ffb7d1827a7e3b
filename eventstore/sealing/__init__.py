"""Signed seals over the log: a change to sealed events is detected, even by the owner of the database."""
