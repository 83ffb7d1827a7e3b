"""The streaming response of server-sent events to one client."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.live.messages import ClientPosition
from api.live.seat_map import LiveSeatMap
from api.live.subscriber import Subscriber
from api.live.subscribers import SubscriberLimits

EVENT_STREAM = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
ABORT = "seatledger.abort"
"""The ASGI extension of the shop's server that aborts a connection: `{"abort": callable}`."""


class LiveResponse(Response):
    """Subscribes the client and waits until it disconnects; the seat maps' ticks send the events.

    Args:
        live: the seat map.
        known: the client's state; None: it gets the changes from now on.
        subscribers: the subscribers of all seat maps.
        client: the client of the request.
    """

    def __init__(
        self, live: LiveSeatMap, known: ClientPosition | None, subscribers: SubscriberLimits, client: str
    ) -> None:
        self.status_code = 200
        self.background = None
        self.media_type = EVENT_STREAM
        self.init_headers(HEADERS)
        self._live = live
        self._known = known
        self._subscribers = subscribers
        self._client = client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the client disconnects or the seat map ends the response."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        after = await self._begins_after()
        subscriber = Subscriber(send, scope.get("extensions", {}).get(ABORT, {}).get("abort"), after)
        self._subscribers.enter(self._client, self._live, subscriber)
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._subscribers.leave(self._client, subscriber)

    async def _begins_after(self) -> int:
        """Return the position after which changes are sent; a position not yet reached resets the client."""
        if self._known is None:
            return self._live.position
        if self._live.is_newer_edition_than(self._known):
            return self._live.position + 1
        await self._live.wait_for(self._known.position)
        return self._known.position
