"""What a server draws once and keeps beside its data: its port and its passwords."""

import os
import secrets
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
PORT_RANGE = range(20_000, 32_000)  # below the ports the kernel lends to outgoing connections
DRAWS_MAX = 200
PASSWORD_BYTES = 24


def free_port() -> int:
    """Draw a loopback port that nobody listens on.

    Raises:
        OSError: none of the ports tried was free.
    """
    for _ in range(DRAWS_MAX):
        port = secrets.choice(PORT_RANGE)
        if is_free(port):
            return port
    raise OSError(f"no free port found on {LOOPBACK} in {DRAWS_MAX} draws")


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def persisted_port(file: Path) -> int:
    """Give the port of the last start, or draw one and keep it; a port taken meanwhile is drawn anew."""
    kept = int(file.read_text()) if file.exists() else None
    if kept is not None and is_free(kept):
        return kept
    port = free_port()
    write_private(file, str(port))
    return port


def persisted_secret(file: Path) -> str:
    """Give the password of the first start, or make one and keep it readable by its owner alone."""
    if not file.exists():
        write_private(file, secrets.token_urlsafe(PASSWORD_BYTES))
    return file.read_text()


def write_private(file: Path, text: str) -> None:
    """Write a small private file in one step, so that a crash leaves the old text or the new."""
    draft = file.with_name(file.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
