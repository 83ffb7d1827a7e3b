"""Summary, description and id of an operation, from its endpoint and its access rule."""

import inspect
from collections.abc import Callable
from typing import Any

from api.auth.access import Access

PUBLIC = "**Access:** public; no access token."
OWN_DATA = "**Access:** every account, guests included, for its own data."
OWNER_AND_STAFF = "**Access:** every account for its own data; {roles} for all data."
MEMBERS = "**Access:** {roles}; roles within an organizer count for that organizer."
STAFF = "**Access:** {roles}."
READ_ONLY = "**Changes:** nothing."


def operation_texts(endpoint: Callable[..., Any], access: Access, *, reads: bool) -> dict[str, str]:
    """Return `summary`, `description` and `operation_id` of an operation.

    The first line of the endpoint's docstring is the summary, the rest begins the description.
    """
    summary, _, rest = inspect.cleandoc(endpoint.__doc__ or "").partition("\n")
    paragraphs = [rest.strip(), access_sentence(access), READ_ONLY if reads else ""]
    return {
        "summary": summary.removesuffix("."),
        "description": "\n\n".join(filter(None, paragraphs)),
        "operation_id": endpoint.__name__,
    }


def access_sentence(access: Access) -> str:
    """Return the sentence that states which roles an access rule admits."""
    staff = " or ".join(f"`{role}`" for role in access.roles if not (access.for_any_account and role == "customer"))
    if access.public:
        return PUBLIC
    if access.for_any_account:
        return OWNER_AND_STAFF.format(roles=staff) if staff else OWN_DATA
    return (MEMBERS if access.member_roles else STAFF).format(roles=staff)
