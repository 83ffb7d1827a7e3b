"""Checks before the API may be reachable from other machines."""

from ipaddress import ip_address

from runtime.settings import NO_PROXIES, PREFIX, Settings, SettingsRefused
from runtime.tuning.interpreter import interpreter_warning, require_current_interpreter

LOCALHOST = "localhost"


def require_safe_exposure(settings: Settings) -> None:
    """Check that the API may be reachable from other machines.

    Raises:
        SettingsRefused: the interpreter is interpreter_warning, or no setting says how clients are identified.
    """
    require_current_interpreter(settings, warning=interpreter_warning())
    if settings.demo or settings.trusted_proxies is not None or is_loopback(settings.public_host):
        return
    raise SettingsRefused(
        f"{PREFIX}PUBLIC_URL is {settings.public_url}, so clients must be identified by their addresses: set "
        f"{PREFIX}TRUSTED_PROXIES to the networks of the proxies in front (10.0.0.0/8, for example; "
        f"{PREFIX}PROXY_HEADER names the header they write), or to `{NO_PROXIES}` if clients connect directly."
    )


def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this machine."""
    if host == LOCALHOST or host.endswith(f".{LOCALHOST}"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
