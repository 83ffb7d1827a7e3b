"""The database: the schema migrations of every package, and the URL of each login role.

Imports little, because `up` runs it first and keeps in memory what it imports.
"""

from adapters.postgres.pool import RECORDS
from eventstore.postgres.migrate import EVENTSTORE, History, migrate
from eventstore.postgres.roles import APP_ROLE, PROJECTOR_ROLE, SEALER_ROLE, role_url, roles_script
from runtime.settings import Settings

PROJECTIONS = History(name="projections", package="projections.migrations")
HISTORIES = (EVENTSTORE, RECORDS, PROJECTIONS)


async def statements_for_roles(settings: Settings) -> str:
    """Return the SQL statements that an administrator runs to create the login roles."""
    return await roles_script(settings.required_database_url, settings.role_password)


async def migrate_all(settings: Settings) -> list[str]:
    """Apply the pending migrations of every schema, as the database's owner.

    Returns:
        The names of the applied migrations; empty if the schemas were up to date.
    """
    return await migrate(settings.required_database_url, role_password=settings.role_password, histories=HISTORIES)


def url_of_role(settings: Settings, role: str) -> str:
    """Return the URL under which a login role connects: its own setting, or derived from the owner's URL.

    Raises:
        SettingsRefused: neither the role's URL nor the owner's is set.
    """
    own = {
        APP_ROLE: settings.app_database_url,
        PROJECTOR_ROLE: settings.projector_database_url,
        SEALER_ROLE: settings.sealer_database_url,
    }.get(role)
    if own is not None:
        return own.get_secret_value()
    return role_url(settings.required_database_url, role, settings.role_password(role))
