"""The account a server runs under that refuses to be root."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from runtime.local.embedded.errors import ServerDidNotStart

NOBODY = 65_534  # stands for every stranger inside a user namespace, so never for the server
TRIAL_SECONDS_MAX = 10

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OsAccount:
    """What stands before a server's command, and who owns its files on disk."""

    prefix: Sequence[str]
    files_owner: int


def server_account() -> OsAccount:
    """Choose how to run a server that refuses root, without adding a user or opening a folder to anyone.

    Root maps itself to a harmless account inside a user namespace, so the server still reaches folders only root may
    enter. Where namespaces are forbidden (most containers) it becomes that account and keeps one capability.

    Raises:
        ServerDidNotStart: we are root and neither way is allowed.
    """
    if os.geteuid() != 0:
        return OsAccount(prefix=(), files_owner=os.geteuid())
    account = _system_account()
    for choice in (_mapped(account), _changed(account)):
        if _is_usable(choice):
            if choice.files_owner != 0:
                _log.warning("user namespaces are forbidden here: PostgreSQL runs as a system account", uid=account)
            return choice
    raise ServerDidNotStart(
        "PostgreSQL refuses to run as root, and neither a user namespace nor another account is allowed here. Start "
        "seatledger as an ordinary user, or set SEATLEDGER_DATABASE_URL to a PostgreSQL of your own."
    )


def chown_tree(folder: Path, owner: int) -> None:
    """Make a folder and all in it the owner's; it may have been filled by root the other way."""
    if os.geteuid() != 0 or folder.stat().st_uid == owner:
        return
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent, name), owner, owner, follow_symlinks=False)
    os.chown(folder, owner, owner)


def _system_account() -> int:
    """The lowest account that is neither root nor nobody; initdb wants it to have a name."""
    return min((entry.pw_uid for entry in pwd.getpwall() if 0 < entry.pw_uid < NOBODY), default=1)


def _mapped(account: int) -> OsAccount:
    prefix = ("unshare", "--user", f"--map-user={account}", f"--map-group={account}", "--")
    return OsAccount(prefix=prefix, files_owner=0)


def _changed(account: int) -> OsAccount:
    prefix = ("setpriv", f"--reuid={account}", f"--regid={account}", "--clear-groups")
    capability = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--")
    return OsAccount(prefix=(*prefix, *capability), files_owner=account)


def _is_usable(account: OsAccount) -> bool:
    trial = subprocess.run(  # noqa: S603
        [*account.prefix, "true"], check=False, capture_output=True, timeout=TRIAL_SECONDS_MAX
    )
    return trial.returncode == 0
