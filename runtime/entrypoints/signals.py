"""SIGINT and SIGTERM as requests for an orderly stop."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def add_stop_handler(handle: Callable[[int], object]) -> None:
    """Call `handle` with the signal's number, in the running event loop, on each stop signal."""
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, partial(handle, number))


def remove_stop_handlers() -> None:
    """Restore the default handling of the stop signals."""
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.remove_signal_handler(number)


async def until_signalled(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until it ends or a stop signal cancels it, and wait for its clean-up.

    The handlers stay installed: a second signal does not interrupt the clean-up of the caller either.
    """
    task = asyncio.create_task(work)
    add_stop_handler(lambda _number: task.cancel())
    with suppress(asyncio.CancelledError):
        await task


def stop_event() -> threading.Event:
    """Return an event that a stop signal sets, for work without an event loop; call it in the main thread."""
    event = threading.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda _number, _frame: event.set())
    return event
