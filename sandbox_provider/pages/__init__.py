"""The HTML pages for customers, which work without JavaScript."""

from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template
from typing import assert_never

from sandbox_provider.cards import CARDS
from sandbox_provider.models import Checkout, CheckoutStatus

STYLE_SHEET = Path(__file__).parent / "pages.css"
MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DECIMALS = 2
DECIMALS_OF = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
REASONS = {
    "card_declined": "The bank declined the card.",
    "insufficient_funds": "The account behind the card does not hold enough money.",
    "confirmation_refused": "The payment was not confirmed.",
}


def _template(name: str) -> Template:
    return Template((Path(__file__).parent / f"{name}.html").read_text(encoding="utf-8"))


_FRAME = _template("frame")
_PAY = _template("pay")
_CONFIRM = _template("confirm")
_RESULT = _template("result")
_SUMMARY = _template("summary")
_DEADLINE = _template("deadline")
_CARDS = _template("cards")
_CARD = _template("card")
_USE = _template("use")


def checkout_page(checkout: Checkout, now: datetime, *, alert: str = "") -> str:
    """Return the page of a checkout, by its status; `alert`: why the last attempt was refused."""
    match checkout.status:
        case CheckoutStatus.OPEN if checkout.card is not None:
            return _result(checkout, "Payment accepted", "The bank will charge the card later.", "waiting")
        case CheckoutStatus.OPEN | CheckoutStatus.ACTION_REQUIRED if checkout.expires_at <= now:
            return _result(checkout, "This page has expired", "Nothing was charged.", "ended")
        case CheckoutStatus.OPEN:
            return _form(checkout, now, alert)
        case CheckoutStatus.ACTION_REQUIRED:
            return _confirm(checkout, now, alert)
        case CheckoutStatus.CAPTURED:
            taken = money(checkout.captured_amount, checkout.captured_currency or checkout.currency)
            return _result(checkout, "Paid", f"{taken} was charged.", "done")
        case CheckoutStatus.FAILED:
            reason = REASONS.get(checkout.failure or "", "The bank declined.")
            return _result(checkout, "Not paid", f"{reason} Nothing was charged.", "ended")
        case CheckoutStatus.EXPIRED:
            return _result(checkout, "This page has expired", "Nothing was charged.", "ended")
        case _:
            assert_never(checkout.status)


def no_answer_page(checkout: Checkout) -> str:
    """Return the page for a payment with an unknown result."""
    return _result(checkout, "No answer from the bank", "The shop will find out whether you have paid.", "waiting")


def cards_page() -> str:
    """Return the page with the test cards and their effects."""
    rows = "".join(_CARD.substitute(number=card.grouped_number, effect=card.effect, action="") for card in CARDS)
    return _to_page("Test cards", _CARDS.substitute(rows=rows))


def money(amount: int, currency: str) -> str:
    """Return an amount in minor units as `EUR 45.00`, with a no-break space."""
    decimals = DECIMALS_OF.get(currency, DECIMALS)
    whole, part = divmod(amount, 10**decimals)
    return f"{currency}\N{NO-BREAK SPACE}{whole:,}" + (f".{part:0{decimals}d}" if decimals else "")


def time_left(seconds: float) -> str:
    """Return the time left as text, rounded down to minutes or hours."""
    if seconds < MINUTE_S:
        return "less than a minute left"
    count, unit = (int(seconds // MINUTE_S), "minute") if seconds < HOUR_S else (int(seconds // HOUR_S), "hour")
    return f"{count} {unit}{'s' if count > 1 else ''} left"


def _to_page(title: str, content: str) -> str:
    return _FRAME.substitute(title=escape(title), content=content)


def _form(checkout: Checkout, now: datetime, alert: str) -> str:
    rows = "".join(
        _CARD.substitute(number=card.grouped_number, effect=card.effect, action=_USE.substitute(number=card.number))
        for card in CARDS
    )
    content = _PAY.substitute(
        summary=_summary(checkout, now),
        alert=_alert(alert),
        total=money(checkout.amount, checkout.currency),
        return_url=escape(checkout.return_url),
        cards=_CARDS.substitute(rows=rows),
    )
    return _to_page("Pay", content)


def _confirm(checkout: Checkout, now: datetime, alert: str) -> str:
    content = _CONFIRM.substitute(
        summary=_summary(checkout, now),
        alert=_alert(alert),
        total=money(checkout.amount, checkout.currency),
        action=f"/sandbox/checkouts/{escape(checkout.checkout_id)}/confirm",
    )
    return _to_page("Confirm the payment", content)


def _result(checkout: Checkout, title: str, text: str, mood: str) -> str:
    content = _RESULT.substitute(
        summary=_summary(checkout, None),
        title=escape(title),
        text=escape(text),
        mood=mood,
        return_url=escape(checkout.return_url),
    )
    return _to_page(title, content)


def _summary(checkout: Checkout, now: datetime | None) -> str:
    """Return the summary of a checkout, with its deadline if `now` is given."""
    ends_at = checkout.expires_at.astimezone(UTC)
    deadline = (
        ""
        if now is None
        else _DEADLINE.substitute(
            machine=ends_at.isoformat(timespec="seconds"),
            people=f"{ends_at:%H:%M} UTC",
            left=time_left((ends_at - now).total_seconds()),
        )
    )
    return _SUMMARY.substitute(
        total=money(checkout.amount, checkout.currency),
        description=escape(checkout.description or "Your order"),
        reference=escape(checkout.reference),
        deadline=deadline,
    )


def _alert(text: str) -> str:
    return f'<p class="alert" role="alert">{escape(text)}</p>' if text else ""
