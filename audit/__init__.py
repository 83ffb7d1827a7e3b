"""Queries about the past: folds of the log up to a position or a time.

The log up to a position never changes, so the result for a position never changes either.
"""
