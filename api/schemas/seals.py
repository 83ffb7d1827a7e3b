"""Seals, comparisons with them, and proofs, as answers show them. Bytes are in hexadecimal."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import ResponseBody
from api.schemas.values import Cursor
from eventstore.sealing.verification.fault import FaultKind


class SealResponse(ResponseBody):
    """The events at `first` … `last` are those under `root`."""

    chain: str
    number: Annotated[int, Field(description="Counts from 1 within the chain.")]
    first: int
    last: int
    root: Annotated[str, Field(description="Of the Merkle tree over the events' digests, as RFC 6962 shapes it.")]
    fingerprints: Annotated[str, Field(description="SHA-256 of the first 8 bytes of every digest, in order.")]
    previous: Annotated[str, Field(description="The hash of the seal before; zeros in the first one.")]
    sealed_at: datetime
    key_id: str
    signature: Annotated[str, Field(description="Ed25519.")]


class PublicKey(ResponseBody):
    """A key that seals were signed with; keep it where nobody can exchange it."""

    key_id: str
    public_key: Annotated[str, Field(description="Ed25519, 32 bytes.")]


class SealerResponse(ResponseBody):
    """How the sealer is, as it says itself at least every 10 s while it lives."""

    state: Literal["sealing", "stopped"]
    trouble: Annotated[str | None, Field(description="Why it stopped: a person must look.")]
    heartbeat_at: datetime


class Seals(ResponseBody):
    """The newest chain's seals, newest first, as the database has them."""

    items: list[SealResponse]
    next: Cursor
    keys: list[PublicKey]
    sealer: Annotated[SealerResponse | None, Field(description="None: no sealer ever ran.")]


class FaultResponse(ResponseBody):
    """What is wrong first."""

    kind: FaultKind
    position: int
    seal: Annotated[int | None, Field(description="The number of the seal it contradicts.")]
    name: Annotated[str | None, Field(description="Of the event that stands there now.")]
    stream: str | None
    in_the_log: Annotated[bool, Field(description="False: the second place is damaged, which says nothing of the log.")]
    what: str


class Comparison(ResponseBody):
    """What was compared with the second place; `last` < `first`: nothing was in order."""

    chain: str | None
    first: int
    last: int
    events: int
    seals: int
    sealed_to: int
    head: int
    unsealed: Annotated[int, Field(description="Events younger than the last seal: only their digests are checked.")]
    unsealed_since: datetime | None
    fault: FaultResponse | None
    next: Annotated[int | None, Field(description="Give it as `from` to go on; null: the end, or a fault.")]


class ProvenEvent(ResponseBody):
    """Everything that the event's digest is made from; `data` and `metadata` as text, byte for byte."""

    position: int
    stream: str
    version: int
    name: str
    schema_version: int
    command_id: str
    part: int
    recorded_at: datetime
    data: str
    metadata: str


class TicketProof(ResponseBody):
    """Proves that a ticket was issued, to whoever has the public key: `seatledger audit check FILE`."""

    format: str
    event: ProvenEvent
    entry: Annotated[str, Field(description="Sixteen digests, fewer at the end of a seal; the event's among them.")]
    path: Annotated[list[str], Field(description="The Merkle path from the entry to the root.")]
    seal: SealResponse
