"""Places in memory: updates commute, the latest position wins, and a passed deadline is a change."""

from hypothesis import given
from hypothesis import strategies as st

from api.live.messages import compress_document, seat_map_document
from api.live.places import SOLD, STATES, LivePlaces
from domain.layout.formats.reading import read_layout
from domain.layout.inventory import Inventory
from domain.layout.publishing import publish

DOCUMENT_BYTES_MAX = 100_000
LARGE = '{"sections": [{"name": "Stand", "category": "A", "rows": 390, "seats_per_row": 100}]}'
SMALL = '{"sections": [{"name": "Stand", "category": "A", "rows": 1, "seats_per_row": 4}]}'


def inventory_of(grid: str) -> Inventory:
    """Return the inventory of a layout."""
    return Inventory(publish(read_layout("grid", grid)))


FOUR = inventory_of(SMALL)
TOLD = st.lists(
    st.tuples(st.sampled_from(FOUR.keys), st.sampled_from(STATES), st.none() | st.floats(0, 10)),
    max_size=12,
).map(lambda told: [(*fact, position) for position, fact in enumerate(told, 1)])


def told(facts: list[tuple[str, str, float | None, int]]) -> LivePlaces:
    """Return places with these updates applied."""
    places = LivePlaces(FOUR)
    for key, state, until, position in facts:
        places.apply(key, state, until=until, position=position)
    return places


@given(TOLD, st.randoms(use_true_random=False), st.floats(0, 10))
def test_given_any_order_and_repetition_then_the_same_places(facts, random, now):  # type: ignore[no-untyped-def]
    in_order, mixed = told(facts), told(random.sample(facts * 2, 2 * len(facts)))
    for places in (in_order, mixed):
        places.expire_until(now)
    assert mixed.states() == in_order.states()
    assert mixed.version == in_order.version


@given(TOLD, st.floats(0, 10), st.integers(0, 12))
def test_given_a_position_then_all_that_may_stand_elsewhere_since_is_told(facts, now, known):  # type: ignore[no-untyped-def]
    before, after = told([fact for fact in facts if fact[-1] <= known]), told(facts)
    after.expire_until(now)
    moved = {
        index for index, (was, stands) in enumerate(zip(before.states(), after.states(), strict=True)) if was != stands
    }
    assert moved <= after.since(known)
    count = len(after.since(known))
    assert not after.are_more_since(known, count)
    assert count == 0 or after.are_more_since(known, count - 1)


def test_given_a_deadline_that_moved_then_the_earlier_one_frees_nothing() -> None:
    places = told([("s1", "held", 5.0, 1), ("s1", "held", 9.0, 2), ("s2", "held", 5.0, 3), ("s2", "sold", None, 4)])
    places.take_changed()
    version = places.version
    places.expire_until(6.0)
    assert (places.take_changed(), places.version) == (set(), version)
    places.expire_until(9.0)
    assert places.states_of(places.take_changed()) == {"s1": "free"}
    assert places.version != version


def test_given_39_000_seats_half_of_them_sold_then_the_document_stays_small() -> None:
    inventory = inventory_of(LARGE)
    scattered = bytes(SOLD if (index * 2_654_435_761 >> 7) & 1 else 0 for index in range(len(inventory)))
    plain = seat_map_document("01935a1c-0000-7000-8000-00000000dead", 2**40, inventory, scattered)
    assert 0.4 < scattered.count(SOLD) / len(inventory) < 0.6
    assert len(compress_document(plain)) <= DOCUMENT_BYTES_MAX
