"""The database's schemas, of every package that has one. Light to import: the first thing a start needs."""

from adapters.postgres.pool import RECORDS
from eventstore.postgres.migrate import EVENTSTORE, History, migrate
from eventstore.postgres.roles import roles_script
from runtime.settings import Settings

PROJECTIONS = History(name="projections", package="projections.migrations")
HISTORIES = (EVENTSTORE, RECORDS, PROJECTIONS)


async def statements_for_roles(settings: Settings) -> str:
    """Return the statements with which an administrator makes the login roles."""
    return await roles_script(settings.required_database_url, settings.role_password)


async def migrate_all(settings: Settings) -> list[str]:
    """Bring the database's schemas up to date; returns what was applied."""
    return await migrate(settings.required_database_url, role_password=settings.role_password, histories=HISTORIES)
