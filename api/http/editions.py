"""Editions of what organizers edit: the ETag of a read is the If-Match of the change, so that no edit is lost unseen.

An edition is a digest of the fields that a change can touch, not of the whole answer: availability moves with every
booking. Comparison and decision happen on the same stream version, which the append guards (RFC 9110, section 13.1.1).
"""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import Header

from domain.errors import ChangedMeanwhile

EDITION_LENGTH = 32
ANY_EDITION = "*"

IfMatch = Annotated[
    str | None,
    Header(
        max_length=1_000,
        description="The ETag of what you read: the change is refused (412) if somebody else changed it since.",
    ),
]


def edition_of(known: Mapping[str, Any]) -> str:
    """Return the entity tag of what a change can touch, quotes included."""
    document = orjson.dumps(known, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    return f'"{hashlib.sha256(document).hexdigest()[:EDITION_LENGTH]}"'


def edition_header(known: Mapping[str, Any]) -> dict[str, str]:
    """Return the header that names the edition of an answer."""
    return {"ETag": edition_of(known)}


def require_edition(if_match: str | None, known: Mapping[str, Any]) -> None:
    """Refuse a change to another edition than the one that was read; without If-Match every edition will do.

    Raises:
        ChangedMeanwhile: none of the named editions is the present one.
    """
    if if_match is None or if_match.strip() == ANY_EDITION:
        return
    if edition_of(known) not in [tag.strip() for tag in if_match.split(",")]:
        raise ChangedMeanwhile("Somebody changed this after you read it; read it again, then send your change.")
