"""The four-eyes rule: who may not decide about money, and above which amount two accounts must."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.account import owns
from domain.decision import DecisionContext
from domain.errors import OwnDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class FourEyesLimits:
    """The amount in minor units above which a decision needs two accounts; None: one is always enough.

    `by_currency` overrides `amount_max` for currencies whose minor unit is worth much more or less than a cent.
    """

    amount_max: int | None = None
    by_currency: Mapping[str, int] = field(default_factory=dict)

    def second_needed(self, amount: int, currency: str) -> bool:
        """Return whether a decision about this amount needs two accounts."""
        limit = self.by_currency.get(currency, self.amount_max)
        return limit is not None and amount > limit


ONE_IS_ENOUGH = FourEyesLimits()


def require_uninvolved(context: DecisionContext, by: str, *involved: str | None) -> None:
    """Refuse a decision by an account that is involved in its subject.

    Raises:
        OwnDecision: `by` is one of `involved`, or a guest among them has logged in to it.
    """
    if any(owns(context, by, account) for account in involved if account is not None):
        raise OwnDecision("You own this order or requested this money; another account has to decide.")
