"""A webhook is accepted if it is signed, recent and valid; each fault has its own error."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest

from adapters.sandbox_webhooks import DISPUTE_KINDS, SIGNATURE_HEADER, read_webhook
from domain.ports.payment_gateway import (
    ProviderEvent,
    ProviderEventKind,
    WebhookForged,
    WebhookMalformed,
    WebhookStale,
    WebhookUnknown,
)
from sandbox_provider.webhooks import sign

SECRET = "the secret both sides know"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FIELDS = {
    "event_id": "ev_1",
    "type": "checkout.captured",
    "created_at": "2026-11-21T11:59:58.5+00:00",
    "reference": "0193b3c2-7d1e-7a11-9c44-1f0d5a3b2c10",
    "checkout_id": "co_1",
    "amount": 9000,
    "currency": "EUR",
    "failure": None,
}
BODY = json.dumps(FIELDS).encode()


def read(body: bytes = BODY, *, header: str | None = None, now: datetime = NOW) -> ProviderEvent:
    headers = {"Seatledger-Sandbox-Signature": sign(SECRET, body, NOW) if header is None else header}
    return read_webhook(secret=SECRET, headers=headers, body=body, now=now)


class TestReadWebhook:
    def test_given_a_genuine_body_then_the_event(self) -> None:
        assert read() == ProviderEvent(
            event_id="ev_1",
            kind=ProviderEventKind.CHECKOUT_CAPTURED,
            created_at=datetime(2026, 11, 21, 11, 59, 58, 500_000, tzinfo=UTC),
            reference="0193b3c2-7d1e-7a11-9c44-1f0d5a3b2c10",
            checkout_id="co_1",
            amount=9_000,
            currency="EUR",
            failure=None,
        )

    @pytest.mark.parametrize("kind", ProviderEventKind)
    def test_given_any_kind_then_it_is_known(self, kind: ProviderEventKind) -> None:
        assert read(json.dumps({**FIELDS, "type": kind, "dispute_id": "dp_1"}).encode()).kind is kind

    def test_given_a_dispute_then_its_id(self) -> None:
        event = read(json.dumps({**FIELDS, "type": "dispute.opened", "dispute_id": "dp_1"}).encode())
        assert event.dispute_id == "dp_1"

    @pytest.mark.parametrize("kind", sorted(DISPUTE_KINDS))
    def test_given_a_dispute_without_an_id_then_refused(self, kind: ProviderEventKind) -> None:
        with pytest.raises(WebhookMalformed):
            read(json.dumps({**FIELDS, "type": kind}).encode())

    def test_given_a_header_in_another_case_then_it_is_found(self) -> None:
        for name in (SIGNATURE_HEADER, SIGNATURE_HEADER.upper()):
            event = read_webhook(secret=SECRET, headers={name: sign(SECRET, BODY, NOW)}, body=BODY, now=NOW)
            assert event == read()

    def test_given_two_secrets_in_use_then_one_match_is_enough(self) -> None:
        old, new = sign("an older secret", BODY, NOW), sign(SECRET, BODY, NOW)
        assert read(header=f"{old},{new.partition(',')[2]}") == read()

    def test_given_an_unknown_field_then_it_is_ignored(self) -> None:
        assert read(json.dumps({**FIELDS, "mood": "fine"}).encode()) == read()


class TestForged:
    def test_given_a_changed_body_then_refused(self) -> None:
        header = sign(SECRET, BODY, NOW)
        for changed in (BODY.replace(b"9000", b"9001"), BODY + b" ", b""):
            with pytest.raises(WebhookForged):
                read(changed, header=header)

    def test_given_another_secret_then_refused(self) -> None:
        with pytest.raises(WebhookForged):
            read(header=sign("a guess", BODY, NOW))

    def test_given_a_fresh_time_on_an_old_signature_then_refused(self) -> None:
        old = sign(SECRET, BODY, NOW - timedelta(days=1))
        with pytest.raises(WebhookForged):
            read(header=f"t={int(NOW.timestamp())},{old.partition(',')[2]}")

    def test_given_a_digest_of_the_body_alone_then_refused(self) -> None:
        digest = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()
        with pytest.raises(WebhookForged):
            read(header=f"t={int(NOW.timestamp())},v1={digest}")

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "t=1",
            "v1=00",
            "t=,v1=",
            "t=-1,v1=00",
            "t=١٢٣,v1=00",
            "t=1e9,v1=00",
            "t=99999999999999999999,v1=00",
            "t=1,t=2,v1=00",
            "t=1," + ",".join(["v1=00"] * 9),
            "t=1,v1=é",
        ],
    )
    def test_given_a_malformed_header_then_refused(self, header: str) -> None:
        with pytest.raises(WebhookForged):
            read(header=header)

    def test_given_no_header_then_refused(self) -> None:
        with pytest.raises(WebhookForged):
            read_webhook(secret=SECRET, headers={}, body=BODY, now=NOW)


class TestStale:
    @pytest.mark.parametrize("seconds", [-300, 0, 300])
    def test_given_the_edge_of_the_window_then_admitted(self, seconds: int) -> None:
        assert read(now=NOW + timedelta(seconds=seconds)) == read()

    @pytest.mark.parametrize("seconds", [-301, 301, 86_400])
    def test_given_more_then_refused(self, seconds: int) -> None:
        with pytest.raises(WebhookStale):
            read(now=NOW + timedelta(seconds=seconds))

    def test_given_forged_and_old_then_the_error_is_forged(self) -> None:
        with pytest.raises(WebhookForged):
            read(header=sign("a guess", BODY, NOW), now=NOW + timedelta(days=1))


class TestUnknownKind:
    @pytest.mark.parametrize("kind", ["payout.paid", "checkout.eaten"])
    def test_given_a_kind_that_is_not_known_then_it_is_named(self, kind: str) -> None:
        other = {"event_id": "ev_9", "type": kind, "payout": {"amount": 5}}
        with pytest.raises(WebhookUnknown) as unknown:
            read(json.dumps(other).encode())
        assert (unknown.value.event_id, unknown.value.kind) == ("ev_9", kind)

    def test_given_one_that_is_forged_then_it_is_refused_as_such(self) -> None:
        body = json.dumps({"event_id": "ev_9", "type": "payout.paid"}).encode()
        with pytest.raises(WebhookForged):
            read_webhook(secret="another secret", headers={}, body=body, now=datetime.now(UTC))


class TestMalformed:
    @pytest.mark.parametrize(
        "body",
        [b"", b"null", b"[]", b"{}", b"not json", b"\xff\xfe", b'{"amount": NaN}'],
    )
    def test_given_no_event_then_refused(self, body: bytes) -> None:
        with pytest.raises(WebhookMalformed):
            read(body)

    @pytest.mark.parametrize(
        "change",
        [
            {"amount": "9000"},
            {"amount": 90.5},
            {"amount": 0},
            {"amount": True},
            {"amount": 2**53 + 1},
            {"amount": 2**63},
            {"created_at": "0001-01-01T00:00:00+14:00"},
            {"created_at": "9999-12-31T23:59:59-14:00"},
            {"currency": "euro"},
            {"created_at": "2026-11-21T11:59:58"},
            {"reference": "nul\0"},
            {"reference": "\ud800"},
            {"reference": "x" * 101},
            {"reference": None},
        ],
    )
    def test_given_a_field_out_of_shape_then_refused(self, change: dict[str, object]) -> None:
        with pytest.raises(WebhookMalformed):
            read(json.dumps({**FIELDS, **change}).encode())

    @pytest.mark.parametrize("field", [name for name in FIELDS if name != "failure"])
    def test_given_a_field_missing_then_refused(self, field: str) -> None:
        with pytest.raises(WebhookMalformed):
            read(json.dumps({name: value for name, value in FIELDS.items() if name != field}).encode())
