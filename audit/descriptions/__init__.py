"""Recorded events in plain words: one sentence each, the same wherever somebody reads what happened."""

from audit.descriptions.describers import describe, description_of

__all__ = ["describe", "description_of"]
