"""Seals and verifications as JSON."""

from collections.abc import Mapping, Sequence

from api.presenters.values import Body
from eventstore.sealing.seal import Seal, seal_to_json
from eventstore.sealing.seal_repository import SealerState
from eventstore.sealing.verification.fault import Fault
from eventstore.sealing.verification.result import Verification


def seals(found: Sequence[Seal], limit: int, keys: Mapping[str, bytes], sealer: SealerState | None) -> Body:
    """Return a page of seals and the public keys as JSON.

    Args:
        found: the seals; one more than `limit` if another page follows.
        limit: the size of the page.
        keys: public keys by id.
        sealer: the state of the sealer; None if none has run.
    """
    return {
        "items": [seal_to_json(seal) for seal in found[:limit]],
        "next": str(found[limit - 1].number) if len(found) > limit else None,
        "keys": [{"key_id": key_id, "public_key": key.hex()} for key_id, key in keys.items()],
        "sealer": sealer,
    }


def part(found: Verification) -> Body:
    """Return the result of verifying a part of the log as JSON, with the start of the next part."""
    ends = found.fault is not None or found.last >= found.head
    return {**verification_json(found), "next": None if ends else found.last + 1}


def verification_json(found: Verification) -> Body:
    """Return what was compared and the first fault as JSON."""
    return {
        "chain": found.chain,
        "first": found.first,
        "last": found.last,
        "events": found.events,
        "seals": found.seals,
        "sealed_to": found.sealed_to,
        "head": found.head,
        "unsealed": found.unsealed,
        "unsealed_since": found.unsealed_since,
        "fault": None if found.fault is None else fault(found.fault),
    }


def fault(found: Fault) -> Body:
    """Return a fault as JSON."""
    return {
        "kind": found.kind,
        "position": found.position,
        "seal": found.seal,
        "name": found.name,
        "stream": found.stream,
        "in_the_log": found.in_the_log,
        "what": found.what,
    }
