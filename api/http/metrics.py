"""Metrics in Prometheus text format: requests by route and status, durations, and gauges of other parts."""

from collections import Counter
from collections.abc import Iterator, Mapping

TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counts answered requests."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.requests = 0
        self.webhooks_ignored = 0
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._seconds: Counter[tuple[str, str]] = Counter()

    def record_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; `route` is the route's template, not the path."""
        self.requests += 1
        self._requests[method, route, status] += 1
        self._seconds[method, route] += seconds  # type: ignore[assignment] # Counter also sums floats

    def text(self, gauges: Mapping[str, float]) -> str:
        """Return all counters and the given `gauges` as text."""
        return "\n".join([*self._lines(), *(f"seatledger_{name} {value:g}" for name, value in gauges.items()), ""])

    def _lines(self) -> Iterator[str]:
        yield "# TYPE seatledger_requests_total counter"
        for (method, route, status), count in sorted(self._requests.items()):
            yield f'seatledger_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
        yield "# TYPE seatledger_request_seconds_total counter"
        for (method, route), seconds in sorted(self._seconds.items()):
            yield f'seatledger_request_seconds_total{{method="{method}",route="{route}"}} {seconds:.6f}'
        yield "# TYPE seatledger_webhooks_ignored_total counter"
        yield f"seatledger_webhooks_ignored_total {self.webhooks_ignored}"
        yield "# TYPE seatledger_requests_in_flight gauge"
        yield f"seatledger_requests_in_flight {self.in_flight}"
