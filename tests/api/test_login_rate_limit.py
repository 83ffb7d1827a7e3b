"""The login rate limit: guesses are delayed in bounded memory, and owners are not locked out."""

import asyncio

import pytest

from api.auth.login_rate_limit import (
    DELAY_SECONDS_MAX,
    DELAYED_OF_CLIENT_MAX,
    FREE_FAILURES,
    QUEUE_LENGTH_MAX,
    LoginRateLimit,
    RateLimit,
)
from application.errors import TooManyAttempts, WrongCredentials

ANN = "ann@example.com"


class FakeClock:
    """A clock that tests set and that advances while a task sleeps."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Return its time in seconds."""
        return self.time

    async def sleep(self, seconds: float) -> None:
        """Advance the clock without waiting."""
        await asyncio.sleep(0)
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture
def watch() -> FakeClock:
    return FakeClock()


@pytest.fixture
def attempts(watch: FakeClock) -> LoginRateLimit:
    return LoginRateLimit(now=watch, sleep=watch.sleep)


async def wrong(attempts: LoginRateLimit, account: str, client: str, *, device: str = "") -> None:
    """Attempt a wrong password."""
    with pytest.raises(WrongCredentials):
        async with attempts.attempt(account, client, device=device):
            raise WrongCredentials


async def right(attempts: LoginRateLimit, account: str, client: str, *, device: str = "") -> None:
    """Log in."""
    async with attempts.attempt(account, client, device=device):
        pass


class TestBudget:
    def test_given_it_is_used_up_then_it_says_how_long_to_wait_and_grows_again(self, watch: FakeClock) -> None:
        budget = RateLimit(2, 0.1, now=watch)
        assert [budget.charge("ann"), budget.charge("ann")] == [0.0, 0.0]
        with pytest.raises(TooManyAttempts) as refused:
            budget.charge("ann")
        assert refused.value.retry_after_seconds == 10
        assert budget.charge("bob") == 0.0
        watch.time = 10
        assert budget.charge("ann") == 0.0

    def test_given_it_may_be_waited_for_then_it_says_how_long_and_refuses_beyond(self, watch: FakeClock) -> None:
        budget = RateLimit(1, 1.0, wait_seconds_max=2.0, now=watch)
        assert [budget.charge("ann") for _ in range(3)] == [0.0, 1.0, 2.0]
        with pytest.raises(TooManyAttempts):
            budget.charge("ann")

    def test_given_a_refusal_then_nothing_was_taken(self, watch: FakeClock) -> None:
        budget = RateLimit(1, 1.0, now=watch)
        budget.charge("ann")
        for _ in range(100):
            with pytest.raises(TooManyAttempts):
                budget.charge("ann")
        watch.time = 1
        assert budget.charge("ann") == 0.0

    def test_given_more_keys_than_are_kept_then_the_oldest_is_forgotten(self) -> None:
        budget = RateLimit(1, 1.0, keys_max=2)
        for key in ("ann", "bob", "cleo", "ann"):
            budget.charge(key)
        with pytest.raises(TooManyAttempts):
            budget.charge("cleo")


class TestAccount:
    async def test_given_failures_then_the_delay_grows_up_to_a_limit_and_the_owner_still_comes_in(
        self, attempts: LoginRateLimit, watch: FakeClock
    ) -> None:
        for _ in range(FREE_FAILURES + 8):
            await wrong(attempts, ANN, "mallory")
        delays = [slept for slept in watch.slept if slept]
        assert delays == sorted(delays)
        assert len(delays) >= 5
        assert max(delays) <= DELAY_SECONDS_MAX
        await right(attempts, ANN, "ann's home")
        assert watch.slept[-1] <= DELAY_SECONDS_MAX

    async def test_given_time_then_failures_are_forgiven(self, attempts: LoginRateLimit, watch: FakeClock) -> None:
        for _ in range(FREE_FAILURES + 3):
            await wrong(attempts, ANN, "mallory")
        watch.time += 3_600
        watch.slept.clear()
        for _ in range(FREE_FAILURES):
            await wrong(attempts, ANN, "mallory")
        assert watch.slept == []

    async def test_given_guesses_at_once_then_few_are_judged_without_delay(
        self, attempts: LoginRateLimit, watch: FakeClock
    ) -> None:
        guesses = (wrong(attempts, ANN, f"bot {number}") for number in range(FREE_FAILURES + QUEUE_LENGTH_MAX))
        await asyncio.gather(*guesses)
        assert sum(watch.slept) > QUEUE_LENGTH_MAX / 2 * DELAY_SECONDS_MAX / 2

    async def test_given_a_client_that_crowds_the_line_then_the_owner_comes_next(
        self, attempts: LoginRateLimit
    ) -> None:
        done: list[str] = []

        async def guess(client: str) -> None:
            try:
                await wrong(attempts, ANN, client)
            finally:
                done.append(client)

        for _ in range(FREE_FAILURES):
            await wrong(attempts, ANN, "mallory")
        crowd = [asyncio.create_task(guess("mallory")) for _ in range(DELAYED_OF_CLIENT_MAX)]
        await asyncio.sleep(0)
        await asyncio.gather(*crowd, asyncio.create_task(guess("ann")))
        assert done.index("ann") <= 3

    async def test_given_more_of_a_client_than_may_wait_then_the_next_is_asked_to_retry(
        self, attempts: LoginRateLimit
    ) -> None:
        for _ in range(FREE_FAILURES):
            await wrong(attempts, ANN, "mallory")
        crowd = [asyncio.create_task(wrong(attempts, ANN, "mallory")) for _ in range(DELAYED_OF_CLIENT_MAX)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyAttempts):
            await right(attempts, ANN, "mallory")
        await right(attempts, "bob@example.com", "mallory")
        await asyncio.gather(*crowd)


class TestDevice:
    async def test_given_guesses_of_others_then_a_known_device_passes_beside(
        self, attempts: LoginRateLimit, watch: FakeClock
    ) -> None:
        for _ in range(FREE_FAILURES + 5):
            await wrong(attempts, ANN, "mallory")
        watch.slept.clear()
        await right(attempts, ANN, "mallory", device="ann's telephone")
        assert watch.slept == []

    async def test_given_guesses_of_a_known_device_then_it_is_slowed_down_alone(
        self, attempts: LoginRateLimit, watch: FakeClock
    ) -> None:
        for _ in range(FREE_FAILURES + 5):
            await wrong(attempts, ANN, "mallory", device="stolen")
        assert max(watch.slept) > 0
        watch.slept.clear()
        await right(attempts, ANN, "ann's home")
        await right(attempts, ANN, "ann's home", device="ann's telephone")
        assert watch.slept == []


class TestClient:
    async def test_given_many_accounts_then_the_client_waits_and_others_do_not(
        self, attempts: LoginRateLimit, watch: FakeClock
    ) -> None:
        for number in range(220):
            await wrong(attempts, f"{number}@example.com", "mallory")
        assert watch.slept
        watch.slept.clear()
        await right(attempts, ANN, "ann's home")
        assert watch.slept == []

    def test_given_too_many_guests_then_the_client_waits(self, watch: FakeClock) -> None:
        attempts = LoginRateLimit(guests=RateLimit(1, 1.0, now=watch), now=watch)
        attempts.record_guest("client")
        with pytest.raises(TooManyAttempts):
            attempts.record_guest("client")
        attempts.record_guest("another client")
