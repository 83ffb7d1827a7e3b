"""The seat map in responses, and blocks by staff."""

from typing import Annotated

from pydantic import Field

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.fields.values import Position, SeatKey, Timestamp
from domain.values import BlockReason

SEATS_NAMED_MAX = 1_000

SeatsNamed = Annotated[list[SeatKey], Field(max_length=SEATS_NAMED_MAX, description="1 to 250 seats, each once.")]


class BlockRequest(RequestBody):
    """The seats to block, all or none."""

    seats: SeatsNamed
    reason: BlockReason
    release_at: Annotated[
        Timestamp | None, Field(description="A future time; from then on the seats are on sale again.")
    ] = None


class UnblockRequest(RequestBody):
    """The seats to unblock."""

    seats: SeatsNamed
    reason: Annotated[BlockReason | None, Field(description="Only seats that are blocked for this reason.")] = None


class SeatsResult(ResponseBody):
    """The seats that a command changed."""

    performance_id: str
    seats: Annotated[list[str], Field(description="The changed seats; the others had this state already.")]
    position: Position


class SeatStates(ResponseBody):
    """The keys of the seats that are not free, by state."""

    held: list[str]
    sold: list[str]
    blocked: list[str]


class AreaState(ResponseBody):
    """Counts of a standing area."""

    area: str
    capacity: int
    held: int
    sold: int
    blocked: int
    available: int


class Seats(ResponseBody):
    """The seat map; a seat that is not listed is free."""

    performance_id: str
    position: Annotated[int, Field(description="Use it as `after` of `/live`.")]
    states: SeatStates
    areas: list[AreaState]
