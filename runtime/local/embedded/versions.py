"""Version requirements of the servers, embedded and external ones alike."""

import re

from runtime.local.embedded.errors import ServerTooOld

POSTGRES_MAJOR_MIN = 16
NATS_VERSION_MIN = (2, 12)


def check_postgres_version(server_version_num: int) -> None:
    """Check the version of PostgreSQL.

    Args:
        server_version_num: as `SHOW server_version_num` returns it, 180004 for 18.4.

    Raises:
        ServerTooOld: older than PostgreSQL 16.
    """
    major, minor = divmod(server_version_num, 10_000)
    if major < POSTGRES_MAJOR_MIN:
        raise ServerTooOld(
            f"PostgreSQL {major}.{minor} is too old: seatledger needs {POSTGRES_MAJOR_MIN} or newer. Point "
            "SEATLEDGER_DATABASE_URL at a newer server, or leave it unset to use the embedded one."
        )


def check_nats_version(version: str) -> None:
    """Check the version of a nats-server.

    Args:
        version: as in the server's INFO, "2.15.1" or "2.12.0-RC.1".

    Raises:
        ServerTooOld: older than 2.12, or not a version at all.
    """
    match = re.match(r"v?(\d+)\.(\d+)\b", version)
    if match is None or (int(match[1]), int(match[2])) < NATS_VERSION_MIN:
        needed = ".".join(map(str, NATS_VERSION_MIN))
        raise ServerTooOld(
            f"nats-server {version!r} is too old: seatledger needs {needed} or newer. Point SEATLEDGER_NATS_URL "
            "at a newer server (Debian's own package is too old), or leave it unset to use the embedded one."
        )
