"""A damaged or forged seal archive is reported as such, and not as a fault of the log."""

import asyncio
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree

import orjson
import pytest

from eventstore.sealing.keys import SealingKey
from eventstore.sealing.log_reader import open_connection
from eventstore.sealing.seal import parse_seal, seal_from_json, seal_line
from eventstore.sealing.seal_archive import SealArchive
from eventstore.sealing.verification.fault import Fault, FaultKind
from eventstore.sealing.verification.result import Verification
from eventstore.sealing.verification.verify import verify
from runtime.local.embedded import EmbeddedPostgres
from tests.databases import fresh_database
from tests.eventstore.backends import app_url_of
from tests.eventstore.conftest import TEMPLATE
from tests.eventstore.sealing.sealing import SECRET, SealedLog, append, sealed_log

SEALS = 4
BITS_FLIPPED = 60


@pytest.fixture(scope="module")
def sealed(migrated_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SealedLog]:
    """Four seals over 20 events each."""
    with fresh_database(migrated_server, template=TEMPLATE) as owner_url:
        log = sealed_log(owner_url, app_url_of(owner_url), tmp_path_factory.mktemp("second"))
        for number in range(SEALS):
            asyncio.run(append(log, 10, named=f"seat-{number}"))
            log.seal()
        yield log


class Copy:
    """A copy of the archive, to be damaged."""

    def __init__(self, log: SealedLog, folder: Path) -> None:
        self._log = log
        copytree(log.archive.folder, folder / "copy")
        self.archive = SealArchive(folder / "copy")
        chain = self.archive.chain()
        assert chain is not None
        (pair,) = chain.file_pairs()
        self.seals = pair.with_suffix(".seals")
        self.fingerprints = pair.with_suffix(".fingerprints")

    @property
    def lines(self) -> list[bytes]:
        return self.seals.read_bytes().splitlines(keepends=True)

    @lines.setter
    def lines(self, lines: list[bytes]) -> None:
        self.seals.write_bytes(b"".join(lines))

    def forge(self, number: int, **changed: object) -> None:
        """Change fields of a seal without signing it again."""
        lines = self.lines
        lines[number - 1] = orjson.dumps({**orjson.loads(lines[number - 1]), **changed}) + b"\n"
        self.lines = lines

    def verify(self, *, keys: dict[str, bytes] | None = None) -> Verification:
        with open_connection(self._log.app_url, name="audit") as connection:
            return verify(connection, self.archive, keys=keys)

    def fault(self, *, keys: dict[str, bytes] | None = None) -> Fault:
        fault = self.verify(keys=keys).fault
        assert fault is not None
        assert not fault.in_the_log, fault
        return fault


@pytest.fixture
def copy(sealed: SealedLog, tmp_path: Path) -> Copy:
    return Copy(sealed, tmp_path)


class TestDamaged:
    def test_given_any_bit_flipped_then_the_second_place_is_blamed(self, copy: Copy) -> None:
        for file in (copy.seals, copy.fingerprints):
            whole = file.read_bytes()
            for _ in range(BITS_FLIPPED):
                at = random.randrange(len(whole) - 1)
                flipped = bytes([whole[at] ^ 1 << random.randrange(8)])
                file.write_bytes(whole[:at] + flipped + whole[at + 1 :])
                found = copy.verify()
                assert found.fault is not None, (file, at, flipped)
                assert not found.fault.in_the_log, (file, at, flipped)
            file.write_bytes(whole)

    @pytest.mark.parametrize(
        ("value", "written"),
        [
            (rb'(?<="root":")[^"]+', bytes.upper),
            (rb'(?<="sealed_at":")[^"]+', lambda time: time.replace(b".", b",")),
            (rb'(?<="number":)\d+', lambda number: b" " + number),
        ],
    )
    def test_given_the_same_in_other_characters_then_it_is_not_what_was_written(
        self, copy: Copy, value: bytes, written: Callable[[bytes], bytes]
    ) -> None:
        first, second, *others = copy.lines
        changed = re.sub(value, lambda found: written(found[0]), second)
        assert seal_from_json(orjson.loads(changed)) == parse_seal(second)
        copy.lines = [first, changed, *others]
        assert copy.fault().kind is FaultKind.SEAL_ARCHIVE

    def test_given_a_missing_line_then_the_seal_is_missing(self, copy: Copy) -> None:
        copy.lines = [*copy.lines[:1], *copy.lines[2:]]
        fault = copy.fault()
        assert (fault.kind, fault.position, fault.seal) == (FaultKind.SEAL_MISSING, 20, 2)

    def test_given_the_last_seals_missing_then_the_copies_in_the_database_tell(self, copy: Copy) -> None:
        copy.lines = copy.lines[:2]
        fault = copy.fault()
        assert (fault.kind, fault.seal) == (FaultKind.SEAL_MISSING, SEALS)

    def test_given_nothing_at_all_then_the_copies_in_the_database_tell(self, sealed: SealedLog, tmp_path: Path) -> None:
        with open_connection(sealed.app_url, name="audit") as connection:
            fault = verify(connection, SealArchive(tmp_path / "empty")).fault
        assert fault is not None
        assert (fault.kind, fault.in_the_log) == (FaultKind.SEAL_MISSING, False)

    def test_given_lines_in_another_order_then_a_seal_is_missing(self, copy: Copy) -> None:
        first, second, *others = copy.lines
        copy.lines = [second, first, *others]
        assert copy.fault().kind is FaultKind.SEAL_MISSING

    def test_given_truncated_fingerprints_then_the_archive_is_damaged(self, copy: Copy) -> None:
        copy.fingerprints.write_bytes(copy.fingerprints.read_bytes()[:-8])
        fault = copy.fault()
        assert (fault.kind, fault.seal) == (FaultKind.SEAL_ARCHIVE, SEALS)

    def test_given_missing_fingerprints_then_the_archive_is_damaged(self, copy: Copy) -> None:
        copy.fingerprints.unlink()
        assert copy.fault().kind is FaultKind.SEAL_ARCHIVE

    def test_given_a_key_under_another_id_then_the_archive_is_damaged(self, copy: Copy) -> None:
        (key,) = (copy.archive.folder / "keys").iterdir()
        key.write_text(SealingKey("another secret of nobody at all, for tests").public.hex())
        assert copy.fault().kind is FaultKind.SEAL_ARCHIVE


class TestForged:
    @pytest.mark.parametrize("field", ["root", "fingerprints", "previous"])
    def test_given_another_hash_then_it_is_not_signed(self, copy: Copy, field: str) -> None:
        copy.forge(3, **{field: "ab" * 32})
        fault = copy.fault()
        assert (fault.kind, fault.seal) == (FaultKind.SEAL_FORGED, 3)

    def test_given_a_seal_of_an_unpublished_key_then_it_is_forged(self, copy: Copy) -> None:
        forged = SealingKey("another secret of nobody at all, for tests").sign(parse_seal(copy.lines[2]))
        copy.forge(3, signature=forged.signature.hex())
        assert copy.fault().kind is FaultKind.SEAL_FORGED

    def test_given_seals_whose_fields_are_shifted_then_they_are_none(self, copy: Copy) -> None:
        """The signed bytes are the same but divided into other fields."""
        seal = parse_seal(copy.lines[2])
        copy.forge(3, root=(seal.root + seal.fingerprints[:1]).hex(), fingerprints=seal.fingerprints[1:].hex())
        assert copy.fault().kind is FaultKind.SEAL_ARCHIVE

    def test_given_a_valid_chain_of_another_key_then_only_the_true_key_detects_it(self, copy: Copy) -> None:
        """An attacker with access to the archive can begin a new chain; the auditor keeps the public key elsewhere."""
        thief = SealingKey("another secret of nobody at all, for tests")
        copy.archive.publish(thief.public)
        lines, before = [], None
        for line in copy.lines:
            shown = orjson.loads(line) | {"key_id": thief.id}
            if before is not None:
                shown["previous"] = before.hash.hex()
            before = thief.sign(seal_from_json(shown | {"signature": ""}))
            lines.append(seal_line(before))
        copy.lines = lines
        found = copy.verify().fault
        assert found is not None
        assert found.kind is FaultKind.SEAL_COPY, "only the copies in the database differ, which he does not own"
        true_key = SealingKey(SECRET)
        assert copy.fault(keys={true_key.id: true_key.public}).kind is FaultKind.SEAL_FORGED
