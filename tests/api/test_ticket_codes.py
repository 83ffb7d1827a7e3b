"""Ticket codes: short, deterministic and unforgeable."""

import base64
from xml.etree import ElementTree as ET

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as some

from application.ticket_codes import CODE_BYTES_MAX, TicketCode, TicketCodes, UnreadableCode, qr_svg
from domain.ticket import RefusalReason

CODES = TicketCodes.from_secrets("a secret")
GENUINE = TicketCode(ticket="01935a1c-0000-7000-8000-000000000001", performance="01935a1c-0000-7000-8000-000000000002")
CODE = CODES.write(GENUINE)


def refused(codes: TicketCodes, text: str) -> RefusalReason:
    with pytest.raises(UnreadableCode) as caught:
        codes.read(text)
    return caught.value.reason


class TestTicketCodes:
    def test_a_code_reads_as_it_was_written(self) -> None:
        assert CODES.read(CODES.write(GENUINE)) == GENUINE

    def test_a_code_is_short_and_the_same_every_time(self) -> None:
        code = CODES.write(GENUINE)
        assert len(code.encode()) <= CODE_BYTES_MAX
        assert code == TicketCodes.from_secrets("a secret").write(GENUINE)

    def test_another_secret_makes_a_forgery(self) -> None:
        assert refused(CODES, TicketCodes.from_secrets("another").write(GENUINE)) is RefusalReason.FORGED

    def test_a_retired_key_is_still_read(self) -> None:
        old, new = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        code = TicketCodes(old).write(GENUINE)
        assert TicketCodes(new, [old.public_key()]).read(code) == GENUINE
        assert refused(TicketCodes(new), code) is RefusalReason.FORGED

    @given(some.integers(min_value=1, max_value=100), some.integers(min_value=1, max_value=255))
    def test_a_code_with_any_byte_changed_is_refused(self, index: int, mask: int) -> None:
        raw = bytearray(base64.urlsafe_b64decode(CODES.write(GENUINE) + "=="))
        raw[index] ^= mask
        assert refused(CODES, base64.urlsafe_b64encode(raw).decode().rstrip("=")) is RefusalReason.FORGED

    @pytest.mark.parametrize("respelled", [f"{CODE}=", CODE[:-1] + chr(ord(CODE[-1]) + 1), f"{CODE[:9]} {CODE[9:]}"])
    def test_a_code_has_one_spelling(self, respelled: str) -> None:
        assert refused(CODES, respelled) is RefusalReason.UNREADABLE

    @given(some.text(max_size=2 * CODE_BYTES_MAX))
    def test_garbage_is_unreadable(self, text: str) -> None:
        assert refused(CODES, text) is RefusalReason.UNREADABLE


class TestQrSvg:
    def test_it_is_an_image_with_a_title(self) -> None:
        root = ET.fromstring(qr_svg(CODES.write(GENUINE)))
        assert root.tag.endswith("svg")
        assert root[0].text == "Ticket code"
