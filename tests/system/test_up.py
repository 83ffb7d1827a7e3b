"""`seatledger up` from outside: one shop per folder, a clean end whatever ends it, and a next start that goes on.

These tests end the shop that all tests of this folder share, so they come last.
"""

import os
import re
import signal
from pathlib import Path

import httpx

from runtime.local.embedded import free_port
from tests.runtime.processes import all_gone
from tests.system.child_processes import child_processes, command_of
from tests.system.killing import kill, process_of
from tests.system.shop import Shop, until
from tests.system.venue import build, grid, organizer_of

PARTS = ("sandbox_provider", *(f"runtime.cli {part}" for part in ("relay", "project", "process", "seal", "api")))
GOOD_CARD = {"card": "4242424242424242"}


class TestUp:
    def test_every_part_is_a_process_of_its_own(self, shop: Shop) -> None:
        commands = child_processes(shop.process.pid).values()
        for part in PARTS:
            assert any(part in command for command in commands), f"{part} does not run"

    def test_a_second_start_on_the_same_folder_is_refused_with_a_sentence(self, shop: Shop) -> None:
        refused = shop.run("up", "--data", str(shop.data), "--port", str(free_port()))
        assert refused.returncode == 1
        assert re.fullmatch(r"seatledger: .* is in use by a running seatledger .*\.\n", refused.stderr)
        assert shop.ready()["status"] == "ready"

    def test_the_tour_tells_a_booking_and_its_events_with_their_positions(self, shop: Shop) -> None:
        decoded_event = shop.run("tour", "--data", str(shop.data))
        assert decoded_event.returncode == 0, decoded_event.stdout + decoded_event.stderr
        events = re.findall(r"^ +(\d+)  (\w+) +\w+-", decoded_event.stdout, re.MULTILINE)
        names = [name for _, name in events]
        positions = [int(position) for position, _ in events]
        assert positions == sorted(set(positions))
        for name in ("SeatHeld", "OrderPlaced", "PaymentCaptured", "SeatSold", "EntryRecorded", "RefundCompleted"):
            assert name in names

    def test_given_a_killed_api_then_it_comes_back_and_confirms_what_the_gateway_has_captured(self, shop: Shop) -> None:
        buyer, order, page = order_to_pay(shop)
        api = process_of(shop, "api")
        os.kill(api, signal.SIGSTOP)
        assert httpx.post(page, json=GOOD_CARD, trust_env=False).status_code == 200
        kill(shop, "api")
        until(lambda: shop.get(f"/orders/{order}", buyer)["status"] == "confirmed", "the confirmation")

    def test_given_a_port_that_is_taken_then_nothing_is_made(self, shop: Shop, tmp_path: Path) -> None:
        refused = shop.run("up", "--data", str(tmp_path / "data"), "--port", str(shop.port))
        assert refused.returncode == 1
        assert refused.stdout == ""
        assert f"Port {shop.port} on 127.0.0.1 is taken by another program" in refused.stderr
        assert not (tmp_path / "data").exists()

    def test_given_a_killed_command_then_nothing_is_left_and_the_next_start_says_so(self, shop: Shop) -> None:
        before = child_processes(shop.process.pid)
        killed = shop.process.pid
        shop.end(signal.SIGKILL)
        nothing_left(shop, before)
        shop.start()
        assert f"The last run (process {killed}) did not end cleanly" in shop.read_output()

    def test_given_ctrl_c_then_no_process_is_left(self, shop: Shop) -> None:
        before = child_processes(shop.process.pid)
        assert shop.end(signal.SIGINT) == 0
        nothing_left(shop, before)
        assert shop.read_output().endswith("stopped\n")


def order_to_pay(shop: Shop) -> tuple[str, str, str]:
    """Order a seat and open a payment; return the buyer's token, the order, and the page to pay at."""
    token = shop.token("organizer")
    theatre = build(shop, token, organizer_of(shop, token), document=grid(1, 4))
    performance = theatre.on_sale()
    (buyer,) = shop.buyers(1)
    wish = {"performance_id": performance, "items": [{"seat": theatre.seats(performance)[0]}]}
    order = shop.do("/orders", buyer, wish)["order_id"]
    opened = shop.do(f"/orders/{order}/payments", buyer, {"provider": "sandbox"})
    return buyer, order, f"{opened['checkout_url']}/pay"


def nothing_left(shop: Shop, before: dict[int, str]) -> None:
    """Wait until no process of the shop lives."""
    all_gone(shop.data)
    until(
        lambda: not any(command_of(pid) == command != "" for pid, command in before.items()),
        f"the end of {before}",
    )
