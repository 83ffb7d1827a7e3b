"""A shop whose parts are commands of their own, on a PostgreSQL and a NATS that nothing restarts or orders."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import httpx

from runtime.local.data_directory import DataDirectory
from runtime.local.embedded import free_port
from runtime.local.part_settings import environment_of, installation_environment
from runtime.local.run_all import environment
from runtime.settings import PREFIX
from tests.system.shop import CHECKOUT, COMMAND, ENDS_WITHIN_S, Shop, own_environment, until

APIS = ("api1", "api2")
PARTS = ("sandbox", "relay", "project", "process", "seal", *APIS)


class SeparateShop(Shop):
    """Two servers and seven parts, each started and ended as a test wants; requests go to both API processes in turn.

    Args:
        data: the folder of the servers, secrets and logs, made if missing.
    """

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        directory = DataDirectory(data)
        self.postgres, self.nats = directory.postgres, directory.nats
        self.apis = {name: f"http://127.0.0.1:{free_port()}" for name in APIS}
        self.url = self.apis[APIS[0]]
        self.port = int(self.url.rpartition(":")[2])
        self._next_api = cycle(f"{url}/api/v1" for url in self.apis.values())
        self._parts: dict[str, subprocess.Popen[bytes]] = {}

    def ask(self, method: str, path: str, token: str | None = None, **options: object) -> httpx.Response:
        """Send one request to the API process that did not get the one before."""
        self.api = next(self._next_api)
        return super().ask(method, path, token, **options)

    def open(self) -> None:
        """Make the shop: servers, schema, demo, parts."""
        self.data.mkdir(mode=0o700, parents=True)
        (self.data / "logs").mkdir()
        self.postgres.start()
        self.nats.start()
        DataDirectory(self.data).sandbox_port()
        for words in (("migrate",), ("seed", "demo")):
            self.operate(*words)
        self.start_parts(*PARTS)
        self.serving()

    def empty_nats(self) -> None:
        """Stop NATS, throw away all that it keeps, and start it."""
        self.nats.stop()
        shutil.rmtree(self.nats.data / "store")
        self.nats.start()

    def start_parts(self, *parts: str) -> None:
        """Start parts, in this order and without waiting for any."""
        env = installation_environment(environment(DataDirectory(self.data), self.port), self.settings)
        for part in parts:
            with (self.data / "logs" / f"{part}.log").open("ab") as log:
                self._parts[part] = subprocess.Popen(
                    self._command(part), env=self._environment(part, env), cwd=CHECKOUT, stdout=log, stderr=log
                )

    def end_parts(self) -> None:
        """End every part, all at once."""
        for process in self._parts.values():
            process.terminate()
        for process in self._parts.values():
            process.wait(ENDS_WITHIN_S)
        self._parts.clear()

    def close(self) -> None:
        """End everything, whatever state it is in."""
        self.end_parts()
        for server in (self.nats, self.postgres):
            server.stop()

    def ended_parts(self) -> list[str]:
        """Return the parts that have ended although nobody ended them."""
        return [part for part, process in self._parts.items() if process.poll() is not None]

    def operate(self, *words: str) -> None:
        """Run an operator's command; it must end well."""
        env = {**own_environment(), **environment(DataDirectory(self.data), self.port)}
        done = subprocess.run([COMMAND, *words], env=env, cwd=CHECKOUT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def serving(self) -> None:
        """Wait until both API processes say that they are ready."""
        until(lambda: all(map(is_ready, self.apis.values())), "both API processes")

    def _environment(self, part: str, env: dict[str, str]) -> dict[str, str]:
        kind = part.rstrip("12")
        found = {**own_environment(), **environment_of(kind, env)}
        if part in self.apis:
            found[f"{PREFIX}PORT"] = self.apis[part].rpartition(":")[2]
        found.pop(f"{PREFIX}HEARTBEATS", None)  # nobody on this machine watches them
        return found

    def _command(self, part: str) -> Sequence[str | Path]:
        if part != "sandbox":
            return [COMMAND, part.rstrip("12")]
        directory = DataDirectory(self.data)
        port, webhooks = str(directory.sandbox_port()), f"{self.url}/api/v1/webhooks/sandbox"
        gateway = [sys.executable, "-m", "sandbox_provider", "--file", str(directory.sandbox_ledger)]
        return [*gateway, "--port", port, "--webhook-url", webhooks]


def is_ready(url: str) -> bool:
    """Say whether an API process is ready to serve."""
    try:
        return httpx.get(f"{url}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False


@contextmanager
def separate_shop(data: Path) -> Iterator[SeparateShop]:
    """Run a shop of separate parts; when the test is over nothing of it runs, whatever happened."""
    shop = SeparateShop(data)
    try:
        shop.open()
        shop.caught_up()
        yield shop
    finally:
        shop.close()
