"""The OpenAPI document is generated once, off the event loop."""

import asyncio
import threading
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from api.openapi.docs_page import OPENAPI_PATH, OpenapiPage


async def test_given_many_who_ask_at_once_then_it_is_written_once_and_not_on_the_loop() -> None:
    threads: list[threading.Thread] = []

    def describe() -> dict[str, Any]:
        threads.append(threading.current_thread())
        return {"openapi": "3.1.0"}

    app = Starlette(routes=[Route(OPENAPI_PATH, OpenapiPage(describe).serve)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.test") as client:
        answers = await asyncio.gather(*(client.get(OPENAPI_PATH) for _ in range(10)))
        answers.append(await client.get(OPENAPI_PATH))
    assert [answer.json() for answer in answers] == [{"openapi": "3.1.0"}] * 11
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
