"""The settings of the environment, read once: name, default and purpose of each."""

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
from runtime.errors import OperatorError

PREFIX = "SEATLEDGER_"
NO_PROXIES = "none"
DEMO_SECRET_KEY = "everybody knows this secret: for demonstrations only"  # noqa: S105
SECRET_LENGTH_MIN = 32
FOUR_EYES_ABOVE = 1_000_00
ANY_CURRENCY = ""


Secrets = Annotated[list[Annotated[SecretStr, Field(min_length=SECRET_LENGTH_MIN)]], NoDecode]


class SettingsRefused(OperatorError):
    """The settings or arguments do not allow what was requested; the message says what to change."""


class Settings(BaseSettings):
    """The settings `SEATLEDGER_…` of the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr | None = Field(
        default=None, description="URL of PostgreSQL, as a role that may migrate it; absent: the embedded server"
    )
    app_database_url: SecretStr | None = Field(
        default=None,
        description="URL of PostgreSQL as `seatledger_app`; absent: derived from DATABASE_URL, SECRET_KEY",
    )
    projector_database_url: SecretStr | None = Field(
        default=None, description="URL of PostgreSQL as `seatledger_projector`; absent: derived likewise"
    )
    sealer_database_url: SecretStr | None = Field(
        default=None, description="URL of PostgreSQL as `seatledger_sealer`; absent: derived likewise"
    )
    nats_url: SecretStr | None = Field(default=None, description="URL of NATS; absent: the embedded server")
    relay_nats_url: SecretStr | None = Field(default=None, description="URL of NATS as the user who may publish")
    secret_key: SecretStr = Field(
        default=SecretStr(DEMO_SECRET_KEY), description="secret from which every key and password is derived"
    )
    token_secret: SecretStr | None = Field(
        default=None, min_length=SECRET_LENGTH_MIN, description="secret that signs access tokens; absent: SECRET_KEY"
    )
    previous_token_secrets: Secrets = Field(
        default=[], description="retired secrets whose access tokens are still accepted, separated by commas"
    )
    ticket_secret: SecretStr | None = Field(
        default=None, min_length=SECRET_LENGTH_MIN, description="secret that signs ticket codes; absent: SECRET_KEY"
    )
    previous_ticket_secrets: Secrets = Field(
        default=[], description="retired secrets whose ticket codes are still accepted, separated by commas"
    )
    role_secret: SecretStr | None = Field(
        default=None,
        min_length=SECRET_LENGTH_MIN,
        description="secret from which the passwords of the database's login roles are derived; absent: SECRET_KEY",
    )
    demo: bool = Field(default=False, description="demo mode: published accounts, rehearsals, a default secret")
    demo_password: SecretStr | None = Field(
        default=None, description="password of the demo's accounts; absent: generated"
    )
    public_url: str = Field(default="http://127.0.0.1:8000", description="address under which clients reach the API")
    sandbox_url: str | None = Field(default=None, description="URL of the sandbox payment gateway; absent: none")
    sandbox_api_key: SecretStr | None = Field(default=None, description="API key for the sandbox gateway")
    sandbox_webhook_secret: SecretStr | None = Field(default=None, description="secret that signs its webhooks")
    four_eyes_above: Annotated[dict[str, Annotated[int, Field(ge=0)]], NoDecode] = Field(
        default={ANY_CURRENCY: FOUR_EYES_ABOVE},
        description="minor units above which refunds and exceptions need two accounts: `100000,JPY=15000000`",
    )
    seals: Path | None = Field(
        default=None,
        description="directory of the seal archive, best on another machine; absent: `seals` in the data folder",
    )
    seal_key: SecretStr | None = Field(
        default=None,
        min_length=SECRET_LENGTH_MIN,
        description="secret of the sealer's key; absent: generated once",
    )
    data: Path = Field(default=Path("var"), description="folder of the embedded servers, the sandbox, secrets and logs")
    heartbeats: Path | None = Field(
        default=None, description="folder of the heartbeat files of the parts that `up` runs, for `/readyz`"
    )
    host: str = Field(default="127.0.0.1", description="address the API listens on")
    trusted_proxies: str | None = Field(
        default=None,
        description="networks of the proxies in front, separated by commas (10.0.0.0/8,fd00::/8), or `none`",
    )
    proxy_hops: int = Field(default=1, ge=1, le=HOPS_MAX, description="number of proxies that a request passes")
    proxy_header: Literal["x-forwarded-for", "forwarded"] = Field(
        default="x-forwarded-for", description="header in which the proxies name the client"
    )
    connections_per_client: int = Field(default=100, ge=1, description="limit of connections of one client")
    connections_max: int | None = Field(
        default=None, ge=1, description="limit of all connections; absent: derived from the limit of open files"
    )
    watchers_per_client: int = Field(default=100, ge=1, description="limit of seat maps watched by one client")
    head_bytes_max: int = Field(default=16 * 1024, ge=1024, description="limit of request line and headers together")
    headers_max: int = Field(default=100, ge=10, description="limit of headers of a request")
    url_bytes_max: int = Field(default=8 * 1024, ge=1024, description="limit of a request target's length")
    first_byte_seconds_max: float = Field(default=10.0, gt=0, description="limit from connecting to the first byte")
    head_seconds_max: float = Field(default=10.0, gt=0, description="limit from the first byte to the headers' end")
    idle_seconds_max: float = Field(default=30.0, gt=0, description="limit between two requests of a connection")
    body_bytes_min: int = Field(default=16 * 1024, ge=1, description="least bytes of a body in five seconds")
    answer_seconds_max: float = Field(default=20.0, gt=0, description="limit for which a response may stay unread")
    allow_old_python: bool = Field(
        default=False, description="allow a start outside demo mode on a Python with known security holes"
    )
    port: int = Field(default=8000, ge=0, le=65535, description="port the API listens on")

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
        """The identification of a request's client, by address or through trusted proxies."""
        proxies = self.trusted_proxies or NO_PROXIES
        trusted = () if proxies == NO_PROXIES else networks_in(proxies)
        return Clients(trusted=trusted, hops=self.proxy_hops, header=self.proxy_header)

    @property
    def edge(self) -> EdgeLimits:
        """The limits of connections."""
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
        """The host of PUBLIC_URL."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def has_data_folder(self) -> bool:
        """Whether the data folder is set; its default depends on the folder in which a part is started."""
        return "data" in self.model_fields_set

    @property
    def seal_archive(self) -> Path:
        """The directory of the seal archive."""
        return self.seals or self.data / "seals"

    @property
    def four_eyes(self) -> FourEyesLimits:
        """The amounts above which a decision about money needs two accounts."""
        by_currency = {name: amount for name, amount in self.four_eyes_above.items() if name != ANY_CURRENCY}
        return FourEyesLimits(amount_max=self.four_eyes_above.get(ANY_CURRENCY), by_currency=by_currency)

    def derived(self, purpose: str) -> bytes:
        """Return the 32-byte secret of one purpose; it reveals neither SECRET_KEY nor another purpose's secret."""
        return hmac.digest(self.secret_key.get_secret_value().encode(), purpose.encode(), hashlib.sha256)

    @property
    def token_secrets(self) -> Sequence[str]:
        """The secret that signs access tokens, then the retired ones."""
        return reveal(self.token_secret or self.secret_key, *self.previous_token_secrets)

    @property
    def ticket_secrets(self) -> Sequence[str]:
        """The secret that signs ticket codes, then the retired ones."""
        return reveal(self.ticket_secret or self.secret_key, *self.previous_ticket_secrets)

    def role_password(self, role: str) -> str:
        """Return the password of one of the database's login roles."""
        secret = (self.role_secret or self.secret_key).get_secret_value()
        return hmac.digest(secret.encode(), f"database role {role}".encode(), hashlib.sha256).hex()

    @property
    def required_database_url(self) -> str:
        """The database's URL.

        Raises:
            SettingsRefused: DATABASE_URL is not set.
        """
        if self.database_url is None:
            raise SettingsRefused(f"Set {PREFIX}DATABASE_URL, or run `seatledger up` for an embedded database.")
        return self.database_url.get_secret_value()


def reveal(*secrets: SecretStr) -> Sequence[str]:
    """Return the values of secrets."""
    return [secret.get_secret_value() for secret in secrets]


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsRefused: a setting is invalid, or SECRET_KEY is missing or too short outside demo mode.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"{variable_of(found['loc'])}{found['msg'].removeprefix('Value error, ')}"
            for found in error.errors(include_input=False)
        )
        raise SettingsRefused(f"Invalid settings: {faults}.") from None


def variable_of(location: tuple[int | str, ...]) -> str:
    """Return the environment variable of a validation error, for the beginning of a message."""
    return f"{PREFIX}{'_'.join(map(str, location)).upper()}: " if location else ""
