"""Run the gateway in its own process: `python -m sandbox_provider --file F --port P --webhook-url U`."""

import argparse
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn
import uvloop

from sandbox_provider.app import HANG_S, LATE_S, make_sandbox
from sandbox_provider.ledger import Ledger
from sandbox_provider.models import LedgerInUse

HOST = "127.0.0.1"
STOP_WITHIN_S = 1
SECRET_CHARACTERS_MIN = 16
API_KEY = "SEATLEDGER_SANDBOX_API_KEY"
WEBHOOK_SECRET = "SEATLEDGER_SANDBOX_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable, not a secret


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve on loopback until SIGTERM or SIGINT; print `ready <address>` once requests are accepted."""
    options = _parser().parse_args(arguments)
    api_key = _secret(options.api_key_file, API_KEY)
    webhook_secret = _secret(options.webhook_secret_file, WEBHOOK_SECRET)
    try:
        ledger = Ledger(options.file)
        listener = socket.create_server((HOST, options.port))
    except (LedgerInUse, OSError) as error:
        sys.exit(f"sandbox gateway: {error}")
    base_url = options.public_url.rstrip("/") or f"http://{HOST}:{listener.getsockname()[1]}"
    app = make_sandbox(
        ledger,
        api_key=api_key,
        webhook_url=options.webhook_url,
        webhook_secret=webhook_secret,
        base_url=base_url,
        hang_s=options.hang_s,
        late_s=options.late_s,
    )
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=STOP_WITHIN_S)
    _end_quietly()
    try:
        uvloop.run(_Server(config, base_url).serve(sockets=[listener]))
    finally:
        ledger.close()


class _Server(uvicorn.Server):
    """Prints `ready <address>` to standard output once requests are accepted."""

    def __init__(self, config: uvicorn.Config, base_url: str) -> None:
        super().__init__(config)
        self._base_url = base_url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(f"ready {self._base_url}\n")
            sys.stdout.flush()


def _end_quietly() -> None:
    # uvicorn raises the signal that stopped it again after the shutdown, which would print a traceback.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))


def _secret(file: Path | None, variable: str) -> str:
    secret = file.read_text().strip() if file else os.environ.get(variable, "")
    if len(secret) < SECRET_CHARACTERS_MIN:
        sys.exit(
            f"sandbox gateway: give a secret of {SECRET_CHARACTERS_MIN} characters or more in a file or {variable}"
        )
    return secret


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox_provider", description=__doc__)
    parser.add_argument("--file", type=Path, required=True, help="the SQLite file of the ledger; created if absent")
    parser.add_argument("--port", type=int, required=True, help="port on loopback; 0 for a free one")
    parser.add_argument("--webhook-url", required=True, help="URL to which events are posted")
    parser.add_argument(
        "--public-url", default="", help="URL by which browsers reach this process; default: loopback and port"
    )
    parser.add_argument("--api-key-file", type=Path, help=f"file with the API key; default: {API_KEY}")
    parser.add_argument(
        "--webhook-secret-file", type=Path, help=f"file with the signing secret; default: {WEBHOOK_SECRET}"
    )
    parser.add_argument("--hang-s", type=float, default=HANG_S, help="delay of a request that should time out")
    parser.add_argument("--late-s", type=float, default=LATE_S, help="delay of late captures and pending refunds")
    return parser


if __name__ == "__main__":
    main()
