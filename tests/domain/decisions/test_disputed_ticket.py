"""Does a ticket admit whose payment is disputed?"""

from datetime import timedelta

import pytest

from domain.decisions.entry import ScanTicket
from domain.scan import SCAN, ScanAdmitted, ScanRefused
from domain.ticket import EntryRecorded, RefusalReason
from domain.values import EntryRules
from tests.support.paid_order import OrderScenario, an_order
from tests.support.scenario import Result
from tests.support.shop import GLOBE


class TestScanTicket:
    @pytest.mark.parametrize("step", ["opened", "lost"])
    @pytest.mark.parametrize("admitted", [True, False])
    def test_given_the_organizers_rule_then_it_decides(self, step: str, *, admitted: bool) -> None:
        case = an_order(entry_rules=EntryRules(disputed_tickets_admitted=admitted)).paid().disputed(step, 1)
        result = self.scan(case)
        if admitted:
            assert [type(event) for event in result.events()] == [EntryRecorded, ScanAdmitted]
        else:
            (refused,) = result.changes[SCAN.stream("gate-1", "n1")]
            assert isinstance(refused, ScanRefused)
            assert refused.reason is RefusalReason.DISPUTED

    def test_given_a_won_dispute_then_the_ticket_admits(self) -> None:
        strict = an_order(entry_rules=EntryRules(disputed_tickets_admitted=False)).paid()
        result = self.scan(strict.disputed("opened", 1).disputed("won", 2))
        assert [type(event) for event in result.events()] == [EntryRecorded, ScanAdmitted]

    def scan(self, case: OrderScenario) -> Result:
        """Hold the first ticket to a reader, a minute before the start."""
        command = ScanTicket(
            ticket=case.order_state().tickets["1"],
            code_sha256="",
            gate="north",
            device="gate-1",
            nonce="n1",
            organizers=frozenset({GLOBE}),
        )
        return case.scenario.later(timedelta(days=30, minutes=-1)).when(command)
