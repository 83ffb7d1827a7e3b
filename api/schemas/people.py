"""Accounts, sessions and organizers in requests and responses."""

from typing import Annotated, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.fields.texts import Name, without_invisible
from application.passwords import LENGTH_MAX, LENGTH_MIN
from domain.ports.personal_data import EMAIL_LENGTH_MAX
from domain.values import Role

ROLES_MAX = 10
WITHOUT_NUL = r"^[^\x00]*$"
"""Requests with a NUL are refused, so a password with one, set on the command line, could never be used."""


def normalize_email(text: str) -> str:
    """Return the normalised e-mail address, in lower case; its existence is not checked.

    Raises:
        ValueError: it is not an e-mail address.
    """
    try:
        # The demonstration uses addresses under `.test`.
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError("must be an e-mail address") from error
    return found.normalized.lower()


Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=EMAIL_LENGTH_MAX),
    BeforeValidator(without_invisible),
    AfterValidator(normalize_email),
]
Password = Annotated[str, Field(min_length=LENGTH_MIN, max_length=LENGTH_MAX, pattern=WITHOUT_NUL)]
Position = Annotated[int, Field(description="Position of the command's last event; use it as `min_position`.")]


class Registration(RequestBody):
    """A new account. With a guest's access token the guest becomes the account and keeps its holds and orders."""

    email: Email
    password: Password
    name: Name


class Login(RequestBody):
    """Credentials."""

    email: Email
    password: Annotated[str, Field(min_length=1, max_length=LENGTH_MAX)]


class TokenResponse(ResponseBody):
    """The access token; the refresh token is in a cookie."""

    account_id: str
    access_token: str
    token_type: Literal["bearer"]
    expires_in: Annotated[int, Field(description="Lifetime of the access token in seconds.")]


class Membership(ResponseBody):
    """An organizer and the account's roles in it."""

    organizer_id: str
    name: str
    roles: list[Role]


class Me(ResponseBody):
    """The sender's account and its global roles."""

    account_id: str
    guest: bool
    email: str | None
    name: str | None
    roles: list[Role]


class ListedAccount(ResponseBody):
    """A registered account and its global roles."""

    account_id: str
    email: str
    name: str
    roles: list[Role]


class Accounts(ResponseBody):
    """A page of accounts, ordered by address."""

    items: list[ListedAccount]
    next: str | None


class RolesRequest(RequestBody):
    """All roles of the account; roles that are not listed are removed."""

    roles: Annotated[list[Role], Field(max_length=ROLES_MAX)]


class RolesResult(ResponseBody):
    """The roles of the account."""

    account_id: str
    roles: list[Role]
    position: Position


class OrganizerRequest(RequestBody):
    """A new organizer."""

    name: Name


class OrganizerFounded(ResponseBody):
    """The new organizer."""

    organizer_id: str
    name: str
    position: Position


class MemberResult(ResponseBody):
    """The roles of the member."""

    organizer_id: str
    account_id: str
    roles: list[Role]
    position: Position


class Member(ResponseBody):
    """A member of an organizer; guests have neither address nor name."""

    account_id: str
    email: str | None
    name: str | None
    roles: list[Role]


class Members(ResponseBody):
    """A page of members, ordered by account id."""

    items: list[Member]
    next: str | None


class Organizers(ResponseBody):
    """A page of organizers, ordered by id."""

    items: list[Membership]
    next: str | None
