"""All rules in their own process with short delays, which may be told to die: `python -m tests.processes.worker …`."""

import asyncio
import json
import os
import signal
import sys
from typing import Any

from adapters.postgres.pool import open_pool_for_records
from adapters.postgres.process_state import PostgresProcessState
from adapters.sandbox_gateway import SandboxGateway
from domain.ports.payment_gateway import ProviderRefund
from eventstore.batcher import Batcher
from eventstore.postgres import PostgresStore
from processes.runner import run_rules
from tests.adapters.sandbox_process import API_KEY, WEBHOOK_SECRET
from tests.processes.databases import READY
from tests.processes.shop import QUICK, SILENCE_S, handler_on, rules_on
from tests.support.engine import CODEC


class DyingGateway(SandboxGateway):
    """A gateway whose process is killed right before or right after its request for a transfer."""

    dies = "never"

    async def submit_refund(self, **command: Any) -> ProviderRefund:
        """Request a transfer and die, or only one of them."""
        if self.dies == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        refund = await super().submit_refund(**command)
        if self.dies == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return refund


async def work(app_url: str, gateway_url: str, dies: str) -> None:
    """Run until killed."""
    async with (
        PostgresStore(app_url) as store,
        open_pool_for_records(app_url) as pool,
        DyingGateway(gateway_url, API_KEY, WEBHOOK_SECRET) as gateway,
    ):
        gateway.dies = dies
        rules = rules_on(handler_on(store, appender=Batcher(store)), {"sandbox": gateway}, store)
        state = PostgresProcessState(pool, silence_s=SILENCE_S)
        sys.stdout.write(f"{READY}\n")
        sys.stdout.flush()
        await run_rules(rules, log=store, codec=CODEC, state=state, retries=QUICK)


if __name__ == "__main__":
    asyncio.run(work(**json.loads(sys.argv[1])))
