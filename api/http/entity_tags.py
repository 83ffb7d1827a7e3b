"""Entity tags for optimistic locking: the ETag of a read is the If-Match of an update.

A tag is the digest of the fields that an update can change, not of the whole answer, because availability changes with
every booking. Comparison and decision read the same stream version, which the append guards (RFC 9110, section 13.1.1).
"""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import Header

from domain.errors import ChangedMeanwhile

ETAG_LENGTH = 32
ANY_ETAG = "*"

IfMatch = Annotated[
    str | None,
    Header(
        max_length=1_000,
        description="The `ETag` that was read; the update is refused (412) if the resource has changed since.",
    ),
]


def entity_tag_of(known: Mapping[str, Any]) -> str:
    """Return the entity tag of the changeable fields, quotes included."""
    document = orjson.dumps(known, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    return f'"{hashlib.sha256(document).hexdigest()[:ETAG_LENGTH]}"'


def etag_header(known: Mapping[str, Any]) -> dict[str, str]:
    """Return the ETag header of an answer."""
    return {"ETag": entity_tag_of(known)}


def require_current_etag(if_match: str | None, known: Mapping[str, Any]) -> None:
    """Require that an update names the current entity tag; without If-Match every tag is accepted.

    Raises:
        ChangedMeanwhile: none of the named tags is current.
    """
    if if_match is None or if_match.strip() == ANY_ETAG:
        return
    if entity_tag_of(known) not in [tag.strip() for tag in if_match.split(",")]:
        raise ChangedMeanwhile("The resource has changed since it was read; read it again and repeat the update.")
