"""`seatledger up` as a process of its own, on a folder and ports of its own; and how to look at it from outside."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from runtime.local.data_directory import DataDirectory, local_settings
from runtime.local.embedded import free_port
from runtime.local.run_all import environment
from runtime.settings import PREFIX, Settings

CHECKOUT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("seatledger")
READY_WITHIN_S = 120.0
ENDS_WITHIN_S = 40.0
ANSWER_WITHIN_S = 20.0
CONNECTIONS_MAX = 1_000
POLL_S = 0.1
"""Each look asks a busy shop how it is."""
TOKEN_KEPT_S = 300.0
BUYERS_AT_ONCE = 800
"""Opened together: half a thousand who want one seat, two hundred who buy everything, and who else comes."""

Json = dict[str, Any]


class Shop:
    """One shop on one folder, started and ended as often as a test wants.

    Args:
        data: its folder, made if missing.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.api = f"{self.url}/api/v1"
        self.output = data.with_name(data.name + ".out")
        self._process: subprocess.Popen[bytes] | None = None
        self._tokens: dict[str, tuple[float, str]] = {}
        self._buyers: list[str] = []
        self._buyers_came_at = -TOKEN_KEPT_S

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The command's process."""
        assert self._process is not None, "the shop was not started"
        return self._process

    @property
    def settings(self) -> Settings:
        """The settings of what runs here, for an engine of the test's own on the same database."""
        return local_settings(self.data)

    def start(self, *words: str) -> float:
        """Start everything and wait for `ready`; return the seconds it took."""
        began = time.monotonic()
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [COMMAND, "up", "--port", str(self.port), "--data", str(self.data), *words],
                env=own_environment(),
                cwd=CHECKOUT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        while not any(line.startswith("ready") for line in self.read_output().splitlines()):
            assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.read_output()}"
            assert time.monotonic() < began + READY_WITHIN_S, f"not ready:\n{self.read_output()}"
            time.sleep(POLL_S)
        return time.monotonic() - began

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(ENDS_WITHIN_S)

    def read_output(self) -> str:
        """Return what the command has printed since it was started."""
        return self.output.read_text()

    def gateway(self) -> str:
        """Return the sandbox gateway's address."""
        address: str = self.ready()["sandbox"]
        return address

    def ready(self) -> Json:
        """Return what operators are told."""
        with httpx.Client(trust_env=False, verify=False, timeout=ANSWER_WITHIN_S) as client:
            decoded_event: Json = client.get(f"{self.url}/readyz").json()
            return decoded_event

    def caught_up(self) -> None:
        """Wait until the read models have read the whole log."""
        until(lambda: set(self.ready()["lag"].values()) == {0}, "the read models")

    def run(self, *words: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        """Run another command of ours to its end, beside the running shop."""
        return subprocess.run(
            [COMMAND, *words],
            env=own_environment(),
            cwd=CHECKOUT,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=READY_WITHIN_S,
            check=False,
        )

    def buyers(self, number: int) -> list[str]:
        """Return the access tokens of buyers nobody has seen before, good for half their life at least."""
        if time.monotonic() - self._buyers_came_at >= TOKEN_KEPT_S or len(self._buyers) < number:
            done = self.run("rehearse", "buyers", str(max(number, BUYERS_AT_ONCE)), "--data", str(self.data))
            assert done.returncode == 0, done.stderr
            self._buyers, self._buyers_came_at = done.stdout.split(), time.monotonic()
        taken, self._buyers = self._buyers[:number], self._buyers[number:]
        return taken

    def token(self, role: str) -> str:
        """Return an access token of a demo account, by the name it has there; good for half its life at least."""
        signed_in_at, _ = self._tokens.get(role, (-TOKEN_KEPT_S, ""))
        if time.monotonic() - signed_in_at >= TOKEN_KEPT_S:
            demo = json.loads((self.data / "demo-accounts.json").read_text())
            login = {"email": demo["accounts"][role], "password": demo["password"]}
            answer = self.ask("POST", "/auth/login", json=login)
            assert answer.status_code == 200, answer.text
            self._tokens[role] = (time.monotonic(), answer.json()["access_token"])
        return self._tokens[role][1]

    def ask(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        """Send one request to the API."""
        headers = {**options.pop("headers", {}), **({} if token is None else {"Authorization": f"Bearer {token}"})}
        with httpx.Client(trust_env=False, verify=False, timeout=ANSWER_WITHIN_S) as client:
            return client.request(method, self.api + path, headers=headers, **options)

    def do(self, path: str, token: str, body: object = None, *, method: str = "POST") -> Json:
        """Send a command that must be carried out; return the answer."""
        answer = self.ask(method, path, token, **({} if body is None else {"json": body}))
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:2_000]}"
        done: Json = answer.json() if answer.content else {}
        return done

    def get(self, path: str, token: str | None = None, **query: str | int) -> Json:
        """Read something that must be there."""
        answer = self.ask("GET", path, token, params=query)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text[:2_000]}"
        found: Json = answer.json()
        return found


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for what the background parts will do, however busy the machine is."""
    deadline = time.monotonic() + READY_WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {READY_WITHIN_S:.0f} s"
        time.sleep(POLL_S)


def own_environment() -> dict[str, str]:
    """Return our environment without anybody's own settings; all buyers of a test are one client."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {**own, f"{PREFIX}CONNECTIONS_PER_CLIENT": str(CONNECTIONS_MAX)}


@contextmanager
def running(data: Path, *words: str) -> Iterator[Shop]:
    """Run a shop; when the test is over nothing of it runs, whatever happened."""
    shop = Shop(data)
    try:
        shop.start(*words)
        shop.caught_up()
        yield shop
    finally:
        if shop.process.poll() is None:
            shop.end()


@contextmanager
def another_api(shop: Shop) -> Iterator[str]:
    """Run a second API process on the shop's database; gives its address."""
    port = free_port()
    env = {**own_environment(), **environment(DataDirectory(shop.data), port)}
    process = subprocess.Popen([COMMAND, "api", "--port", str(port)], env=env, cwd=CHECKOUT)
    try:
        wait_for(f"http://127.0.0.1:{port}/readyz", process)
        yield f"http://127.0.0.1:{port}/api/v1"
    finally:
        process.terminate()
        assert process.wait(ENDS_WITHIN_S) == 0


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until an address answers with success."""
    deadline = time.monotonic() + READY_WITHIN_S
    with httpx.Client(trust_env=False, verify=False, timeout=ANSWER_WITHIN_S) as client:
        while True:
            assert process.poll() is None, "the process ended"
            assert time.monotonic() < deadline, f"{url} does not answer"
            try:
                if client.get(url).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(POLL_S)
