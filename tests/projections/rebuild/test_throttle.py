"""A rebuild pauses while bookings are made, and reports its rate."""

import pytest

from projections.rebuild.throttle import (
    QUIET_EVENTS_S,
    RANGE_BUSY,
    RANGE_QUIET,
    REST_S_MAX,
    SHARE_BUSY,
    Progress,
    Rate,
    Throttle,
)


class Hands:
    """A clock that tests advance."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class TestThrottle:
    def test_without_a_known_growth_the_shop_counts_as_busy(self) -> None:
        throttle = Throttle(clock=Hands())
        throttle.record(1_000)
        assert throttle.range_events == RANGE_BUSY
        assert throttle.pause_s(0.1) == pytest.approx(0.1 * (1 / SHARE_BUSY - 1))

    def test_in_a_quiet_shop_there_are_no_pauses(self) -> None:
        hands = Hands()
        throttle = Throttle(clock=hands)
        throttle.record(1_000)
        hands.now = 1.0
        throttle.record(1_000 + int(QUIET_EVENTS_S))
        assert (throttle.range_events, throttle.pause_s(5.0)) == (RANGE_QUIET, 0.0)

    def test_during_bookings_there_are_limited_pauses(self) -> None:
        hands = Hands()
        throttle = Throttle(clock=hands)
        for second, head in enumerate((0, 0, 0, 500, 1_000)):
            hands.now = float(second)
            throttle.record(head)
        assert throttle.range_events == RANGE_BUSY
        assert throttle.pause_s(100.0) == REST_S_MAX


class TestProgress:
    def test_share_and_time_left(self) -> None:
        progress = Progress(state="filling", position=250, target=1_000, events_s=50.0)
        assert (progress.share, progress.left_s) == (0.25, 15.0)

    def test_an_empty_log_is_done(self) -> None:
        assert Progress(state="filling", position=0, target=0, events_s=None).share == 1.0

    def test_the_rate_covers_the_last_seconds(self) -> None:
        hands = Hands()
        rate = Rate(over_s=10.0, clock=hands)
        assert rate.record(0) is None
        for second in range(1, 30):
            hands.now = float(second)
            last = rate.record(100 * second if second <= 10 else 1_000 + 7 * (second - 10))
        assert last == pytest.approx(7.0)
