"""Exceptions about money, and how support ends them, for scenarios."""

from dataclasses import replace
from typing import Any

from domain.decisions.refunds.four_eyes import FourEyesLimits
from domain.decisions.refunds.transfers import fail_refund, submit_refund
from domain.decisions.resolving_exceptions import ResolveException
from domain.money_exception import ExceptionKind, Resolution, ResolutionReason
from domain.refund import transfer_reference
from tests.support.paid_order import CAPTURE, TOTAL, OrderScenario, an_order, ledger_entry, only_exception_id
from tests.support.scenario import Result, Scenario

ACCEPT, REFUND_IT, RETRY, WRITE_OFF = Resolution.ACCEPT, Resolution.REFUND, Resolution.RETRY, Resolution.WRITE_OFF
WHY = ResolutionReason.EXPLAINED
BELOW = FourEyesLimits(amount_max=TOTAL - 1)


def when_resolved(case: OrderScenario, resolution: Resolution, by: str = "sue", **different: Any) -> Result:
    """Resolve the only exception, by an account of support."""
    return case.scenario.when(resolve_command(case, resolution, by, **different))


def with_resolution(case: OrderScenario, resolution: Resolution, by: str = "sue", **different: Any) -> OrderScenario:
    """Return the case after support resolved the only exception."""
    done = case.scenario.given_done(resolve_command(case, resolution, by, **different))
    return replace(case, scenario=done)


def resolve_command(case: OrderScenario, resolution: Resolution, by: str, **different: Any) -> ResolveException:
    """Return the command that ends the only exception."""
    fields: dict[str, Any] = {"exception": only_exception_id(case), "reason": WHY, **different}
    return ResolveException(resolution=resolution, by=by, **fields)


def stray_capture() -> OrderScenario:
    """Return a capture of no payment of ours."""
    case = an_order()
    return case.reconciled(ledger_entry(CAPTURE, "another-shops-order"))


def wrong_currency_capture() -> OrderScenario:
    """Return a capture in another currency than the order's."""
    return an_order().paid(currency="USD")


def is_failure(case: OrderScenario, stream: str) -> bool:
    """Return whether a stream is the exception of a refund that failed."""
    opened = case.scenario.history[stream][0]
    return stream.startswith("exception-") and opened.kind is ExceptionKind.REFUND_FAILED


def with_failed_transfers(case: OrderScenario, refund: str, *, first: int = 1) -> OrderScenario:
    """Fail every transfer of a round."""
    scenario: Scenario = case.scenario
    for attempt in range(first, first + 8):
        scenario = scenario.given_done(submit_refund, refund=refund)
        reference = transfer_reference(refund, attempt)
        scenario = scenario.given_done(fail_refund, reference=reference, reason="account_closed")
    return replace(case, scenario=scenario)
