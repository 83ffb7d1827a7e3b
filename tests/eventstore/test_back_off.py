"""Growing pauses."""

from datetime import timedelta

from eventstore.back_off import BackOff


class TestBackOff:
    def test_it_grows_to_its_most(self) -> None:
        pauses = BackOff(first=timedelta(seconds=1), factor=3.0, maximum=timedelta(seconds=20))
        assert [pauses.after(tries).total_seconds() for tries in (0, 1, 2, 3, 1_000_000)] == [1, 3, 9, 20, 20]
