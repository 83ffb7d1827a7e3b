"""Seals, and what a comparison with them says, as answers show them."""

from api.presenters.values import Body
from eventstore.seals.fault import Fault
from eventstore.seals.verification import Verification


def compared(found: Verification) -> Body:
    """Show what was compared, and the first fault."""
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
    """Show a fault."""
    return {
        "kind": found.kind,
        "position": found.position,
        "seal": found.seal,
        "name": found.name,
        "stream": found.stream,
        "in_the_log": found.in_the_log,
        "what": found.what,
    }
