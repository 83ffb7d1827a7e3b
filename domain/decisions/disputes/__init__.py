"""Decisions about disputed payments: their tickets, their money, and the exceptions that they open."""
