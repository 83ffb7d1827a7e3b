"""Refuses patch releases of Python with a known vulnerability that a remote client can exploit."""

import sys

from runtime.settings import PREFIX, Settings, SettingsRefused

PATCH_MIN = {(3, 11): 10, (3, 12): 6}
"""`http.cookies` unquotes in quadratic time before these (CVE-2024-7592). `scripts/setup` has the same table."""


def interpreter_warning(version: tuple[int, int, int] = sys.version_info[:3]) -> str | None:
    """Return a warning about an interpreter with known vulnerabilities; None for any other.

    Args:
        version: major, minor, patch.
    """
    major, minor, patch = version
    patch_min = PATCH_MIN.get((major, minor), 0)
    if patch >= patch_min:
        return None
    return (
        f"Python {major}.{minor}.{patch} has known security holes; install {major}.{minor}.{patch_min} or newer "
        f"and run scripts/setup again."
    )


def require_current_interpreter(settings: Settings, *, warning: str | None) -> None:
    """Check that the interpreter has no known vulnerability; demo mode and ALLOW_OLD_PYTHON skip the check.

    Raises:
        SettingsRefused: there is a warning about the interpreter.
    """
    if warning is not None and not (settings.demo or settings.allow_old_python):
        raise SettingsRefused(f"{warning} To start nevertheless, set {PREFIX}ALLOW_OLD_PYTHON=true.")
