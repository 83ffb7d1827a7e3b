"""Seals, verifications and proofs in responses. Bytes are in hexadecimal."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import ResponseBody
from api.schemas.fields.values import Cursor
from eventstore.sealing.verification.fault import FaultKind


class SealResponse(ResponseBody):
    """A seal: the signed Merkle root of the events at `first` … `last`."""

    chain: str
    number: Annotated[int, Field(description="Number within the chain, from 1.")]
    first: int
    last: int
    root: Annotated[str, Field(description="Root of the Merkle tree over the events' digests (RFC 6962).")]
    fingerprints: Annotated[str, Field(description="SHA-256 over the first 8 bytes of each digest, in order.")]
    previous: Annotated[str, Field(description="Hash of the previous seal; zeros in the first one.")]
    sealed_at: datetime
    key_id: str
    signature: Annotated[str, Field(description="Ed25519 signature.")]


class PublicKey(ResponseBody):
    """A public key of seals; keep a copy where it cannot be exchanged."""

    key_id: str
    public_key: Annotated[str, Field(description="Ed25519 public key, 32 bytes.")]


class SealerResponse(ResponseBody):
    """State of the sealer, reported at least every 10 s while it runs."""

    state: Literal["sealing", "stopped"]
    trouble: Annotated[str | None, Field(description="Why it stopped; an operator must check it.")]
    heartbeat_at: datetime


class Seals(ResponseBody):
    """Seals of the newest chain, newest first, as stored in the database."""

    items: list[SealResponse]
    next: Cursor
    keys: list[PublicKey]
    sealer: Annotated[SealerResponse | None, Field(description="null: no sealer has run.")]


class FaultResponse(ResponseBody):
    """The first difference between the log and the seal archive."""

    kind: FaultKind
    position: int
    seal: Annotated[int | None, Field(description="Number of the seal that the log contradicts.")]
    name: Annotated[str | None, Field(description="Name of the event at this position now.")]
    stream: str | None
    in_the_log: Annotated[bool, Field(description="false: the seal archive is damaged, not the log.")]
    what: str


class Comparison(ResponseBody):
    """Result of a verification; `last` < `first`: no part was in order."""

    chain: str | None
    first: int
    last: int
    events: int
    seals: int
    sealed_to: int
    head: int
    unsealed: Annotated[int, Field(description="Number of events after the last seal; only their digests are checked.")]
    unsealed_since: datetime | None
    fault: FaultResponse | None
    next: Annotated[int | None, Field(description="`from` of the next part; null at the end and after a fault.")]


class ProvenEvent(ResponseBody):
    """All inputs of the event's digest; `data` and `metadata` as text, byte for byte."""

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
    """Proof that a ticket was issued; verified with the public key by `seatledger audit check FILE`."""

    format: str
    event: ProvenEvent
    entry: Annotated[str, Field(description="Sixteen digests (fewer at the end of a seal), the event's among them.")]
    path: Annotated[list[str], Field(description="Merkle audit path from the entry to the root.")]
    seal: SealResponse
