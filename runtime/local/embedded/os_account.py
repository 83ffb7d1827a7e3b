"""The operating system account of a server that refuses to run as root."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from runtime.local.embedded.errors import ServerDidNotStart

NOBODY = 65_534  # every unmapped account appears as this one inside a user namespace, so the server must not use it
TRIAL_SECONDS_MAX = 10

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OsAccount:
    """The command prefix that switches the account, and the owner of the server's files."""

    prefix: Sequence[str]
    files_owner: int


def server_account() -> OsAccount:
    """Return how to run a server that refuses root, without creating an account or widening a folder's permissions.

    Root is mapped to an unprivileged account inside a user namespace, so the server can still access folders that only
    root may enter. Where namespaces are forbidden (most containers) it runs as that account with one capability.

    Raises:
        ServerDidNotStart: this process runs as root and neither way is allowed.
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
    """Give a folder and its contents to an owner; an earlier start may have created them as another one."""
    if os.geteuid() != 0 or folder.stat().st_uid == owner:
        return
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent, name), owner, owner, follow_symlinks=False)
    os.chown(folder, owner, owner)


def _system_account() -> int:
    """Return the lowest account that is neither root nor nobody; initdb needs one with a name."""
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
