"""Patch releases of Python below which a hole is known that a stranger can use, and what is done about an older one."""

import sys

from runtime.settings import PREFIX, Settings, SettingsRefused

LEAST_PATCH = {(3, 11): 10, (3, 12): 6}
"""`http.cookies` unquotes in quadratic time before these (CVE-2024-7592). `scripts/setup` has the same table."""


def outdated(version: tuple[int, int, int] = sys.version_info[:3]) -> str | None:
    """Say what is wrong with an interpreter; None if nothing is known.

    Args:
        version: major, minor, patch.
    """
    major, minor, patch = version
    least = LEAST_PATCH.get((major, minor), 0)
    if patch >= least:
        return None
    return (
        f"Python {major}.{minor}.{patch} has known security holes; install {major}.{minor}.{least} or newer "
        f"and run scripts/setup again."
    )


def refuse_outdated(settings: Settings, *, trouble: str | None) -> None:
    """Refuse an outdated interpreter outside demo mode, unless a setting allows it.

    Raises:
        SettingsRefused: it is outdated.
    """
    if trouble is not None and not (settings.demo or settings.allow_old_python):
        raise SettingsRefused(f"{trouble} To start nevertheless, set {PREFIX}ALLOW_OLD_PYTHON=true.")
