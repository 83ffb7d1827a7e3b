"""Parts are killed one after the other while somebody books: what they do waits, buyers notice nothing."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.system.killing import kill, process_of
from tests.system.shop import Shop, until
from tests.system.venue import build, grid, organizer_of

BOOKINGS_BEFORE_AND_AFTER = 3
SEATS = 40
AGAIN_AFTER_S = 0.05
UNNOTICED = ("relay", "seal", "project", "process", "nats", "sandbox")


class Booking:
    """One buyer who places and releases holds until told to stop, and keeps every answer.

    Args:
        patient: sends a request again, with the same key, for as long as it gets no answer or a 503.
    """

    def __init__(self, shop: Shop, *, patient: bool) -> None:
        token = shop.token("organizer")
        theatre = build(shop, token, organizer_of(shop, token), document=grid(4, SEATS // 4))
        self._performance = theatre.on_sale()
        self._seats = theatre.seats(self._performance)
        self._buyer = shop.buyers(1)[0]
        self._shop = shop
        self._patient = patient
        self._ended = threading.Event()
        self.statuses: list[int] = []

    def run(self) -> None:
        """Book until the end."""
        with httpx.Client(base_url=self._shop.api, trust_env=False, timeout=20.0) as client:
            number = 0
            while not self._ended.is_set():
                number += 1
                wish = {"items": [{"seat": self._seats[number % len(self._seats)]}]}
                held = self._ask(client, f"/performances/{self._performance}/holds", wish, key=f"hold-key-{number:08}")
                if held.status_code == httpx.codes.CREATED:
                    hold = held.json()["hold_id"]
                    self._ask(client, f"/holds/{hold}", None, key=f"release-key-{number:08}", method="DELETE")

    def end(self) -> None:
        """Let the last request be the last."""
        self._ended.set()

    def _ask(self, client: httpx.Client, path: str, body: object, *, key: str, method: str = "POST") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._buyer}", "Idempotency-Key": key}
        while True:
            try:
                answer = client.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                if not self._patient:
                    raise
            else:
                if not (self._patient and answer.status_code == httpx.codes.SERVICE_UNAVAILABLE):
                    self.statuses.append(answer.status_code)
                    return answer
            time.sleep(AGAIN_AFTER_S)


@contextmanager
def booking(shop: Shop, *, patient: bool) -> Iterator[Booking]:
    """Let a buyer book meanwhile; the block begins after the first bookings, and some more are made after it."""
    buyer = Booking(shop, patient=patient)
    thread = threading.Thread(target=buyer.run)
    thread.start()
    try:
        until(lambda: len(buyer.statuses) >= BOOKINGS_BEFORE_AND_AFTER or not thread.is_alive(), "the first bookings")
        yield buyer
        before = len(buyer.statuses)
        until(
            lambda: len(buyer.statuses) >= before + BOOKINGS_BEFORE_AND_AFTER or not thread.is_alive(), "more bookings"
        )
    finally:
        buyer.end()
        thread.join()


class TestKilledParts:
    @pytest.mark.parametrize("part", UNNOTICED)
    def test_given_one_that_works_behind_the_scenes_then_buyers_notice_nothing(self, shop: Shop, part: str) -> None:
        with booking(shop, patient=False) as buyer:
            kill(shop, part)
        assert set(buyer.statuses) <= {200, 201}
        shop.caught_up()

    @pytest.mark.parametrize("part", ["api", "postgres"])
    def test_given_the_api_or_the_database_then_it_comes_back_and_nothing_is_lost(self, shop: Shop, part: str) -> None:
        with booking(shop, patient=True) as buyer:
            kill(shop, part)
        assert set(buyer.statuses) <= {200, 201}
        shop.caught_up()


class TestFrozenParts:
    def test_given_some_that_stand_still_then_the_terminal_and_readyz_say_so_until_they_are_back(
        self, shop: Shop
    ) -> None:
        frozen = {part: process_of(shop, part) for part in ("relay", "nats")}
        for process in frozen.values():
            os.kill(process, signal.SIGSTOP)
        try:
            for part in frozen:
                until(lambda part=part: f"{part} has sent no heartbeat for" in shop.read_output(), "the warning")  # type: ignore[misc]
                assert shop.ready()["parts"][part] == "silent"
            assert shop.ready()["parts"]["seal"] == "alive"
        finally:
            for process in frozen.values():
                os.kill(process, signal.SIGCONT)
        for part in frozen:
            until(lambda part=part: f"{part} sends heartbeats again." in shop.read_output(), "the end of it")  # type: ignore[misc]
            assert shop.ready()["parts"][part] == "alive"
