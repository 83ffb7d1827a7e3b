"""One booking told step by step over HTTP, from an empty basket to money given back, and the events it caused."""

from runtime.tour.people import TourFailed
from runtime.tour.story import tell

__all__ = ["TourFailed", "tell"]
