"""What an operator does with processes on the command line: look, and let one that failed try again."""

from functools import partial

from uuid_utils.compat import uuid7

from adapters.postgres.process_reports import ProcessReports
from domain.errors import Rejected
from domain.operations.process import ProcessStatus, require_status, retry
from eventstore.clock import ServerClock
from eventstore.command import CommandContext
from runtime.command_handling import build_handler, operator_actor
from runtime.connections import open_records, open_store
from runtime.settings import Settings, SettingsRefused


async def standings(settings: Settings) -> list[ProcessStatus]:
    """Return how every process stands."""
    async with open_records(settings) as records:
        return await ProcessReports(records).all()


async def retry_now(settings: Settings, name: str) -> None:
    """Let a process that failed try again at once.

    Raises:
        SettingsRefused: there is none of this name, or it has not failed.
    """
    context = CommandContext(command_id=uuid7(), actor=operator_actor(), channel="operator")
    async with open_records(settings) as records, open_store(settings) as (store, batcher):
        reports = ProcessReports(records)
        handler = build_handler(store=store, judge=batcher, clock=ServerClock(await store.now()))
        try:
            standing = require_status(await reports.all(), name)
            await handler.handle(partial(retry, snapshot=standing), context)
        except Rejected as refusal:
            raise SettingsRefused(str(refusal)) from refusal
        await reports.retry(name)
