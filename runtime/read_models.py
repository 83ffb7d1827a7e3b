"""What an operator does with read models, as the projector's role: look, pause, resume, try again."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from eventstore.migrate import PROJECTOR_ROLE
from eventstore.postgres import PostgresStore
from projections import control
from projections.control import Connection, NoSuchProjection, ProjectionState
from projections.every_model import EVERY_MODEL
from runtime.settings import Settings, SettingsRefused
from runtime.wiring import url_of_role

MODELS = {model.name: model for model in EVERY_MODEL}
MOVES: Mapping[str, Callable[[Connection, str], Awaitable[None]]] = {
    "pause": control.pause,
    "resume": control.resume,
    "retry": control.retry,
}


def check_known(name: str) -> None:
    """Refuse a name that no read model has.

    Raises:
        SettingsRefused: it names those there are.
    """
    if name not in MODELS:
        raise SettingsRefused(f"There is no read model {name}; choose one of: {', '.join(MODELS)}.")


async def look(settings: Settings) -> tuple[int, list[ProjectionState]]:
    """Return the head of the log and the state of every read model."""
    async with PostgresStore(url_of_role(settings, PROJECTOR_ROLE)) as store:
        head = await store.head()
    async with operator(settings) as connection:
        return head, await control.states(connection)


async def move(settings: Settings, name: str, how: str) -> None:
    """Pause, resume or retry a read model.

    Raises:
        SettingsRefused: there is none of this name, or it is not in a state for that.
    """
    check_known(name)
    async with operator(settings) as connection:
        try:
            await MOVES[how](connection, name)
        except NoSuchProjection as error:
            raise SettingsRefused(str(error)) from error


@asynccontextmanager
async def operator(settings: Settings) -> AsyncIterator[Connection]:
    """Connect as the projector's role for one deed."""
    connection = await control.open_connection(url_of_role(settings, PROJECTOR_ROLE), name="operator")
    try:
        yield connection
    finally:
        await connection.close()
