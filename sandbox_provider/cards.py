"""The test cards: the card number selects the behaviour of the gateway, from success to rare failures."""

from dataclasses import dataclass
from enum import StrEnum


class BankAnswer(StrEnum):
    """Answer of the bank."""

    CAPTURE = "capture"
    REFUSE = "refuse"
    ASK = "ask"
    LATER = "later"


class Capture(StrEnum):
    """Captured amount, compared with the requested one."""

    EXACT = "exact"
    TOO_LITTLE = "too_little"
    TOO_MUCH = "too_much"
    OTHER_CURRENCY = "other_currency"


class Delivery(StrEnum):
    """Delivery of a checkout's webhooks."""

    ONCE = "once"
    TWICE = "twice"
    REVERSED = "reversed"
    NEVER = "never"


class RefundBehaviour(StrEnum):
    """Behaviour of a checkout's refunds."""

    AT_ONCE = "at_once"
    LATER = "later"
    FAILS = "fails"
    DONE_WITHOUT_ANSWER = "done_without_answer"
    UNAVAILABLE_TWICE = "unavailable_twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One test card; the defaults of its fields are success."""

    number: str
    name: str
    effect: str
    answer: BankAnswer = BankAnswer.CAPTURE
    failure: str | None = None
    capture: Capture = Capture.EXACT
    delivery: Delivery = Delivery.ONCE
    refund_behaviour: RefundBehaviour = RefundBehaviour.AT_ONCE
    hangs: bool = False
    disputed: bool = False

    @property
    def grouped_number(self) -> str:
        """The number in groups of four digits."""
        return " ".join(self.number[i : i + 4] for i in range(0, len(self.number), 4))


CARDS = (
    Card(number="4242424242424242", name="captured", effect="Paid at once."),
    Card(
        number="4000000000000002",
        name="declined",
        effect="The bank declines.",
        answer=BankAnswer.REFUSE,
        failure="card_declined",
    ),
    Card(
        number="4000000000009995",
        name="insufficient_funds",
        effect="The bank declines: insufficient funds.",
        answer=BankAnswer.REFUSE,
        failure="insufficient_funds",
    ),
    Card(
        number="4000002500003155",
        name="needs_confirmation",
        effect="The bank asks you to confirm in a second step.",
        answer=BankAnswer.ASK,
    ),
    Card(
        number="4242000000000109",
        name="captured_late",
        effect="Accepted, but captured only after the checkout has expired.",
        answer=BankAnswer.LATER,
    ),
    Card(
        number="4242000000000208",
        name="webhook_twice",
        effect="Paid at once; every webhook is sent twice.",
        delivery=Delivery.TWICE,
    ),
    Card(
        number="4242000000000307",
        name="webhook_out_of_order",
        effect="Paid at once; the webhook of the capture arrives before the one of the step that preceded it.",
        delivery=Delivery.REVERSED,
    ),
    Card(
        number="4242000000000406",
        name="webhook_never",
        effect="Paid at once; no webhook is ever sent.",
        delivery=Delivery.NEVER,
    ),
    Card(
        number="4242000000000505",
        name="no_answer",
        effect="Paid, but the page times out; the webhook is sent.",
        hangs=True,
    ),
    Card(
        number="4242000000000604",
        name="no_answer_no_webhook",
        effect="Paid, but the page times out and no webhook is sent: only the ledger has it.",
        hangs=True,
        delivery=Delivery.NEVER,
    ),
    Card(
        number="4242000000000703",
        name="captured_too_little",
        effect="Paid at once, but one minor unit less is taken than was asked for.",
        capture=Capture.TOO_LITTLE,
    ),
    Card(
        number="4242000000000802",
        name="captured_too_much",
        effect="Paid at once, but one minor unit more is taken than was asked for.",
        capture=Capture.TOO_MUCH,
    ),
    Card(
        number="4242000000000901",
        name="captured_other_currency",
        effect="Paid at once, but in another currency.",
        capture=Capture.OTHER_CURRENCY,
    ),
    Card(
        number="4242000000001008",
        name="refund_fails",
        effect="Paid at once; every refund fails at the bank.",
        refund_behaviour=RefundBehaviour.FAILS,
    ),
    Card(
        number="4242000000001107",
        name="refund_no_answer",
        effect="Paid at once; a refund is completed, but its response times out.",
        refund_behaviour=RefundBehaviour.DONE_WITHOUT_ANSWER,
    ),
    Card(
        number="4242000000001206",
        name="refund_unavailable_twice",
        effect="Paid at once; the first two attempts to refund are rejected and do nothing.",
        refund_behaviour=RefundBehaviour.UNAVAILABLE_TWICE,
    ),
    Card(
        number="4242000000001305",
        name="refund_pending",
        effect="Paid at once; a refund stays pending for a while before it is completed.",
        refund_behaviour=RefundBehaviour.LATER,
    ),
    Card(
        number="4000000000000259",
        name="disputed",
        effect="Paid at once, then disputed by the card's owner.",
        disputed=True,
    ),
)

_BY_NUMBER = {card.number: card for card in CARDS}
_BY_NAME = {card.name: card for card in CARDS}


def find_card_by_number(number: str) -> Card | None:
    """Return the test card with a number, which may have spaces and dashes; None if there is none."""
    return _BY_NUMBER.get(number.replace(" ", "").replace("-", ""))


def find_card_by_name(name: str | None) -> Card:
    """Return the test card with a name; without a name (no card used) the card that succeeds."""
    return _BY_NAME[name] if name else CARDS[0]
