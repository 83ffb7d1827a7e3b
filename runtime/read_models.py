"""What an operator does with read models, as the projector's role: look, rebuild, pause, resume, try again."""

from collections.abc import Awaitable, Callable, Mapping

from eventstore.migrate import PROJECTOR_ROLE
from eventstore.postgres import PostgresStore
from projections import control
from projections.control import Connection, NoSuchProjection, ProjectionState
from projections.every_model import EVERY_MODEL, reader_for
from projections.rebuild import AlreadyRebuilding, Progress, rebuild
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
    url = url_of_role(settings, PROJECTOR_ROLE)
    async with PostgresStore(url) as store:
        head = await store.head()
    connection = await control.open_connection(url, name="operator")
    try:
        return head, await control.states(connection)
    finally:
        await connection.close()


async def move(settings: Settings, name: str, how: str) -> None:
    """Pause, resume or retry a read model.

    Raises:
        SettingsRefused: there is none of this name, or it is not in a state for that.
    """
    check_known(name)
    connection = await control.open_connection(url_of_role(settings, PROJECTOR_ROLE), name="operator")
    try:
        await MOVES[how](connection, name)
    except NoSuchProjection as error:
        raise SettingsRefused(str(error)) from error
    finally:
        await connection.close()


async def build_anew(settings: Settings, name: str, report: Callable[[Progress], None]) -> int:
    """Rebuild a read model; return the position it goes on from.

    Raises:
        SettingsRefused: there is none of this name, or somebody else rebuilds it.
    """
    check_known(name)
    url = url_of_role(settings, PROJECTOR_ROLE)
    async with PostgresStore(url) as store:
        try:
            return await rebuild(
                url=url, store=store, model=MODELS[name], reader=reader_for(EVERY_MODEL), report=report
            )
        except (AlreadyRebuilding, NoSuchProjection) as error:
            raise SettingsRefused(str(error)) from error
