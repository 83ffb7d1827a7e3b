"""Golden files: one stored document for every event type and version there ever was, and what an older one becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from eventstore.schema.codec import Codec

GOLDEN = Path(__file__).parent / "stored_events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """`stored`: as it stands in the log; `today`: the document that the same event would be written as now."""

    name: str
    version: int
    stored: str
    today: str


def golden_files(folder: Path = GOLDEN) -> list[Golden]:
    """Read `<Name>.v<version>.json`; `<Name>.v<version>.today.json` beside it says what an older one becomes."""
    found = []
    for path in sorted(folder.glob("*.json")):
        name, version, *rest = path.stem.split(".")
        if not rest:
            today = path.with_suffix(".today.json")
            stored = compact(path)
            found.append(
                Golden(
                    name=name,
                    version=int(version.removeprefix("v")),
                    stored=stored,
                    today=compact(today) if today.exists() else stored,
                )
            )
    return found


def compact(path: Path) -> str:
    """Return a document as the codec writes it."""
    return orjson.dumps(orjson.loads(path.read_bytes())).decode()


def faults(codec: Codec, golden: list[Golden], versions: Mapping[str, int]) -> list[str]:
    """Say which versions have no golden file, and which files are not read and written as they say."""
    known = {(each.name, each.version) for each in golden}
    wanted = {(name, version) for name, today in versions.items() for version in range(1, today + 1)}
    found = [f"{name} version {version} has no golden file" for name, version in sorted(wanted - known)]
    found += [f"{name} version {version} is no event of ours" for name, version in sorted(known - wanted)]
    for each in golden:
        event = codec.decode(each.name, each.version, each.stored)
        if codec.encode(event).data != each.today:
            found.append(f"{each.name} version {each.version} became {codec.encode(event).data}")
    return found
