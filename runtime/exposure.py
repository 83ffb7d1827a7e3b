"""What must be answered before the API listens to strangers."""

from ipaddress import ip_address

from runtime.settings import NO_PROXIES, PREFIX, Settings, SettingsRefused
from runtime.tuning.interpreter import outdated, refuse_outdated

LOCALHOST = "localhost"


def refuse_unanswered(settings: Settings) -> None:
    """Make sure that the API may be shown to the outside.

    Raises:
        SettingsRefused: the interpreter is outdated, or nobody has answered how clients are told apart.
    """
    refuse_outdated(settings, trouble=outdated())
    if settings.demo or settings.trusted_proxies is not None or is_loopback(settings.public_host):
        return
    raise SettingsRefused(
        f"{PREFIX}PUBLIC_URL is {settings.public_url}, so there are clients to tell apart: set "
        f"{PREFIX}TRUSTED_PROXIES to the networks of the proxies in front (10.0.0.0/8, for example; "
        f"{PREFIX}PROXY_HEADER names the header they write), or to `{NO_PROXIES}` if clients connect directly."
    )


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine."""
    if host == LOCALHOST or host.endswith(f".{LOCALHOST}"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
