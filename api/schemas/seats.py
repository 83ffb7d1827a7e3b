"""The seat map as answers show it, and what staff does to it."""

from typing import Annotated

from pydantic import Field

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.values import Position, SeatKey, Timestamp
from domain.values import BlockReason

SEATS_NAMED_MAX = 1_000

SeatsNamed = Annotated[list[SeatKey], Field(max_length=SEATS_NAMED_MAX, description="1 to 250 seats, each once.")]


class BlockRequest(RequestBody):
    """Seats that are to go off sale; every one of them or none."""

    seats: SeatsNamed
    reason: BlockReason
    release_at: Annotated[
        Timestamp | None, Field(description="Later than now; from then on the seats are on sale again.")
    ] = None


class UnblockRequest(RequestBody):
    """Seats that are to be on sale again."""

    seats: SeatsNamed
    reason: Annotated[BlockReason | None, Field(description="Only those that were blocked for this reason.")] = None


class SeatsResult(ResponseBody):
    """What staff did to seats."""

    performance_id: str
    seats: Annotated[list[str], Field(description="The seats that changed; the others were just so already.")]
    position: Position


class SeatStates(ResponseBody):
    """The seats that are not free, by state."""

    held: list[str]
    sold: list[str]
    blocked: list[str]


class AreaState(ResponseBody):
    """How many places of a standing area are left."""

    area: str
    capacity: int
    held: int
    sold: int
    blocked: int
    available: int


class Seats(ResponseBody):
    """Where every seat stands that is not free; what is not named is free."""

    performance_id: str
    position: Annotated[int, Field(description="Give it as `after` to `/live`.")]
    states: SeatStates
    areas: list[AreaState]
