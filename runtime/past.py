"""What an operator asks about the past, as the application's role: it reads the log, and nothing else is needed."""

from dataclasses import replace
from typing import Any

from api.presenters.past import recorded
from eventstore.migrate import APP_ROLE
from eventstore.postgres import PostgresStore
from projections.past.searching import Search, search
from runtime.settings import Settings
from runtime.wiring import build_codec, url_of_role

Body = dict[str, Any]


async def search_log(settings: Settings, asked: Search) -> list[Body]:
    """Return the events that are looked for, however much of the log must be looked at for them."""
    limit, bodies = asked.limit, list[Body]()
    codec = build_codec()
    async with PostgresStore(url_of_role(settings, APP_ROLE)) as store:
        while True:
            found = await search(store, replace(asked, limit=limit - len(bodies)))
            bodies += [recorded(event, codec) for event in found.events]
            if found.following is None or len(bodies) == limit:
                return bodies
            asked = asked.going_on(found.following)
