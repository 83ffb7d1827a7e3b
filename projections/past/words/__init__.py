"""Recorded events in plain words: one sentence each, the same wherever somebody reads what happened."""

from projections.past.words.telling import describe, description_of

__all__ = ["describe", "description_of"]
