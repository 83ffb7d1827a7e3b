"""The venues of the demo, drawn by rule; each function returns a `seatledger` document without keys."""

from runtime.demo.venues.arena import arena
from runtime.demo.venues.stadium import stadium
from runtime.demo.venues.theatre import theatre

__all__ = ["arena", "stadium", "theatre"]
