"""Whom the parts are to the database: each logs in as the role that may do what it does, and nothing more."""

from eventstore.postgres.roles import APP_ROLE, PROJECTOR_ROLE, SEALER_ROLE, role_url
from runtime.settings import Settings


def url_of_role(settings: Settings, role: str) -> str:
    """Return the database's address for one of our login roles: its own setting, or made from the owner's."""
    own = {
        APP_ROLE: settings.app_database_url,
        PROJECTOR_ROLE: settings.projector_database_url,
        SEALER_ROLE: settings.sealer_database_url,
    }.get(role)
    if own is not None:
        return own.get_secret_value()
    return role_url(settings.required_database_url, role, settings.role_password(role))
