"""Whom the parts are to the database: each logs in as the role that may do what it does, and nothing more."""

from eventstore.migrate import role_url
from runtime.settings import Settings


def url_of_role(settings: Settings, role: str) -> str:
    """Return the database's address for one of our login roles."""
    return role_url(settings.required_database_url, role, settings.role_password(role))
