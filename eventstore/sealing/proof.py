"""Inclusion proof of one event: that the sealed log contains it, verifiable without the log."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from eventstore.digest import EventContent, digest_of, event_content
from eventstore.errors import EventStoreError
from eventstore.sealing.keys import is_genuine
from eventstore.sealing.merkle import inclusion_proof, root_from_proof, root_over
from eventstore.sealing.seal import Seal, SealUnreadable, seal_from_json, seal_to_json, utc_text
from eventstore.sealing.seal_repository import SealRepository
from eventstore.store import Store

FORMAT = "seatledger proof 1"
PATH_MAX = 64


class NotSealedYet(EventStoreError):
    """The event is not sealed yet."""


class LogContradictsSeal(EventStoreError):
    """The events are not those that were sealed; `seatledger audit verify` locates the first difference."""


class ProofRefused(Exception):
    """The file is not a valid proof; the message gives the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """An event, the seal over it, and the audit path between them.

    Args:
        entry: the digests of the event and its neighbours in the Merkle tree.
        path: the sibling hashes from that entry to the seal's root.
    """

    content: EventContent
    entry: bytes
    path: tuple[bytes, ...]
    seal: Seal


async def create_proof(store: Store, table: SealRepository, position: int) -> Proof:
    """Return the proof of the event at a position.

    Raises:
        NotSealedYet: try again after a few seconds.
        LogContradictsSeal: the log was changed, so no proof exists.
        StoreUnavailable: the database cannot be reached.
    """
    seals = await table.list_covering(first=position, last=position, limit=1)
    if not seals:
        raise NotSealedYet(f"The event at {position} is not sealed yet; try again in a few seconds.")
    seal = seals[0]
    events = await store.read_range(after=seal.first - 1, limit=seal.events)
    digests = [digest_of(**event_content(event)) for event in events]
    if len(digests) != seal.events or root_over(digests) != seal.root:
        raise LogContradictsSeal(f"The events at {seal.first} … {seal.last} are not those that were sealed.")
    index = position - seal.first
    entry, path = inclusion_proof(digests, index)
    return Proof(content=event_content(events[index]), entry=entry, path=tuple(path), seal=seal)


def verify_proof(proof: Proof, keys: Mapping[str, bytes]) -> None:
    """Check a proof with trusted public keys, by their ids.

    Raises:
        ProofRefused: it is not valid.
    """
    seal = proof.seal
    if not is_genuine(seal, keys):
        raise ProofRefused(f"The seal is not signed by a key that is trusted here; it names the key {seal.key_id}.")
    index = proof.content["position"] - seal.first
    if not 0 <= index < seal.events:
        raise ProofRefused(f"The seal covers {seal.first} … {seal.last}, but not the event's position.")
    digest = digest_of(**proof.content)
    root = root_from_proof(digest, index=index, digests=seal.events, entry=proof.entry, path=proof.path)
    if root != seal.root:
        raise ProofRefused("The event is not the one that was sealed at its position.")


def proof_to_json(proof: Proof) -> dict[str, object]:
    """Return a proof as JSON; data and metadata as strings, because the digest covers every byte of them."""
    content = proof.content
    return {
        "format": FORMAT,
        "event": {
            **content,
            "command_id": str(content["command_id"]),
            "recorded_at": utc_text(content["recorded_at"]),
        },
        "entry": proof.entry.hex(),
        "path": [node.hex() for node in proof.path],
        "seal": seal_to_json(proof.seal),
    }


def proof_from_json(shown: Any) -> Proof:
    """Return the proof that `proof_to_json` wrote.

    Raises:
        ProofRefused: it is not a proof of a known format.
    """
    try:
        if shown["format"] != FORMAT or len(shown["path"]) > PATH_MAX:
            raise ProofRefused("This is not a proof of a known format.")
        proof = Proof(
            content=_content_from_json(shown["event"]),
            entry=bytes.fromhex(shown["entry"]),
            path=tuple(bytes.fromhex(node) for node in shown["path"]),
            seal=seal_from_json(shown["seal"]),
        )
        digest_of(**proof.content)
    except (KeyError, TypeError, ValueError, AttributeError, SealUnreadable, struct.error) as error:
        raise ProofRefused(f"This is not a proof: {error!r}.") from error
    return proof


def _content_from_json(shown: Mapping[str, Any]) -> EventContent:
    return EventContent(
        position=shown["position"],
        stream=shown["stream"],
        version=shown["version"],
        name=shown["name"],
        schema_version=shown["schema_version"],
        command_id=UUID(shown["command_id"]),
        part=shown["part"],
        recorded_at=datetime.fromisoformat(shown["recorded_at"]),
        data=shown["data"],
        metadata=shown["metadata"],
    )
