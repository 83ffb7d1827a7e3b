"""The peer of the comparison, which locks one row per seat, on a PostgreSQL of its own with the same settings."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import httpx
import jwt

from runtime.local.embedded import EmbeddedPostgres, free_port

SOURCE = Path(__file__).resolve().parents[3] / "shared" / "peers" / "pessimistic.py"
SECRET = "pessimistic-peer-secret-of-32-bytes!"
SEATS = 200_000
WORKERS = 2
READY_WITHIN_S = 60
POLL_S = 0.1
STOP_WITHIN_S = 30


class PeerMissing(Exception):
    """The peer's source code is not beside the project."""


class Peer:
    """The peer with 200,000 seats, as a context in which it runs.

    Raises:
    PeerMissing: its source code is missing.
    """

    def __init__(self, data: Path) -> None:
        if not SOURCE.exists():
            raise PeerMissing(f"{SOURCE.name} is not in ../shared/peers; the comparison needs it.")
        self._server = EmbeddedPostgres(data)
        self._filled = False
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._server.start()
        env = {**os.environ, "DATABASE_URL": self._server.url.replace("postgresql://", "postgresql+psycopg://")}
        if not self._filled:
            subprocess.run([sys.executable, str(SOURCE), str(SEATS)], env=env, check=True)
            self._filled = True
        command = [sys.executable, "-m", "uvicorn", "pessimistic:app", "--workers", str(WORKERS), "--no-access-log"]
        command += ["--log-level", "warning", "--port", str(self.port), "--app-dir", str(SOURCE.parent)]
        self._process = subprocess.Popen(command, env=env, cwd=SOURCE.parent)
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_WITHIN_S)
        self._server.stop()

    def _wait(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/openapi.json")
            except httpx.TransportError:
                time.sleep(POLL_S)
            else:
                return
        raise RuntimeError("the peer did not start")


def peer_tokens(buyers: int) -> list[str]:
    """Return one token per buyer in the peer's format."""
    return [jwt.encode({"sub": f"buyer-{number}"}, SECRET, algorithm="HS256") for number in range(buyers)]


def peer_pairs() -> list[tuple[str, str]]:
    """Return pairs of adjacent seats of the peer's event."""
    return [(str(seat), str(seat + 1)) for seat in range(1, SEATS, 2)]
