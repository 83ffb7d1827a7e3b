"""Every read model there is."""

from collections.abc import Sequence
from itertools import chain

from domain.history import UPCASTERS, VERSIONS
from projections.catalogue import CATALOGUE
from projections.devices import DEVICES
from projections.exceptions import EXCEPTIONS
from projections.facts import ProjectionEventReader
from projections.model import ReadModel
from projections.my_orders import MY_ORDERS
from projections.sales import SALES
from projections.seat_map import SEAT_MAP
from projections.tickets import TICKETS

EVERY_MODEL = (SEAT_MAP, CATALOGUE, MY_ORDERS, TICKETS, SALES, EXCEPTIONS, DEVICES)


def reader_for(models: Sequence[ReadModel]) -> ProjectionEventReader:
    """Return the reader of all that these read models fold."""
    names = frozenset(chain.from_iterable(model.event_names for model in models))
    return ProjectionEventReader(names=names, versions=VERSIONS, upcasters=UPCASTERS)
