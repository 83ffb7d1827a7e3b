"""When may a process be retried?"""

from dataclasses import replace

import pytest

from domain.errors import NotFailed, NotFound
from domain.operations.process import PROCESS, ProcessRetried, ProcessStatus, require_status, retry
from tests.support.scenario import NOW, Scenario

RUNNING = ProcessStatus(
    name="settle_payments",
    position=40,
    heartbeat_at=NOW,
    failed_at=None,
    error=None,
    failed_position=None,
    tries=0,
    retry_at=None,
    waiting=0,
    retrying=0,
)
FAILED = replace(RUNNING, failed_at=NOW, error="ValueError", failed_position=41, tries=3)


class TestRetryProcess:
    def test_given_it_failed_then_what_it_failed_on_is_recorded_however_often(self) -> None:
        retried = ProcessRetried(position=41)
        Scenario().when(retry, FAILED).then(retried)
        Scenario().given(PROCESS.stream("settle_payments"), retried).when(retry, FAILED).then(retried)

    def test_given_it_runs_then_it_is_refused(self) -> None:
        Scenario().when(retry, RUNNING).then_refused(NotFailed)


class TestRequireStatus:
    def test_given_its_name_then_it_is_found_and_another_is_not(self) -> None:
        assert require_status([RUNNING], "settle_payments").state == "running"
        assert require_status([FAILED], "settle_payments").state == "failed"
        with pytest.raises(NotFound):
            require_status([RUNNING], "submit_refunds")
