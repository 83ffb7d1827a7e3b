"""What the environment says, read once: every setting is here, with its default and what it is for."""

import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from api.auth.clients import HOPS_MAX, Clients, networks_in
from domain.decisions.refunds.four_eyes import FourEyesLimits
from runtime.edge.limits import EdgeLimits

PREFIX = "SEATLEDGER_"
NO_PROXIES = "none"
DEMO_SECRET_KEY = "everybody knows this secret: for demonstrations only"  # noqa: S105
SECRET_LENGTH_MIN = 32
FOUR_EYES_ABOVE = 1_000_00
ANY_CURRENCY = ""


Secrets = Annotated[list[Annotated[SecretStr, Field(min_length=SECRET_LENGTH_MIN)]], NoDecode]


class SettingsRefused(Exception):
    """The environment does not allow a start; the message says what to change."""


class Settings(BaseSettings):
    """The environment's `SEATLEDGER_…`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL, as a role that may migrate it; absent: the embedded server"
    )
    app_database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL as `seatledger_app`; absent: made from DATABASE_URL and SECRET_KEY"
    )
    projector_database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL as `seatledger_projector`; absent: made like that"
    )
    sealer_database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL as `seatledger_sealer`; absent: made like that"
    )
    nats_url: SecretStr | None = Field(default=None, description="NATS; absent: the embedded server")
    relay_nats_url: SecretStr | None = Field(default=None, description="NATS as the one user who may publish")
    secret_key: SecretStr = Field(
        default=SecretStr(DEMO_SECRET_KEY), description="what every key and password is derived from"
    )
    token_secret: SecretStr | None = Field(
        default=None, min_length=SECRET_LENGTH_MIN, description="what access tokens are signed by; absent: SECRET_KEY"
    )
    previous_token_secrets: Secrets = Field(
        default=[], description="secrets whose access tokens are still believed, separated by commas"
    )
    ticket_secret: SecretStr | None = Field(
        default=None, min_length=SECRET_LENGTH_MIN, description="what ticket codes are signed by; absent: SECRET_KEY"
    )
    previous_ticket_secrets: Secrets = Field(
        default=[], description="secrets whose ticket codes still admit, separated by commas"
    )
    role_secret: SecretStr | None = Field(
        default=None,
        min_length=SECRET_LENGTH_MIN,
        description="what the passwords of the database's login roles are made from; absent: SECRET_KEY",
    )
    demo: bool = Field(default=False, description="a demonstration: known accounts, rehearsals, a default secret")
    demo_password: SecretStr | None = Field(default=None, description="of the demo accounts; absent: made once")
    public_url: str = Field(default="http://127.0.0.1:8000", description="how the outside calls the API")
    sandbox_url: str | None = Field(default=None, description="the sandbox payment gateway; absent: none")
    sandbox_api_key: SecretStr | None = Field(default=None, description="what the sandbox gateway knows us by")
    sandbox_webhook_secret: SecretStr | None = Field(default=None, description="what it signs its webhooks with")
    four_eyes_above: Annotated[dict[str, Annotated[int, Field(ge=0)]], NoDecode] = Field(
        default={ANY_CURRENCY: FOUR_EYES_ABOVE},
        description="minor units above which refunds and exceptions take two accounts: `100000,JPY=15000000`",
    )
    seals: Path | None = Field(
        default=None, description="the second place, best on another machine; absent: `seals` in the data folder"
    )
    seal_key: SecretStr | None = Field(
        default=None, min_length=SECRET_LENGTH_MIN, description="what the sealer's key is made from; absent: made once"
    )
    data: Path = Field(default=Path("var"), description="where embedded servers and the sandbox keep their files")
    heartbeats: Path | None = Field(
        default=None, description="where `up` has the parts of one machine show that they live, for `/readyz`"
    )
    host: str = Field(default="127.0.0.1", description="the address the API listens on")
    trusted_proxies: str | None = Field(
        default=None,
        description="networks of the proxies in front, separated by commas (10.0.0.0/8,fd00::/8), or `none`",
    )
    proxy_hops: int = Field(default=1, ge=1, le=HOPS_MAX, description="how many of them a request passes")
    proxy_header: Literal["x-forwarded-for", "forwarded"] = Field(
        default="x-forwarded-for", description="the header that they name the client in"
    )
    connections_per_client: int = Field(default=100, ge=1, description="connections of one client")
    connections_max: int | None = Field(
        default=None, ge=1, description="connections of all clients; absent: what the limit of open files leaves"
    )
    watchers_per_client: int = Field(default=100, ge=1, description="seat maps that one client watches at once")
    head_bytes_max: int = Field(default=16 * 1024, ge=1024, description="request line and headers together")
    headers_max: int = Field(default=100, ge=10, description="headers of a request")
    url_bytes_max: int = Field(default=8 * 1024, ge=1024, description="a request's address")
    first_byte_seconds_max: float = Field(default=10.0, gt=0, description="from connecting to the first byte")
    head_seconds_max: float = Field(default=10.0, gt=0, description="from a request's first byte to its headers' end")
    idle_seconds_max: float = Field(default=30.0, gt=0, description="between two requests of a connection")
    body_bytes_min: int = Field(default=16 * 1024, ge=1, description="the least of a body that comes in five seconds")
    answer_seconds_max: float = Field(default=20.0, gt=0, description="how long an answer waits to be taken")
    allow_old_python: bool = Field(
        default=False, description="start outside demo mode on a Python whose patch release has known holes"
    )
    port: int = Field(default=8000, ge=0, le=65535, description="the port the API listens on")

    @field_validator("previous_token_secrets", "previous_ticket_secrets", mode="before")
    @classmethod
    def _separated(cls, value: object) -> object:
        return [part for part in value.split(",") if part] if isinstance(value, str) else value

    @field_validator("four_eyes_above", mode="before")
    @classmethod
    def _amounts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.strip().rpartition("=") for part in value.split(",") if part.strip()]
        return {currency or ANY_CURRENCY: amount for currency, _, amount in pairs}

    @model_validator(mode="after")
    def _refuse_known_secrets(self) -> "Settings":
        secret = self.secret_key.get_secret_value()
        if not self.demo and (secret == DEMO_SECRET_KEY or len(secret) < SECRET_LENGTH_MIN):
            raise ValueError(
                f"set {PREFIX}SECRET_KEY to at least {SECRET_LENGTH_MIN} random characters "
                f"(openssl rand -base64 48), or {PREFIX}DEMO=true for a demonstration"
            )
        return self

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, value: str | None) -> str | None:
        if value is not None and value != NO_PROXIES and not networks_in(value):
            raise ValueError(f"name at least one network, or `{NO_PROXIES}` if clients connect directly")
        return value

    @model_validator(mode="after")
    def _refuse_half_a_sandbox(self) -> "Settings":
        if self.sandbox_url is not None and not (self.sandbox_api_key and self.sandbox_webhook_secret):
            raise ValueError(f"{PREFIX}SANDBOX_URL takes {PREFIX}SANDBOX_API_KEY and {PREFIX}SANDBOX_WEBHOOK_SECRET")
        return self

    @property
    def clients(self) -> Clients:
        """What names the client of a request."""
        named = self.trusted_proxies or NO_PROXIES
        trusted = () if named == NO_PROXIES else networks_in(named)
        return Clients(trusted=trusted, hops=self.proxy_hops, header=self.proxy_header)

    @property
    def edge(self) -> EdgeLimits:
        """What one connection, one client and all clients together may take."""
        return EdgeLimits(
            url_bytes=self.url_bytes_max,
            head_bytes=self.head_bytes_max,
            headers=self.headers_max,
            first_byte_seconds=self.first_byte_seconds_max,
            head_seconds=self.head_seconds_max,
            idle_seconds=self.idle_seconds_max,
            body_bytes_per_window=self.body_bytes_min,
            answer_seconds=self.answer_seconds_max,
            per_client=self.connections_per_client,
            connections=self.connections_max,
        )

    @property
    def public_host(self) -> str:
        """The host by which the outside calls the API."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def has_data_folder(self) -> bool:
        """Whether the data folder was named; its default depends on the folder that a part is started in."""
        return "data" in self.model_fields_set

    @property
    def seal_archive(self) -> Path:
        """The folder that seals are written to, and that the log is compared with."""
        return self.seals or self.data / "seals"

    @property
    def four_eyes(self) -> FourEyesLimits:
        """Above which amounts a decision about money takes two accounts."""
        by_currency = {name: amount for name, amount in self.four_eyes_above.items() if name != ANY_CURRENCY}
        return FourEyesLimits(amount_max=self.four_eyes_above.get(ANY_CURRENCY), by_currency=by_currency)

    def derived(self, purpose: str) -> bytes:
        """Return the 32-byte secret of one purpose; nobody who learns it learns another."""
        return hmac.digest(self.secret_key.get_secret_value().encode(), purpose.encode(), hashlib.sha256)

    @property
    def token_secrets(self) -> Sequence[str]:
        """What access tokens are signed by, then what they were signed by before."""
        return reveal(self.token_secret or self.secret_key, *self.previous_token_secrets)

    @property
    def ticket_secrets(self) -> Sequence[str]:
        """What ticket codes are signed by, then what they were signed by before."""
        return reveal(self.ticket_secret or self.secret_key, *self.previous_ticket_secrets)

    def role_password(self, role: str) -> str:
        """Return the password of one of the database's login roles."""
        secret = (self.role_secret or self.secret_key).get_secret_value()
        return hmac.digest(secret.encode(), f"database role {role}".encode(), hashlib.sha256).hex()

    @property
    def required_database_url(self) -> str:
        """The database's address.

        Raises:
            SettingsRefused: none is set.
        """
        if self.database_url is None:
            raise SettingsRefused(f"Set {PREFIX}DATABASE_URL, or run `seatledger up` for an embedded database.")
        return self.database_url.get_secret_value()


def reveal(*secrets: SecretStr) -> Sequence[str]:
    """Return the secrets themselves."""
    return [secret.get_secret_value() for secret in secrets]


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        SettingsRefused: it makes no sense, or holds no secret worth the name.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"{variable_of(found['loc'])}{found['msg'].removeprefix('Value error, ')}"
            for found in error.errors(include_input=False)
        )
        raise SettingsRefused(f"These settings do not do: {faults}.") from None


def variable_of(location: tuple[int | str, ...]) -> str:
    """Name the variable that a fault is in."""
    return f"{PREFIX}{'_'.join(map(str, location)).upper()}: " if location else ""
