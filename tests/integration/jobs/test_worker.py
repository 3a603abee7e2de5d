"""The worker: every slice checked, then carried out, whatever happens to the worker itself."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from sqlalchemy import delete, update

from registry.domain.errors import ConcurrentChangeError, IssuerClosedError
from registry.domain.job import Claim, Job, JobState, Kind, NewJob, Outcome
from registry.jobs.worker import JobWorker
from registry.store.database import Database
from registry.store.job_claims import LEASE, UnreadableRowsError
from registry.store.job_intake import JobIntake
from registry.store.jobs import JobStore
from registry.store.key_store import KeyStore
from registry.store.tables import job_slices, secrets

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Counting:
    """A kind of job that notes the lines it carried out."""

    def __init__(self) -> None:
        self.lines: list[int] = []
        self.before: Callable[[], None] = lambda: None

    def check(self, claim: Claim) -> Outcome:
        return Outcome(len(claim.rows), 0)

    def checked(self, job: Job) -> JobState:
        return JobState.WAITING if job.terms["wait"] else JobState.RUNNING

    def carry_out(self, claim: Claim) -> Outcome:
        self.before()
        self.lines += [row["line"] for row in claim.rows]
        return Outcome(len(claim.rows), 0)


class Office:
    """A store with one job of three slices, and workers on it."""

    def __init__(self, database: Database, *, wait: bool = False, job_id: str = "job-1") -> None:
        keys = KeyStore(database, bytes(32))
        self.store, intake = JobStore(database, keys), JobIntake(database, keys)
        self.handler = Counting()
        self.now = NOW
        terms = {"wait": wait}
        new = NewJob(job_id, Kind.ISSUING, "issuer-1", "key-1", "digest", terms)
        self.store.create(new, at=NOW)
        for number in range(3):
            received = self.store.sealed_slice(job_id, number, [{"line": number}])
            intake.add(job_id, "digest", received, at=NOW)
        self.store.move(job_id, JobState.RECEIVING, JobState.CHECKING, at=NOW)

    def worker(self, name: str = "a") -> JobWorker:
        return JobWorker(
            store=self.store,
            handlers={Kind.ISSUING: self.handler},
            clock=lambda: self.now,
            worker=name,
        )

    def run(self) -> Job:
        worker = self.worker()
        while worker.tick():
            pass
        return self.store.read("job-1")


def test_job_is_checked_carried_out_and_done(database: Database) -> None:
    office = Office(database)

    assert office.run().state is JobState.DONE
    assert office.handler.lines == [0, 1, 2]


def test_job_waits_for_confirmation(database: Database) -> None:
    office = Office(database, wait=True)

    assert office.run().state is JobState.WAITING
    assert office.handler.lines == []
    office.store.move("job-1", JobState.WAITING, JobState.RUNNING, at=NOW)
    assert office.run().state is JobState.DONE


def test_slice_of_a_dead_worker_is_taken_after_its_lease(database: Database) -> None:
    office = Office(database)
    while office.store.read("job-1").state is not JobState.RUNNING:
        office.worker().tick()
    assert office.store.claims.take("dead", at=NOW) is not None

    assert office.run().state is JobState.RUNNING
    office.now += LEASE + timedelta(seconds=1)
    assert office.run().state is JobState.DONE
    assert sorted(office.handler.lines) == [0, 1, 2]


def test_passing_trouble_is_tried_again(database: Database) -> None:
    office = Office(database)

    def trouble() -> None:
        office.handler.before = lambda: None
        raise ConcurrentChangeError("somebody was faster")

    office.handler.before = trouble
    with pytest.raises(ConcurrentChangeError):
        office.run()
    assert office.run().state is JobState.DONE
    assert sorted(office.handler.lines) == [0, 1, 2]


def test_refusal_fails_the_job_and_says_why(database: Database) -> None:
    office = Office(database)

    def refuse() -> None:
        raise IssuerClosedError("the issuer is closed")

    office.handler.before = refuse
    job = office.run()

    assert (job.state, job.failure) == (JobState.FAILED, "the issuer is closed")


def test_unforeseen_failure_quotes_nothing(database: Database) -> None:
    office = Office(database)

    def fail() -> None:
        raise KeyError("anna@example.org")

    office.handler.before = fail
    job = office.run()

    assert (job.state, job.failure) == (JobState.FAILED, "an unforeseen KeyError")


def test_job_whose_rows_cannot_be_read_ends_and_keeps_nobody_waiting(database: Database) -> None:
    damaged = Office(database)
    with database.writing() as connection:
        connection.execute(update(job_slices).values(content=b"0" * 40))
    after_it = Office(database, job_id="job-2")

    after_it.run()

    found = damaged.store.read("job-1")
    assert (found.state, damaged.handler.lines) == (JobState.FAILED, [])
    assert found.failure == "the rows that waited were damaged, or their key is gone"
    assert damaged.store.read("job-2").state is JobState.DONE


def test_job_whose_key_is_lost_ends_too(database: Database) -> None:
    office = Office(database)
    with database.writing() as connection:
        connection.execute(delete(secrets).where(secrets.c.name == "job/job-1"))

    assert office.run().state is JobState.FAILED


def test_job_that_is_cancelled_while_a_slice_is_taken_is_no_failure(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(database)
    worker = office.worker()

    def be_cancelled_and_take(*_: object, **__: object) -> None:
        office.store.move("job-1", JobState.CHECKING, JobState.CANCELLED, at=NOW)
        raise UnreadableRowsError("job-1")

    with monkeypatch.context() as racing:
        racing.setattr(office.store.claims, "take", be_cancelled_and_take)
        with structlog.testing.capture_logs() as logs:
            worker.tick()

    found = office.run()
    assert (found.state, found.failure, logs) == (JobState.CANCELLED, None, [])


def test_cancelled_job_begins_nothing_more(database: Database) -> None:
    office = Office(database)
    worker = office.worker()
    while office.handler.lines != [0]:
        worker.tick()
    office.store.move("job-1", JobState.RUNNING, JobState.CANCELLING, at=NOW)

    assert office.run().state is JobState.CANCELLED
    assert office.handler.lines == [0]
