"""Recorded events in plain words: one sentence each, the same wherever somebody reads what happened."""

from projections.past.words.telling import sentence, tell

__all__ = ["sentence", "tell"]
