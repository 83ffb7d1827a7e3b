"""HTTP/1.1 parsed by httptools, within the limits of the edge."""

import asyncio
from functools import partial
from typing import Any, ClassVar
from weakref import ReferenceType, ref

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.http.deadlines import GONE
from api.live import ABORT
from runtime.edge.connections import Edge
from runtime.edge.limits import WINDOW_SECONDS
from runtime.edge.refusals import Refusal

EXPECT, CONTINUE = b"expect", b"100-continue"
HEADER_OVERHEAD = 4
"""The colon, the space and the line's end."""

DISCARDED_BYTES_MAX = 1024 * 1024


SILENT, HEAD, BODY, BETWEEN = range(4)
"""What the client sends. Integers, because the attribute look-up of an enumeration costs more than the check itself."""


class LimitPassed(Exception):
    """Stops the parser after a limit was exceeded."""


class EdgeProtocol(HttpToolsProtocol):
    """One connection, whose bytes and pauses are limited by `EdgeLimits`."""

    edge: ClassVar[Edge]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.client_key = ""
        self.is_shared = False
        self.phase = SILENT
        self.since = self.edge.now
        self.received = 0
        self.framing = 0
        self.discarded = 0
        self.unsent = 0
        self.unsent_since = 0.0
        self.refusal: Refusal | None = None
        self.answering: RequestResponseCycle | None = None

    @property
    def peer(self) -> str:
        """The remote address."""
        return self.client[0] if self.client else ""

    @property
    def is_idle(self) -> bool:
        """Whether no request is being received or answered."""
        return self.phase in (SILENT, BETWEEN) and not self.is_answering

    @property
    def is_answering(self) -> bool:
        """Whether a response is not complete yet."""
        return self.answering is not None and not self.answering.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Identify the client and count the connection; close it if a limit is reached."""
        super().connection_made(transport)
        self.client_key, self.is_shared = self.edge.clients.of_peer(self.peer)
        refusal = self.edge.admit(self)
        if refusal is not None:
            self.end(refusal)

    def connection_lost(self, exc: Exception | None) -> None:
        """Mark the request being answered as disconnected; uvicorn marks only the last one that was read."""
        self.edge.release(self)
        if self.answering is not None:
            self.answering.disconnected = True
            self.answering.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse received bytes and enforce the limits of size."""
        if self.refusal is not None:
            return
        if self.phase != BODY:
            if self.phase != HEAD:
                self._begin_head()
            self.received += len(data)
        self.framing += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._last_request()
        except httptools.HttpParserError:
            self._end_parsing()
        else:
            if self.framing > self.edge.limits.head_bytes:
                self._check_framing()

    def on_message_begin(self) -> None:
        """Start a request, unless too many are pipelined."""
        if len(self.pipeline) >= self.edge.limits.pipelined:
            self._stop(Refusal.PIPELINED)
        if self.phase != HEAD:
            self._begin_head()
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"abort": self.transport.abort}}

    def on_url(self, url: bytes) -> None:
        """Append a part of the request target."""
        self.url += url
        if len(self.url) > self.edge.limits.url_bytes:
            self._stop(Refusal.URL_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Append a header; trailers are ignored."""
        if self.phase != HEAD:
            return
        name = name.lower()
        if name == EXPECT and value.lower() == CONTINUE:
            self.expect_100_continue = True
        self.headers.append((name, value))
        if len(self.headers) > self.edge.limits.headers:
            self._stop(Refusal.HEAD_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """Start the body, and pass the request to the application."""
        if self.received > self.edge.limits.head_bytes and self._head_bytes() > self.edge.limits.head_bytes:
            self._stop(Refusal.HEAD_TOO_LARGE)
        super().on_headers_complete()
        self.scope["extensions"][GONE] = {"gone": partial(is_gone, ref(self.cycle))}
        self.phase, self.since = BODY, self.edge.now
        self.received = self.framing = 0

    def on_body(self, body: bytes) -> None:
        """Append a part of the body; after a complete response it is discarded."""
        self.framing = 0
        self.received += len(body)
        cycle = self.cycle
        if cycle.response_complete:
            self._discard(len(body))
            return
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """End a request."""
        self.phase, self.since = BETWEEN, self.edge.now
        self.framing = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Start the next pipelined request; without one, the idle deadline starts."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self.phase != HEAD:
            self.since = self.edge.now

    def resume_writing(self) -> None:
        """Resume after the client has read most of the buffered response."""
        self.unsent = 0
        super().resume_writing()

    def overdue(self, now: float) -> Refusal | None:
        """Return the refusal for a passed deadline; None: no deadline has passed."""
        if self._is_answer_stuck(now):
            return Refusal.ANSWER_NOT_TAKEN
        if self.refusal is not None:
            return None
        limits, waited = self.edge.limits, now - self.since
        if self.phase == BODY:
            return self._check_window(now) if waited > WINDOW_SECONDS else None
        if self.phase == HEAD:
            return Refusal.HEAD_SLOW if waited > limits.head_seconds else None
        if self.phase == SILENT:
            return Refusal.SILENT if waited > limits.first_byte_seconds else None
        return Refusal.IDLE if waited > limits.idle_seconds and not self.is_answering else None

    def end(self, refusal: Refusal) -> None:
        """Close the connection, after a response if the client can still read one."""
        self.edge.refused[refusal.reason] += 1
        self.refusal = refusal
        if refusal is Refusal.ANSWER_NOT_TAKEN:
            self.transport.abort()
            return
        if refusal.status is not None and self._may_answer():
            self.transport.write(refusal.answer())
        for cycle in filter(None, (self.answering, self.cycle)):
            cycle.disconnected = True
            cycle.message_event.set()
        self.pipeline.clear()
        self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Start a request now, or queue it behind its client's earlier ones."""
        self.answering = cycle
        starts = self.edge.starts
        if starts.try_start():
            super()._start_asgi_task(cycle, app)
        else:
            starts.enqueue(self._client_of(cycle), partial(self._start_late, cycle, app))

    def _start_late(self, cycle: RequestResponseCycle, app: Any) -> None:
        if not cycle.disconnected:
            super()._start_asgi_task(cycle, app)

    def _client_of(self, cycle: RequestResponseCycle) -> str:
        """Return the client that sent a request, directly or through a trusted proxy."""
        if not self.is_shared:
            return self.client_key
        clients = self.edge.clients
        header = clients.header.encode()
        values = [value.decode("latin-1") for name, value in cycle.scope["headers"] if name == header]
        return clients.behind(self.peer, values)

    def _begin_head(self) -> None:
        self.phase, self.since = HEAD, self.edge.now
        self.received = self.framing = 0

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + HEADER_OVERHEAD for name, value in self.headers)

    def _stop(self, refusal: Refusal) -> None:
        self.refusal = refusal
        raise LimitPassed

    def _discard(self, count: int) -> None:
        """Count body bytes after the response; up to a limit, because the client may not have read the response yet."""
        self.discarded += count
        if self.discarded > DISCARDED_BYTES_MAX:
            self._stop(Refusal.ANSWERED)

    def _last_request(self) -> None:
        """Close after the pending responses: the client requested an upgrade, and no other protocol is supported."""
        if self.cycle is not None:
            self.cycle.keep_alive = False
        self.flow.pause_reading()

    def _end_parsing(self) -> None:
        self.end(self.refusal or Refusal.MALFORMED)

    def _check_framing(self) -> None:
        """Close a connection that sends many bytes without content: an endless head, trailers, chunk extensions."""
        if self.phase == HEAD:
            self.end(Refusal.HEAD_TOO_LARGE)
        elif self.phase == BODY:
            self.end(Refusal.OVERHEAD)

    def _check_window(self, now: float) -> Refusal | None:
        enough = self.received >= self.edge.limits.body_bytes_per_window or self.flow.read_paused
        self.since, self.received = now, 0
        return None if enough else Refusal.BODY_SLOW

    def _is_answer_stuck(self, now: float) -> bool:
        """Return whether the client has read too little of the buffered response for too long."""
        waits = self.flow.write_paused or self.transport.is_closing()
        unsent = self.transport.get_write_buffer_size() if waits else 0
        if not unsent or self.unsent - unsent >= self.edge.limits.answer_bytes or not self.unsent:
            self.unsent, self.unsent_since = unsent, now
            return False
        return now - self.unsent_since > self.edge.limits.answer_seconds

    def _may_answer(self) -> bool:
        """Return whether a response written now would be taken for the response to the request being sent."""
        if self.phase == BODY:
            return self.answering is self.cycle and not self.cycle.response_started
        return not self.is_answering


def is_gone(request: ReferenceType[RequestResponseCycle]) -> bool:
    """Return whether the client of a request has disconnected.

    The reference is weak: the request's scope holds this function, and a scope that held its request would be a cycle,
    which only the garbage collector frees. That cost 2 % of a booking.
    """
    cycle = request()
    return cycle is None or cycle.disconnected


def protocol_of(edge: Edge) -> type[EdgeProtocol]:
    """Return a protocol class whose connections are counted by this edge."""

    class Bound(EdgeProtocol):
        pass

    Bound.edge = edge
    return Bound
