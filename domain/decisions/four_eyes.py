"""Four eyes: the owner of an order and the account that asked never decide; above an amount it takes two accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.account import owns
from domain.decision import DecisionContext
from domain.errors import OwnDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class FourEyesLimits:
    """Above which amount a decision takes two accounts, in minor units; None: never.

    `by_currency` overrides `amount_max` where minor units are worth much more or less than a cent.
    """

    amount_max: int | None = None
    by_currency: Mapping[str, int] = field(default_factory=dict)

    def second_needed(self, amount: int, currency: str) -> bool:
        """Return whether a decision about this amount takes two accounts."""
        limit = self.by_currency.get(currency, self.amount_max)
        return limit is not None and amount > limit


ONE_IS_ENOUGH = FourEyesLimits()


def require_uninvolved(context: DecisionContext, by: str, *involved: str | None) -> None:
    """Refuse a decision by an account that is party to it.

    Raises:
        OwnDecision: `by` owns the order or asked for the money.
    """
    if any(owns(context, by, account) for account in involved if account is not None):
        raise OwnDecision("You own this order or asked for this money; let somebody else decide.")
