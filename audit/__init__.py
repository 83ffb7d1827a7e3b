"""What was it like then? Folds of the log up to a moment, made when somebody asks.

The log before a position never changes, so an answer is true for good; `position` says for which part of the log it is.
"""
