"""The thread that works on jobs: woken, stopped, and outliving whatever goes wrong."""

from collections.abc import Callable, Iterator

import pytest

from api.clock import now
from registry.domain.job import JobState
from registry.jobs.running import JobRunner
from registry.jobs.worker_names import worker_name
from registry.store.database import StoreUnavailableError
from tests.integration.jobs.bureau import Bureau
from tests.waiting import wait_until


@pytest.fixture
def start(bureau: Bureau) -> Iterator[Callable[..., JobRunner]]:
    runners: list[JobRunner] = []

    def start(prepare: Callable[[], None] = lambda: None) -> JobRunner:
        runners.append(JobRunner(bureau.registry.jobs, prepare=prepare))
        runners[-1].start()
        return runners[-1]

    yield start
    for runner in runners:
        runner.stop()


def test_job_that_is_there_is_carried_out(bureau: Bureau, start: Callable[..., JobRunner]) -> None:
    job = bureau.order(["a@s.example"])
    bureau.fold()

    runner = start()

    wait_until(lambda: bureau.read(job).state is JobState.DONE)
    assert runner.failure is None


def test_database_that_is_away_is_waited_for(
    bureau: Bureau, start: Callable[..., JobRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.jobs.running.RETRY_SECONDS", 0.05)
    job = bureau.order(["b@s.example"])
    bureau.fold()
    attempts: list[int] = []

    def prepare() -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise StoreUnavailableError("it is away")

    runner = start(prepare)

    wait_until(lambda: bureau.read(job).state is JobState.DONE)
    assert len(attempts) == 3
    wait_until(lambda: runner.failure is None)


def test_what_a_dead_process_held_is_taken_over_at_once(
    bureau: Bureau, start: Callable[..., JobRunner]
) -> None:
    job = bureau.running(["c@s.example"])
    # As a process that was killed, and had the id that this one has.
    killed = worker_name("before")
    assert bureau.registry.jobs.store.claims.take(killed, at=now()) is not None

    start()

    wait_until(lambda: bureau.read(job).state is JobState.DONE)
