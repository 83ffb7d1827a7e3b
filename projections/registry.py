"""The list of all read models, and the reader of the events that they fold."""

from collections.abc import Sequence
from itertools import chain

from domain.event_registry import UPCASTERS, VERSIONS
from projections.catalogue import CATALOGUE
from projections.devices.fold import DEVICES
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.model import ReadModel
from projections.exceptions.fold import EXCEPTIONS
from projections.my_orders import MY_ORDERS
from projections.sales.fold import SALES
from projections.seat_map.fold import SEAT_MAP
from projections.tickets.fold import TICKETS

EVERY_MODEL = (SEAT_MAP, CATALOGUE, MY_ORDERS, TICKETS, SALES, EXCEPTIONS, DEVICES)


def reader_for(models: Sequence[ReadModel]) -> ProjectionEventReader:
    """Return a reader of the events that at least one of these read models folds."""
    names = frozenset(chain.from_iterable(model.event_names for model in models))
    return ProjectionEventReader(names=names, versions=VERSIONS, upcasters=UPCASTERS)
