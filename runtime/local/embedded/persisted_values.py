"""Values that a server chooses once and keeps beside its data: port and passwords."""

import os
import secrets
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
PORT_RANGE = range(20_000, 32_000)  # below the kernel's range for outgoing connections
DRAWS_MAX = 200
PASSWORD_BYTES = 24


def free_port() -> int:
    """Return a random loopback port on which no program listens.

    Raises:
        OSError: no tried port was free.
    """
    for _ in range(DRAWS_MAX):
        port = secrets.choice(PORT_RANGE)
        if is_free(port):
            return port
    raise OSError(f"no free port found on {LOOPBACK} in {DRAWS_MAX} draws")


def is_free(port: int) -> bool:
    """Return whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def persisted_port(file: Path) -> int:
    """Return the port of the last start; if there is none or it is taken, choose and save another one."""
    saved = int(file.read_text()) if file.exists() else None
    if saved is not None and is_free(saved):
        return saved
    port = free_port()
    write_private(file, str(port))
    return port


def persisted_secret(file: Path) -> str:
    """Return the saved secret; the first call generates it, readable only by its owner."""
    if not file.exists():
        write_private(file, secrets.token_urlsafe(PASSWORD_BYTES))
    return file.read_text()


def write_private(file: Path, text: str) -> None:
    """Write a file atomically, readable only by its owner; a crash leaves either the old text or the new one."""
    draft = file.with_name(file.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
