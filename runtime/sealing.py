"""The part `seatledger seal`, and the operator's commands for seals: verify the log, prove a ticket, check a proof."""

import os
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
from runtime.database import url_of_role
from runtime.entrypoints.signals import stop_event
from runtime.local.embedded.persisted_values import persisted_secret
from runtime.logging import configure_logs
from runtime.settings import PREFIX, Settings, SettingsRefused, load_settings
from runtime.tuning.gc_policy import relax_gc

PROOF_BYTES_MAX = 1 << 20
WORKERS_MAX = 4
WORKERS = min(os.cpu_count() or 1, WORKERS_MAX)
PARALLEL_MIN_POSITIONS = 100_000
"""Shorter ranges are verified in this process, before worker processes would have started."""


def run_sealer() -> None:
    """Seal the log until SIGINT or SIGTERM, with the settings of the environment.

    Raises:
        SettingsRefused: no setting says where seals and key are kept.
    """
    settings = load_settings()
    require_seal_locations(settings)
    configure_logs()
    relax_gc()
    url = url_of_role(settings, SEALER_ROLE)
    sealer = Sealer(url=url, archive=SealArchive(settings.seal_archive), key=sealing_key(settings))
    sealer.run(stop_event())


def require_seal_locations(settings: Settings) -> None:
    """Check that the locations of seals and key do not depend on the current folder.

    Raises:
        SettingsRefused: neither the data folder nor both SEALS and SEAL_KEY are set.
    """
    if not settings.has_data_folder and (settings.seals is None or settings.seal_key is None):
        raise SettingsRefused(
            f"The location of seals and of the sealer's key is not set: set {PREFIX}SEALS and {PREFIX}SEAL_KEY, or "
            f"{PREFIX}DATA for a folder that holds both."
        )


def sealing_key(settings: Settings) -> SealingKey:
    """Return the sealer's key: from the settings, else from a file that the first start creates."""
    if settings.seal_key is not None:
        return SealingKey(settings.seal_key.get_secret_value())
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return SealingKey(persisted_secret(settings.data / "seal-key"))


def begin_chain(settings: Settings, reason: str) -> str:
    """Start a new chain, and return a sentence for the operator who confirmed that the log was restored."""
    chain = SealArchive(settings.seal_archive).begin(reason)
    return f"Chain {chain.id} started; the sealer seals the whole log again, into {chain.folder}."


def verify_log(
    settings: Settings, *, first: int, last: int | None, keys: Mapping[str, bytes] | None, report: Report
) -> Verification:
    """Compare the log with the seal archive; a range of 100,000 positions or more with a process for each core.

    Args:
        first: the first position.
        last: the last position; None: the end of the log.
        keys: trusted public keys by id; None: those that the archive publishes.
        report: called with the position reached and the last one.

    Raises:
        psycopg.OperationalError: the database cannot be reached.
        WorkerLost: a worker process ended.
    """
    relax_gc()
    url, archive = url_of_role(settings, APP_ROLE), SealArchive(settings.seal_archive)
    with open_connection(url, name="audit") as connection:
        positions = (last or head_of(connection)) - first
        pool = worker_pool(url, WORKERS) if positions >= PARALLEL_MIN_POSITIONS else nullcontext()
        with pool as compare:
            return verify(connection, archive, first=first, last=last, keys=keys, report=report, compare=compare)


async def prove_ticket(settings: Settings, ticket: str) -> Proof:
    """Return the inclusion proof of a ticket's issue.

    Raises:
        SettingsRefused: there is no such ticket.
        NotSealedYet: the event is not sealed yet.
        LogContradictsSeal: the log differs from its seal.
    """
    url = url_of_role(settings, APP_ROLE)
    repository = SealRepository(url)
    async with PostgresStore(url) as store:
        try:
            events = await store.read_stream(TICKET.stream(ticket), limit=1)
            if not events:
                raise SettingsRefused(f"There is no ticket {ticket}.")
            return await create_proof(store, repository, events[0].position)
        finally:
            await repository.close()


def check_proof_file(file: Path, keys: Mapping[str, bytes]) -> Proof:
    """Return the valid proof of a file.

    Args:
        keys: trusted public keys by id.

    Raises:
        ProofRefused: the file is no proof, or its proof is not valid.
    """
    if not keys:
        raise ProofRefused("No public key is trusted: name one with --key, or a seal archive with --seals.")
    with file.open("rb") as opened:
        content = opened.read(PROOF_BYTES_MAX)
    try:
        proof = proof_from_json(orjson.loads(content))
    except orjson.JSONDecodeError as error:
        raise ProofRefused(f"{file} is not JSON.") from error
    verify_proof(proof, keys)
    return proof


def parse_keys(texts: list[str]) -> dict[str, bytes]:
    """Return public keys in hexadecimal as bytes, by key id.

    Raises:
        SettingsRefused: a text is no public key.
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


def published_keys(folder: Path) -> dict[str, bytes]:
    """Return the public keys that a seal archive publishes, by key id.

    Raises:
        SealArchiveDamaged: a key differs from the id in its file name.
    """
    return SealArchive(folder).keys()
