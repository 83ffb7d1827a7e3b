"""The part `seatledger seal`, and what an operator asks of seals: verify the log, create proofs, check proofs."""

import os
import signal
import threading
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

import orjson

from domain.ticket import TICKET
from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import APP_ROLE, SEALER_ROLE
from eventstore.sealing.keys import PUBLIC_KEY_BYTES, SealingKey, key_id_of
from eventstore.sealing.log_reader import head_of, open_connection
from eventstore.sealing.proof import Proof, ProofRefused, create_proof, proof_from_json, verify_proof
from eventstore.sealing.seal_archive import SealArchive
from eventstore.sealing.seal_repository import SealRepository
from eventstore.sealing.sealer import Sealer
from eventstore.sealing.verification.pool import worker_pool
from eventstore.sealing.verification.result import Verification
from eventstore.sealing.verification.verify import Report, verify
from runtime.local.embedded.persisted_values import persisted_secret
from runtime.logging import configure_logs
from runtime.roles import url_of_role
from runtime.settings import PREFIX, Settings, SettingsRefused, load_settings
from runtime.tuning.gc_policy import relax_gc

SIGNALS = (signal.SIGINT, signal.SIGTERM)
PROOF_BYTES_MAX = 1 << 20
WORKERS_MAX = 4
WORKERS = min(os.cpu_count() or 1, WORKERS_MAX)
PARALLEL_MIN_POSITIONS = 100_000
"""Positions; fewer are compared before other processes have started."""


def run_sealer() -> None:
    """Seal as the environment says, until SIGINT or SIGTERM.

    Raises:
        SettingsRefused: nobody said where seals are kept.
    """
    settings, stop = load_settings(), threading.Event()
    require_places(settings)
    configure_logs()
    relax_gc()
    for number in SIGNALS:
        signal.signal(number, lambda _number, _frame: stop.set())
    url = url_of_role(settings, SEALER_ROLE)
    Sealer(url=url, archive=SealArchive(settings.seal_archive), key=sealing_key(settings)).run(stop)


def require_places(settings: Settings) -> None:
    """Check that seals and their key do not land in whatever folder the sealer happens to be started in.

    Raises:
        SettingsRefused: neither the data folder nor both places are named.
    """
    if not settings.has_data_folder and (settings.seals is None or settings.seal_key is None):
        raise SettingsRefused(
            f"Say where seals and the sealer's key are kept: set {PREFIX}SEALS and {PREFIX}SEAL_KEY, or {PREFIX}DATA "
            "for a folder that holds both."
        )


def sealing_key(settings: Settings) -> SealingKey:
    """Return the sealer's key: the environment's, or that of a file of its own, made at the first start."""
    if settings.seal_key is not None:
        return SealingKey(settings.seal_key.get_secret_value())
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return SealingKey(persisted_secret(settings.data / "seal-key"))


def begin_chain(settings: Settings, reason: str) -> str:
    """Begin a chain after a person has looked; return what to tell them."""
    chain = SealArchive(settings.seal_archive).begin(reason)
    return f"Chain {chain.id} began; the sealer goes through the whole log again, into {chain.folder}."


def compare(
    settings: Settings, *, first: int, last: int | None, keys: Mapping[str, bytes] | None, report: Report
) -> Verification:
    """Compare the log with the second place, a long range by a process for each core.

    Raises:
        psycopg.OperationalError: the database cannot be reached.
        WorkerLost: one of those processes ended.
    """
    relax_gc()
    url, place = url_of_role(settings, APP_ROLE), SealArchive(settings.seal_archive)
    with open_connection(url, name="audit") as connection:
        positions = (last or head_of(connection)) - first
        many = worker_pool(url, WORKERS) if positions >= PARALLEL_MIN_POSITIONS else nullcontext()
        with many as others:
            return verify(connection, place, first=first, last=last, keys=keys, report=report, compare=others)


async def prove_ticket(settings: Settings, ticket: str) -> Proof:
    """Return the proof that a ticket was issued.

    Raises:
        SettingsRefused: there is no such ticket.
        NotSealedYet, LogContradictsSeal: see `create_proof`.
    """
    url = url_of_role(settings, APP_ROLE)
    table = SealRepository(url)
    async with PostgresStore(url) as store:
        try:
            events = await store.read_stream(TICKET.stream(ticket), limit=1)
            if not events:
                raise SettingsRefused(f"There is no ticket {ticket}.")
            return await create_proof(store, table, events[0].position)
        finally:
            await table.close()


def check_proof_file(file: Path, keys: Mapping[str, bytes]) -> Proof:
    """Return the proof in a file, if it holds by these public keys.

    Raises:
        ProofRefused: it does not, or is none.
    """
    if not keys:
        raise ProofRefused("No public key is known: name one with --key, or the second place with --seals.")
    with file.open("rb") as opened:
        content = opened.read(PROOF_BYTES_MAX)
    try:
        proof = proof_from_json(orjson.loads(content))
    except orjson.JSONDecodeError as error:
        raise ProofRefused(f"{file} is not JSON.") from error
    verify_proof(proof, keys)
    return proof


def parse_keys(texts: list[str]) -> dict[str, bytes]:
    """Return public keys that were typed, by their ids.

    Raises:
        SettingsRefused: one is none.
    """
    keys: dict[str, bytes] = {}
    for text in texts:
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if len(key) != PUBLIC_KEY_BYTES:
            raise SettingsRefused(f"A public key is {2 * PUBLIC_KEY_BYTES} hexadecimal digits, not {text!r}.")
        keys[key_id_of(key)] = key
    return keys


def keys_in(folder: Path) -> dict[str, bytes]:
    """Return the public keys that a second place publishes.

    Raises:
        SealArchiveDamaged: one is not what its name says.
    """
    return SealArchive(folder).keys()
