"""The operator's view of the processes: their status, and the retry of a failed one."""

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


async def list_statuses(settings: Settings) -> list[ProcessStatus]:
    """Return the status of every process."""
    async with open_records(settings) as records:
        return await ProcessReports(records).all()


async def retry_now(settings: Settings, name: str) -> None:
    """Retry a failed process at once, without waiting for its back-off.

    Raises:
        SettingsRefused: there is no process of this name, or it has not failed.
    """
    context = CommandContext(command_id=uuid7(), actor=operator_actor(), channel="operator")
    async with open_records(settings) as records, open_store(settings) as (store, batcher):
        reports = ProcessReports(records)
        handler = build_handler(store=store, appender=batcher, clock=ServerClock(await store.now()))
        try:
            status = require_status(await reports.all(), name)
            await handler.handle(partial(retry, snapshot=status), context)
        except Rejected as refusal:
            raise SettingsRefused(str(refusal)) from refusal
        await reports.retry(name)
