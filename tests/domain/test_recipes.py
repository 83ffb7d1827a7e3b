"""Do the README's recipes of the domain work word for word?"""

import sys
from dataclasses import replace
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from domain import ticket
from domain.invariants import Ledger, check, seat_invariants, violations
from tests.recipes import blocks_of, defined_by
from tests.support.invariants import logged_events
from tests.support.shop import SEATS, hold_command, on_sale


@pytest.fixture
def printing(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the recipe's test of its command defines, with the event and the command in their places."""
    event = defined_by(blocks_of("Add an event.")[0], **vars(ticket))
    monkeypatch.setattr(ticket, "TicketPrinted", event["TicketPrinted"], raising=False)
    command, _, _, _, test = blocks_of("Add a command.")
    module = ModuleType("domain.printing")
    exec(command, vars(module))
    monkeypatch.setitem(sys.modules, "domain.printing", module)
    return defined_by(test)


def test_the_recipes_test_of_a_command_is_green(printing: dict[str, Any]) -> None:
    tests = printing["TestPrintTicket"]()
    names = [name for name in dir(tests) if name.startswith("test_")]
    assert len(names) == 2
    for name in names:
        getattr(tests, name)()


@pytest.mark.parametrize(("lasts", "is_broken"), [(timedelta(minutes=10), False), (timedelta(0), True)])
def test_the_recipes_invariant_finds_its_planted_bug(
    monkeypatch: pytest.MonkeyPatch, lasts: timedelta, *, is_broken: bool
) -> None:
    monkeypatch.setattr(check, "COMMAND_INVARIANTS", [])
    defined_by(blocks_of("Add an invariant.")[0], **vars(seat_invariants))
    given = on_sale()
    command = hold_command("h1", "ann", SEATS[0])
    changes = given.when(replace(command, duration=lasts)).changes
    assert bool(violations(Ledger(), logged_events(changes, given))) is is_broken
