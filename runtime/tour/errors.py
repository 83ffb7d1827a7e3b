"""What stops a tour."""


class TourFailed(Exception):
    """The shop did not answer as its contract says."""
