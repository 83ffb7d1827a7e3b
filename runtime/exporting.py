"""Writes a part of the log to a file, with its manifest and the seals that cover it beside it."""

from pathlib import Path

from audit.known import require_known
from audit.log_search import PositionRange, Search, searchable_range
from eventstore.exports.formats import Format, writer_of
from eventstore.exports.manifest import HashingCounter, Manifest, seals_between
from eventstore.exports.writer import Writer, events_between
from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import APP_ROLE
from eventstore.sealing.seal import Seal, seal_line
from eventstore.sealing.seal_repository import SealRepository
from runtime.roles import url_of_role
from runtime.settings import Settings
from runtime.tuning.file_permissions import require_new


async def export_log(settings: Settings, asked: Search, *, kind: Format, out: Path) -> Manifest:
    """Write what is wanted to `out`, then the seals and the manifest; a file that is not complete has another name.

    Raises:
        SettingsRefused: the folder does not exist or may not be written to, or one of the files is there already.
        Invalid, NotFound: what is wanted cannot be there.
        StoreUnavailable: the database does not answer.
        Unexportable: an event that the format can't hold.
    """
    require_new(out, beside(out, "seals.jsonl"), beside(out, "manifest.json"))
    url = url_of_role(settings, APP_ROLE)
    async with PostgresStore(url) as store:
        await require_known(store, asked.wanted)
        batch = await searchable_range(store, asked)
        events, tally = await _write_events(store, asked, batch, writer_of(kind), out)
    seals, last = await _write_seals(url, batch, beside(out, "seals.jsonl"))
    manifest = Manifest(
        file=out.name,
        format=kind.value,
        after=batch.after,
        upto=batch.until,
        stream=asked.wanted.stream,
        names=None if asked.wanted.names is None else sorted(asked.wanted.names),
        events=events,
        file_bytes=tally.bytes,
        sha256=tally.sha256,
        seals=seals,
        sealed_upto=0 if last is None else min(last.last, batch.until),
        last_seal=None if last is None else last.hash.hex(),
    )
    beside(out, "manifest.json").write_bytes(manifest.to_json())
    return manifest


def beside(out: Path, ending: str) -> Path:
    """Name a file that belongs to an exported one."""
    return out.with_name(f"{out.name}.{ending}")


async def _write_events(
    store: PostgresStore, asked: Search, batch: PositionRange, writer: Writer, out: Path
) -> tuple[int, HashingCounter]:
    tally, count, unfinished = HashingCounter(), 0, beside(out, "unfinished")
    with unfinished.open("wb") as file:
        async for events in events_between(store, asked.wanted, after=batch.after, until=batch.until):
            file.write(tally.update(writer.add(events)))
            count += len(events)
        file.write(tally.update(writer.finish()))
    unfinished.replace(out)
    return count, tally


async def _write_seals(url: str, batch: PositionRange, out: Path) -> tuple[int, Seal | None]:
    table, count, last = SealRepository(url), 0, None
    try:
        with out.open("wb") as file:
            async for seals in seals_between(table, after=batch.after, until=batch.until):
                file.writelines(map(seal_line, seals))
                count, last = count + len(seals), seals[-1]
    finally:
        await table.close()
    return count, last
