"""Value types shared by requests and responses: ids, money, times, places."""

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
    """Return the names of the IANA time zones, without the machine's own zone and the placeholder `Factory`."""
    names = (resources.files("tzdata") / "zones").read_text(encoding="utf-8").split()
    return frozenset(names) - {NO_ZONE}


def require_known_country(code: str) -> str:
    """Return the country code.

    Raises:
        ValueError: no country has this code.
    """
    if code not in country_codes():
        raise ValueError("must be an ISO 3166-1 alpha-2 country code")
    return code


def require_known_time_zone(name: str) -> str:
    """Return the time zone's name.

    Raises:
        ValueError: no IANA time zone has this name.
    """
    if name not in time_zones():
        raise ValueError("must be the name of an IANA time zone")
    return name


def plausible_timestamp(moment: datetime) -> datetime:
    """Return the time in UTC.

    Raises:
        ValueError: it has no zone, or its year is out of range.
    """
    if moment.tzinfo is None:
        raise ValueError("must have a zone")
    plausible_day(moment.date())
    in_utc = moment.astimezone(UTC)
    plausible_day(in_utc.date())
    return in_utc


def plausible_day(day: date) -> date:
    """Return the day.

    Raises:
        ValueError: its year is out of range.
    """
    if not YEAR_MIN < day.year < YEAR_MAX:
        raise ValueError(f"the year must be between {YEAR_MIN} and {YEAR_MAX}")
    return day


def require_known_currency(code: str) -> str:
    """Return the currency code.

    Raises:
        ValueError: no supported currency has this code.
    """
    if code not in DECIMALS:
        raise ValueError("must be an ISO 4217 currency code")
    return code


def rfc3339(value: object) -> object:
    """Return the value if it is a time in RFC 3339; numbers and other notations are ambiguous.

    Raises:
        ValueError: it is not text in RFC 3339.
    """
    if isinstance(value, str) and TIME_TEXT.fullmatch(value):
        return value
    raise ValueError("must be a time in RFC 3339 with seconds and a zone: 2027-03-01T19:30:00Z")


def iso_day(value: object) -> object:
    """Return the value if it is a day in ISO 8601.

    Raises:
        ValueError: it is not.
    """
    if isinstance(value, str) and DAY_TEXT.fullmatch(value):
        return value
    raise ValueError("must be a day in ISO 8601: 2027-03-01")


def normal_address(address: str) -> str:
    """Return a URL with a lower-case scheme and encoded quotes and parentheses, which end a text in CSS or HTML."""
    scheme, separator, rest = address.partition("://")
    return f"{scheme.lower()}{separator}{rest.translate(ENCODED_MARKS)}"


Id = Annotated[str, StringConstraints(pattern=UUID_PATTERN, to_lower=True), Field(description="A UUID.")]
SeatKey = Annotated[
    str,
    StringConstraints(pattern=f"^{SEAT_KEY.pattern}$"),
    Field(description="The seat's stable key, as in the layout and the seat map; not its label.", examples=["s1a"]),
]
WebAddress = Annotated[
    str,
    StringConstraints(max_length=URL_LENGTH_MAX, pattern=r"^[Hh][Tt]{2}[Pp][Ss]?://[^\s\x00-\x1f\x7f\"<>\\{}|^`]+$"),
    AfterValidator(normal_address),
]
Country = Annotated[
    str,
    StringConstraints(pattern="^[A-Z]{2}$"),
    AfterValidator(require_known_country),
    Field(description="ISO 3166-1 alpha-2.", examples=["NO"]),
]
TimeZone = Annotated[
    str,
    StringConstraints(max_length=64),
    AfterValidator(require_known_time_zone),
    Field(description="IANA name.", examples=["Europe/Oslo"]),
]
Currency = Annotated[
    str,
    StringConstraints(pattern="^[A-Z]{3}$"),
    AfterValidator(require_known_currency),
    Field(description="ISO 4217.", examples=["EUR"]),
]
Whole = Annotated[int, Strict()]
"""A JSON integer; true, "1" and 1.0 are refused."""

Flag = Annotated[bool, Strict()]
"""A JSON boolean; other values are not converted."""

Time = Annotated[AwareDatetime, BeforeValidator(rfc3339)]
Day = Annotated[date, BeforeValidator(iso_day)]
Timestamp = Annotated[
    Time,
    AfterValidator(plausible_timestamp),
    Field(description="RFC 3339, with a zone.", examples=["2027-03-01T19:30:00Z"]),
]
Position = Annotated[int, Field(description="Position of the command's last event; use it as `min_position`.")]
Cursor = Annotated[str | None, Field(description="`cursor` of the next page; null on the last page.")]


class Amount(RequestBody):
    """An amount of money in a request."""

    amount: Annotated[Whole, Field(ge=0, le=AMOUNT_MAX, description="Minor units of the currency.")]
    currency: Currency


class Money(ResponseBody):
    """An amount of money in minor units: 4500 EUR is 45 euros."""

    amount: int
    currency: str


class Place(ResponseBody):
    """A place, with the label it had when it was quoted."""

    seat: str | None = Field(description="Key of the seat; null for a place in a standing area.")
    area: str | None = Field(description="Key of the standing area; null for a seat.")
    label: str
    category: Annotated[str, Field(description="Key of the price category, as in the layout and in prices.")]
    category_label: str
    attributes: list[str]


class Tax(ResponseBody):
    """The tax in one price component."""

    code: str
    rate_bp: int = Field(description="Basis points (hundredths of a percent).")
    amount: int


class Component(ResponseBody):
    """One component of a price, in minor units: gross = net + tax."""

    kind: ComponentKind
    net: int
    tax: list[Tax]
    gross: int
    refundable: bool


class QuotedLine(ResponseBody):
    """One place and its quoted price."""

    line_id: str
    place: Place
    ticket_type: str
    components: list[Component]
    price: Money
