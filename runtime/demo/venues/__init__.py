"""The generated layouts of the demo's venues; each function returns a `seatledger` document without seat keys."""

from runtime.demo.venues.arena import arena
from runtime.demo.venues.stadium import stadium
from runtime.demo.venues.theatre import theatre

__all__ = ["arena", "stadium", "theatre"]
