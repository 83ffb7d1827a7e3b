"""The outer middleware: responses are sent in parts, so that unread ones are not buffered whole."""

import httpx

from api.http.middleware import PART_BYTES, send_in_parts
from tests.api.shop import Shop


async def test_given_a_long_answer_then_it_is_sent_in_parts_and_ends_once() -> None:
    sent: list[dict[str, object]] = []

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message)

    body = b"a" * PART_BYTES + b"b" * PART_BYTES + b"c"
    await send_in_parts(body, send)
    assert b"".join(message["body"] for message in sent if isinstance(message["body"], bytes)) == body
    assert [message["more_body"] for message in sent] == [True, True, False]
    assert max(len(str(message["body"])) for message in sent) < 2 * PART_BYTES


async def test_given_the_largest_page_then_it_arrives_whole(shop: Shop) -> None:
    answer = await shop.client.get("/docs/swagger-ui-bundle.js")
    assert answer.status_code == httpx.codes.OK
    assert len(answer.content) == int(answer.headers["Content-Length"]) > PART_BYTES
