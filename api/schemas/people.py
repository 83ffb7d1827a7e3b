"""Accounts, sessions and organizers as requests say them and answers show them."""

from typing import Annotated, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.texts import Name, without_invisible
from application.passwords import LENGTH_MAX, LENGTH_MIN
from domain.ports.personal_data import EMAIL_LENGTH_MAX
from domain.values import Role

ROLES_MAX = 10
WITHOUT_NUL = r"^[^\x00]*$"
"""No request can hold a NUL, so a password with one, set in a terminal, would let nobody in."""


def normalised_email(text: str) -> str:
    """Return the one way to write an e-mail address, in lower case; nobody is asked whether it exists.

    Raises:
        ValueError: it is not an e-mail address.
    """
    try:
        # `.test` is a domain for demonstrations, and ours uses it.
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError("this is not an e-mail address") from error
    return found.normalized.lower()


Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=EMAIL_LENGTH_MAX),
    BeforeValidator(without_invisible),
    AfterValidator(normalised_email),
]
Password = Annotated[str, Field(min_length=LENGTH_MIN, max_length=LENGTH_MAX, pattern=WITHOUT_NUL)]
Position = Annotated[int, Field(description="The position of the command's last event; see `min_position`.")]


class Registration(RequestBody):
    """A new customer; with a guest's access token, that guest becomes it and keeps basket and orders."""

    email: Email
    password: Password
    name: Name


class Login(RequestBody):
    """Who somebody says they are."""

    email: Email
    password: Annotated[str, Field(min_length=1, max_length=LENGTH_MAX)]


class TokenResponse(ResponseBody):
    """An access token; the refresh token comes in a cookie."""

    account_id: str
    access_token: str
    token_type: Literal["bearer"]
    expires_in: Annotated[int, Field(description="Seconds.")]


class Membership(ResponseBody):
    """An organizer, and the roles the account holds within it."""

    organizer_id: str
    name: str
    roles: list[Role]


class Me(ResponseBody):
    """The account that asks; `roles` are held everywhere. `GET /organizers` lists those held within organizers."""

    account_id: str
    guest: bool
    email: str | None
    name: str | None
    roles: list[Role]


class ListedAccount(ResponseBody):
    """A registered account and the roles it holds everywhere."""

    account_id: str
    email: str
    name: str
    roles: list[Role]


class Accounts(ResponseBody):
    """A page of accounts, by address."""

    items: list[ListedAccount]
    next: str | None


class RolesRequest(RequestBody):
    """The roles an account shall hold from now on, and no others beside customer."""

    roles: Annotated[list[Role], Field(max_length=ROLES_MAX)]


class RolesResult(ResponseBody):
    """The roles an account holds now."""

    account_id: str
    roles: list[Role]
    position: Position


class OrganizerRequest(RequestBody):
    """A new seller."""

    name: Name


class OrganizerFounded(ResponseBody):
    """A seller that joined."""

    organizer_id: str
    name: str
    position: Position


class MemberResult(ResponseBody):
    """The roles a member holds within an organizer now."""

    organizer_id: str
    account_id: str
    roles: list[Role]
    position: Position


class Member(ResponseBody):
    """A member of an organizer; a guest has neither address nor name."""

    account_id: str
    email: str | None
    name: str | None
    roles: list[Role]


class Members(ResponseBody):
    """A page of members, by account id."""

    items: list[Member]
    next: str | None


class Organizers(ResponseBody):
    """A page of organizers, by id."""

    items: list[Membership]
    next: str | None
