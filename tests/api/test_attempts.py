"""Guessing is slowed down, in bounded memory."""

import pytest

from api.attempts import Attempts, Limit
from api.errors import TooManyAttempts


class Watch:
    """A clock that tests wind."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        """Return the seconds it shows."""
        return self.time


class TestLimit:
    def test_given_the_count_is_reached_then_it_says_how_long_to_wait(self) -> None:
        watch = Watch()
        limit = Limit(2, 60, now=watch)
        limit.note("ann")
        watch.time = 15
        limit.note("ann")
        watch.time = 20
        with pytest.raises(TooManyAttempts) as refused:
            limit.check("ann")
        assert refused.value.retry_after_seconds == 40
        limit.check("bob")

    def test_given_the_window_has_passed_then_it_is_open_again(self) -> None:
        watch = Watch()
        limit = Limit(1, 60, now=watch)
        limit.note("ann")
        watch.time = 60
        limit.check("ann")

    def test_given_more_keys_than_are_kept_then_the_oldest_is_forgotten(self) -> None:
        limit = Limit(1, 60, keys_max=2)
        for key in ("ann", "bob", "cleo"):
            limit.note(key)
        limit.check("ann")
        with pytest.raises(TooManyAttempts):
            limit.check("cleo")


class TestAttempts:
    def test_given_failures_at_many_addresses_then_the_client_waits(self) -> None:
        attempts = Attempts(per_client=Limit(3, 60))
        for number in range(3):
            attempts.failed(f"{number}@example.com", "client")
        with pytest.raises(TooManyAttempts):
            attempts.check("ann@example.com", "client")
        attempts.check("ann@example.com", "another client")

    def test_given_a_success_then_the_failures_at_that_address_are_forgiven(self) -> None:
        attempts = Attempts(per_address=Limit(2, 60))
        attempts.failed("ann@example.com", "client")
        attempts.succeeded("ann@example.com", "client")
        attempts.failed("ann@example.com", "client")
        attempts.check("ann@example.com", "client")

    def test_given_too_many_guests_then_the_client_waits(self) -> None:
        attempts = Attempts(guests=Limit(1, 60))
        attempts.guest("client")
        with pytest.raises(TooManyAttempts):
            attempts.guest("client")
