"""The running shop seals what it sells: the log is in order, and a ticket's proof holds without the shop."""

import json
from pathlib import Path
from typing import Any

from tests.system.actors import paid_order
from tests.system.shop import Shop, until
from tests.system.venue import build, grid, organizer_of

OK = 200


class TestSealed:
    def test_given_a_sold_ticket_then_it_can_be_proved_soon_and_the_log_is_in_order(
        self, shop: Shop, tmp_path: Path
    ) -> None:
        token, buyer = shop.token("organizer"), shop.buyers(1)[0]
        house = build(shop, token, organizer_of(shop, token), document=grid(2, 5))
        order, _ = paid_order(house, house.performance(house.event()), buyer)
        (ticket, *_) = (each for each in shop.get("/tickets", buyer)["items"] if each["order_id"] == order)
        path = f"/tickets/{ticket['ticket_id']}/proof"
        until(lambda: shop.ask("GET", path, buyer).status_code == OK, "the seal")

        file = tmp_path / "ticket.json"
        proved = shop.run("audit", "prove", ticket["ticket_id"], "--out", str(file), "--data", str(shop.data))
        assert proved.returncode == 0, proved.stderr
        checked = shop.run("audit", "check", str(file), "--seals", str(shop.data / "seals"))
        assert (checked.returncode, "TicketIssued" in checked.stdout) == (0, True), checked.stderr
        forged = json.loads(file.read_text())
        forged["event"]["data"] = forged["event"]["data"].replace(order, "another")
        file.write_text(json.dumps(forged))
        assert shop.run("audit", "check", str(file), "--seals", str(shop.data / "seals")).returncode == 1

        until(lambda: verify(shop)["seals"] > 0, "a seal of the newest chain, which another test may just have begun")


def verify(shop: Shop) -> dict[str, Any]:
    """Verify the log of a running shop; return the report."""
    compared = shop.run("audit", "verify", "--json", "--data", str(shop.data))
    report: dict[str, Any] = json.loads(compared.stdout)
    assert (compared.returncode, report["fault"]) == (0, None), compared.stderr
    return report
