"""Exports a part of the log to a file, with the covering seals and a manifest beside it."""

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
from runtime.database import url_of_role
from runtime.settings import Settings
from runtime.tuning.file_permissions import require_new


async def export_log(settings: Settings, query: Search, *, kind: Format, out: Path) -> Manifest:
    """Write the matching events to `out`, then the seals and the manifest.

    Events are written to `<out>.unfinished`, which is renamed when it is complete.

    Raises:
        SettingsRefused: the folder does not exist or is not writable, or one of the files exists.
        Invalid, NotFound: the query names an event or stream that does not exist.
        StoreUnavailable: the database does not answer.
        Unexportable: the format cannot hold one of the events.
    """
    require_new(out, beside(out, "seals.jsonl"), beside(out, "manifest.json"))
    url = url_of_role(settings, APP_ROLE)
    async with PostgresStore(url) as store:
        await require_known(store, query.wanted)
        positions = await searchable_range(store, query)
        events, written = await _write_events(store, query, positions, writer_of(kind), out)
    seals, last = await _write_seals(url, positions, beside(out, "seals.jsonl"))
    manifest = Manifest(
        file=out.name,
        format=kind.value,
        after=positions.after,
        upto=positions.until,
        stream=query.wanted.stream,
        names=None if query.wanted.names is None else sorted(query.wanted.names),
        events=events,
        file_bytes=written.bytes,
        sha256=written.sha256,
        seals=seals,
        sealed_upto=0 if last is None else min(last.last, positions.until),
        last_seal=None if last is None else last.hash.hex(),
    )
    beside(out, "manifest.json").write_bytes(manifest.to_json())
    return manifest


def beside(out: Path, ending: str) -> Path:
    """Return the path of a file that accompanies an export: its name with a further ending."""
    return out.with_name(f"{out.name}.{ending}")


async def _write_events(
    store: PostgresStore, query: Search, positions: PositionRange, writer: Writer, out: Path
) -> tuple[int, HashingCounter]:
    written, count, unfinished = HashingCounter(), 0, beside(out, "unfinished")
    with unfinished.open("wb") as file:
        async for events in events_between(store, query.wanted, after=positions.after, until=positions.until):
            file.write(written.update(writer.add(events)))
            count += len(events)
        file.write(written.update(writer.finish()))
    unfinished.replace(out)
    return count, written


async def _write_seals(url: str, positions: PositionRange, out: Path) -> tuple[int, Seal | None]:
    repository, count, last = SealRepository(url), 0, None
    try:
        with out.open("wb") as file:
            async for seals in seals_between(repository, after=positions.after, until=positions.until):
                file.writelines(map(seal_line, seals))
                count, last = count + len(seals), seals[-1]
    finally:
        await repository.close()
    return count, last
