"""Descriptions of recorded events, one sentence each, for auditors, support and the command line."""

from audit.descriptions.describers import describe, description_of

__all__ = ["describe", "description_of"]
