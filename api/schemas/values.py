"""The values that requests and answers are made of: ids, texts, money, times, places."""

import re
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, Strict, StringConstraints

from api.schemas.base import RequestBody, ResponseBody
from domain.currencies import DECIMALS
from domain.values import AMOUNT_MAX, SEAT_KEY, ComponentKind

URL_LENGTH_MAX = 2_000
YEAR_MIN, YEAR_MAX = 1970, 2200
TIME_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
DAY_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
ENCODED_MARKS = str.maketrans({mark: f"%{ord(mark):02X}" for mark in "'()"})
NO_ZONE = "Factory"
UUID_PATTERN = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


@cache
def country_codes() -> frozenset[str]:
    """Return the ISO 3166-1 alpha-2 codes."""
    table = (resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    return frozenset(line[:2] for line in table.splitlines() if not line.startswith("#"))


@cache
def time_zones() -> frozenset[str]:
    """Return the names of the IANA time zones: not the machine's own zone, and not the one that stands for none."""
    names = (resources.files("tzdata") / "zones").read_text(encoding="utf-8").split()
    return frozenset(names) - {NO_ZONE}


def known_country(code: str) -> str:
    """Return the code.

    Raises:
        ValueError: it stands for no country.
    """
    if code not in country_codes():
        raise ValueError("there is no country with this ISO 3166-1 alpha-2 code")
    return code


def known_time_zone(name: str) -> str:
    """Return the name.

    Raises:
        ValueError: it is no IANA time zone.
    """
    if name not in time_zones():
        raise ValueError("there is no IANA time zone of this name")
    return name


def plausible_timestamp(moment: datetime) -> datetime:
    """Return the moment in UTC.

    Raises:
        ValueError: it has no zone, or lies outside the years that calendars of shows are made of.
    """
    if moment.tzinfo is None:
        raise ValueError("a time needs a zone")
    plausible_day(moment.date())
    in_utc = moment.astimezone(UTC)
    plausible_day(in_utc.date())
    return in_utc


def plausible_day(day: date) -> date:
    """Return the day.

    Raises:
        ValueError: it lies outside the years that calendars of shows are made of.
    """
    if not YEAR_MIN < day.year < YEAR_MAX:
        raise ValueError(f"the year must lie between {YEAR_MIN} and {YEAR_MAX}")
    return day


def known_currency(code: str) -> str:
    """Return the code.

    Raises:
        ValueError: it stands for no currency that is paid with.
    """
    if code not in DECIMALS:
        raise ValueError("there is no currency with this ISO 4217 code")
    return code


def rfc3339(value: object) -> object:
    """Return a time in its only spelling; numbers and other spellings would have to be guessed at.

    Raises:
        ValueError: it is no text of RFC 3339.
    """
    if isinstance(value, str) and TIME_TEXT.fullmatch(value):
        return value
    raise ValueError("write a time as in RFC 3339, with seconds and a zone: 2027-03-01T19:30:00Z")


def iso_day(value: object) -> object:
    """Return a day in its only spelling.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, str) and DAY_TEXT.fullmatch(value):
        return value
    raise ValueError("write a day like this: 2027-03-01")


def normal_address(address: str) -> str:
    """Return a web address with its scheme in small letters and without the marks that end a text in CSS or HTML."""
    scheme, separator, rest = address.partition("://")
    return f"{scheme.lower()}{separator}{rest.translate(ENCODED_MARKS)}"


Id = Annotated[str, StringConstraints(pattern=UUID_PATTERN, to_lower=True), Field(description="A UUID.")]
SeatKey = Annotated[
    str,
    StringConstraints(pattern=f"^{SEAT_KEY.pattern}$"),
    Field(description="A seat's stable key, as in the layout and the seat map; not its label.", examples=["s1a"]),
]
WebAddress = Annotated[
    str,
    StringConstraints(max_length=URL_LENGTH_MAX, pattern=r"^[Hh][Tt]{2}[Pp][Ss]?://[^\s\x00-\x1f\x7f\"<>\\{}|^`]+$"),
    AfterValidator(normal_address),
]
Country = Annotated[
    str,
    StringConstraints(pattern="^[A-Z]{2}$"),
    AfterValidator(known_country),
    Field(description="ISO 3166-1 alpha-2.", examples=["NO"]),
]
TimeZone = Annotated[
    str,
    StringConstraints(max_length=64),
    AfterValidator(known_time_zone),
    Field(description="An IANA name.", examples=["Europe/Oslo"]),
]
Currency = Annotated[
    str,
    StringConstraints(pattern="^[A-Z]{3}$"),
    AfterValidator(known_currency),
    Field(description="ISO 4217.", examples=["EUR"]),
]
Whole = Annotated[int, Strict()]
"""A whole number written as one: neither true nor "1" nor 1.0."""

Flag = Annotated[bool, Strict()]
"""true or false, and nothing that would have to be taken for one."""

Time = Annotated[AwareDatetime, BeforeValidator(rfc3339)]
Day = Annotated[date, BeforeValidator(iso_day)]
Timestamp = Annotated[
    Time,
    AfterValidator(plausible_timestamp),
    Field(description="RFC 3339, with a zone.", examples=["2027-03-01T19:30:00Z"]),
]
Position = Annotated[int, Field(description="The position of the command's last event; see `min_position`.")]
Cursor = Annotated[
    str | None, Field(description="Give this as `cursor` for the next page; null: this was the last one.")
]


class Amount(RequestBody):
    """An amount of money that somebody asks for."""

    amount: Annotated[Whole, Field(ge=0, le=AMOUNT_MAX, description="In minor units of the currency.")]
    currency: Currency


class Money(ResponseBody):
    """An amount of money in minor units: 4500 EUR is 45 euros."""

    amount: int
    currency: str


class Place(ResponseBody):
    """What is sold, with the label it had when it was quoted."""

    seat: str | None = Field(description="The seat's key; null for a place in a standing area.")
    area: str | None = Field(description="The standing area's key; null for a seat.")
    label: str
    category: Annotated[str, Field(description="The category's key, as in the layout and in prices.")]
    category_label: str
    attributes: list[str]


class Tax(ResponseBody):
    """The tax inside one component."""

    code: str
    rate_bp: int = Field(description="In hundredths of a percent.")
    amount: int


class Component(ResponseBody):
    """One part of a price, in minor units: gross = net + tax."""

    kind: ComponentKind
    net: int
    tax: list[Tax]
    gross: int
    refundable: bool


class QuotedLine(ResponseBody):
    """One place and the price it was promised at."""

    line_id: str
    place: Place
    ticket_type: str
    components: list[Component]
    price: Money
