"""Runs the README's recipe for a process, word for word."""

from datetime import timedelta

from adapters.postgres.memory_process_state import MemoryProcessState, ProcessRecords
from eventstore.clock import FixedClock
from eventstore.memory import MemoryStore
from processes.runner import RuleExecution
from processes.shared_reader import SharedEventReader
from tests.processes.shop import handler_on
from tests.recipes import blocks_of, defined_by
from tests.support.audited_scenario import AuditedScenario
from tests.support.engine import CODEC, START


async def test_given_a_show_that_began_an_hour_ago_then_its_sale_is_closed() -> None:
    clock = FixedClock(START)
    scenario = AuditedScenario(MemoryStore(now=clock.now), clock, cache_size=0)
    await scenario.open()
    (code,) = blocks_of("Add a process.")
    rule = defined_by(code)["CloseSalesOfBegunShows"](handler_on(scenario.store, clock=clock))
    tenure = await MemoryProcessState(ProcessRecords(now=clock.now)).acquire(rule.name)
    assert tenure is not None
    execution = RuleExecution(rule, tenure, log=SharedEventReader(scenario.store, rule.events), codec=CODEC)
    await execution.begin()
    clock.advance(timedelta(days=30, hours=2))
    while await execution.step():
        pass
    last = (await scenario.store.read_range(after=0, limit=1_000))[-1]
    assert last.name == "SalesClosed"
    assert f'"id":"{rule.name}"' in last.metadata
