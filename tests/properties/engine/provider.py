"""What the payment provider shows and decides besides a capture: its books, its disputes; and how support ends it."""

from datetime import datetime, timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from domain.decisions import paying
from domain.decisions.disputes import disputing
from domain.decisions.disputes.dispute_exceptions import DisputeReport
from domain.decisions.reconciling import entry_exception_id
from domain.decisions.refunds import refunding
from domain.decisions.refunds.four_eyes import FourEyesLimits
from domain.decisions.resolving_exceptions import ResolveException
from domain.money_exception import Resolution, ResolutionReason
from domain.payment import PaymentReconciled, RequestedPayment
from domain.ports.payment_gateway import LedgerEntry, LedgerEntryKind
from domain.refund import RefundReconciled, transfer_reference
from tests.properties.engine.buying import CURRENCIES, WRONG, Buying
from tests.properties.engine.scenario import ORDERS, PAYMENTS, REFUNDS
from tests.support.engine import ScriptedCommand

STEPS = {"opened": disputing.open_dispute, "won": disputing.win_dispute, "lost": disputing.lose_dispute}
STEP = st.sampled_from(sorted(STEPS))
ENTRIES = {
    "opened": LedgerEntryKind.DISPUTE,
    "won": LedgerEntryKind.DISPUTE_RETURNED,
    "lost": LedgerEntryKind.DISPUTE_LOST,
}
SUPPORTERS = st.sampled_from(["sue", "tom"])
RESOLUTIONS = st.sampled_from([Resolution.ACCEPT, Resolution.REFUND, Resolution.RETRY, Resolution.WRITE_OFF])
DISPUTES = frozenset(ENTRIES.values())
STRAY = st.sampled_from(["another-shops-order", "Kulanz f\u00fcr Frau Meier", "x" * 300])
DISPUTE_NAMES = st.sampled_from(["dp_1", "dp_1", "dp_2"])
PART = st.sampled_from([0, 0, 0, 1_000])
CAREFUL = FourEyesLimits(amount_max=5_000)


class Provider(Buying):
    """The provider's books, disputes and support's decisions."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[LedgerEntry] = []

    def teardown(self) -> None:
        self.run(self.check_books())
        super().teardown()

    async def check_books(self) -> None:
        """Find each capture and refund in the provider's books in the log: as ours, or as an exception."""
        found = {
            (fact.entry, fact.booked_at)
            for fact in await self.world.events()
            if isinstance(fact, PaymentReconciled | RefundReconciled)
        }
        for entry in self.entries:
            exception = entry_exception_id(entry, "sandbox")
            explained = (entry.entry, entry.recorded_at) in found or exception in self.world.ledger.exceptions
            assert explained or entry.kind in DISPUTES, f"nothing in the log explains {entry}"

    def booked(
        self, kind: LedgerEntryKind, reference: str, amount: int, currency: str, dispute: str = "dp_1"
    ) -> LedgerEntry:
        """Return a new entry in the provider's books."""
        entry = LedgerEntry(
            entry=len(self.entries) + 1,
            kind=kind,
            reference=reference,
            checkout_id="co_1",
            amount=amount,
            currency=currency,
            recorded_at=self.clock.now(),
            dispute_id=dispute if kind in DISPUTES else None,
        )
        self.entries.append(entry)
        return entry

    def compare(self, entry: LedgerEntry, label: str) -> None:
        """Compare an entry with the log; an accepted one has no second effect."""
        compared = partial(type(self).reconcile, entry=entry, provider="sandbox", provider_refund="re_1")
        self.send(ScriptedCommand(compared), label)
        again = self.send(ScriptedCommand(compared), "compared again")
        assert again is None or not again.events, "an entry had two effects"

    @rule(payment=PAYMENTS, wrong=WRONG, currency=CURRENCIES)
    def book_capture(self, payment: str, wrong: int, currency: str) -> None:
        state = self.payment_state(payment)
        self.compare(self.booked(LedgerEntryKind.CAPTURE, payment, state.amount + wrong, currency), "booked a capture")
        self.decide(payment)

    @rule(refund=REFUNDS, attempt=st.integers(1, 3), wrong=WRONG)
    def book_refund(self, refund: str, attempt: int, wrong: int) -> None:
        state = self.run(self.world.handler.query(partial(refunding.require_refund, refund=refund)))
        reference = transfer_reference(refund, attempt)
        self.compare(
            self.booked(LedgerEntryKind.REFUND, reference, state.amount + wrong, state.currency), "booked a refund"
        )

    @rule(reference=STRAY, kind=st.sampled_from(list(LedgerEntryKind)), amount=st.sampled_from([0, 100]))
    def book_stray_money(self, reference: str, kind: LedgerEntryKind, amount: int) -> None:
        self.compare(self.booked(kind, reference, amount, "EUR"), "stray money")

    @precondition(lambda self: self.entries)
    @rule(which=st.integers(0, 10_000))
    def read_again(self, which: int) -> None:
        """Read any entry once more, as after a crash."""
        entry = self.entries[which % len(self.entries)]
        compared = partial(type(self).reconcile, entry=entry, provider="sandbox", provider_refund="re_1")
        self.send(ScriptedCommand(compared), "read again")

    @rule(
        payment=PAYMENTS,
        name=DISPUTE_NAMES,
        step=STEP,
        minutes=st.integers(-3, 3),
        part=PART,
        currency=CURRENCIES,
    )
    def dispute(self, payment: str, name: str, step: str, minutes: int, part: int, currency: str) -> None:
        """Let a step of a dispute be announced, in any order, of all or a part of the money."""
        state = self.payment_state(payment)
        fact = DisputeReport(
            payment=payment,
            dispute=name,
            amount=part or state.captured or state.amount,
            currency=currency,
            at=self.moment(minutes),
            source="webhook",
        )
        self.send(ScriptedCommand(partial(STEPS[step], fact=fact)), f"dispute {step}")

    @rule(order=ORDERS, name=DISPUTE_NAMES, step=STEP)
    def dispute_an_order(self, order: tuple[str, str], name: str, step: str) -> None:
        """Let the payment of a confirmed order be disputed, as its books show."""
        paid_by = self.order_state(order[0]).paid_by
        if paid_by is not None:
            state = self.payment_state(paid_by)
            entry = self.booked(ENTRIES[step], paid_by, state.captured, "EUR", name)
            self.compare(entry, f"dispute {step}")

    @precondition(lambda self: self.world.ledger.exceptions)
    @rule(which=st.integers(0, 10_000), resolution=RESOLUTIONS, by=SUPPORTERS, careful=st.booleans())
    def resolve(self, which: int, resolution: Resolution, by: str, *, careful: bool) -> None:
        """Let support end any exception, one or two of them."""
        names = list(self.world.ledger.exceptions)
        command = ResolveException(
            exception=names[which % len(names)],
            resolution=resolution,
            reason=ResolutionReason.EXPLAINED,
            by=by,
            limits=CAREFUL if careful else FourEyesLimits(),
        )
        self.send(ScriptedCommand(partial(type(self).end, command=command)), f"exception: {resolution}")

    @rule(payment=PAYMENTS, resolution=RESOLUTIONS, by=SUPPORTERS)
    def end_a_second_capture(self, payment: str, resolution: Resolution, by: str) -> None:
        """Let a payment be captured twice, and support end it at once."""
        state = self.payment_state(payment)
        for _ in range(2):
            entry = self.booked(LedgerEntryKind.CAPTURE, payment, state.captured or state.amount, "EUR")
            self.compare(entry, "booked a capture")
        self.decide(payment)
        if self.world.ledger.exceptions:
            self.resolve(len(self.world.ledger.exceptions) - 1, resolution, by, careful=False)

    def moment(self, minutes: int) -> datetime:
        """Return a time of the provider's."""
        return self.clock.now() + timedelta(minutes=minutes)

    def payment_state(self, payment: str) -> RequestedPayment:
        """Return a payment as it stands."""
        return self.run(self.world.handler.query(partial(paying.require_payment, payment=payment)))
