"""The answer that never ends by itself: server-sent events for one client."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.live.messages import Known
from api.live.seat_map import LiveSeatMap
from api.live.subscriber import Subscriber
from api.live.subscribers import SubscriberLimits

EVENT_STREAM = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
ABORT = "seatledger.abort"
"""The ASGI extension of our server that cuts a connection off: `{"abort": callable}`."""


class LiveResponse(Response):
    """Registers the client and waits until it has gone; the seat maps' ticks do the sending.

    Args:
        crowd: those who watch.
        client: whose watcher this is.
        known: up to where the client knows everything; None: it wants what happens from now on.
    """

    def __init__(self, live: LiveSeatMap, known: Known | None, subscribers: SubscriberLimits, client: str) -> None:
        self.status_code = 200
        self.background = None
        self.media_type = EVENT_STREAM
        self.init_headers(HEADERS)
        self._live = live
        self._known = known
        self._crowd = subscribers
        self._client = client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer until the client goes, or the maps end it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        after = await self._begins_after()
        subscriber = Subscriber(send, scope.get("extensions", {}).get(ABORT, {}).get("abort"), after)
        self._crowd.enter(self._client, self._live, subscriber)
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._crowd.leave(self._client, subscriber)

    async def _begins_after(self) -> int:
        """Return the position after which the client is told what changes; one that is not reached resets it."""
        if self._known is None:
            return self._live.position
        if self._live.is_newer_edition_than(self._known):
            return self._live.position + 1
        await self._live.wait_for(self._known.position)
        return self._known.position
