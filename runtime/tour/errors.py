"""Errors of the tour."""

from runtime.errors import OperatorError


class TourFailed(OperatorError):
    """The API answered differently from its contract."""
