"""Jobs and their slices: taken once, held by one worker, sealed, and gone when they end."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from registry.domain.errors import ConflictError, UnknownJobError
from registry.domain.job import Group, JobState, Kind, NewJob, Outcome, RowReport, SliceState
from registry.store.database import Database
from registry.store.job_claims import LEASE
from registry.store.job_intake import JobIntake
from registry.store.jobs import JobStore
from registry.store.key_store import KeyStore
from registry.store.tables import job_slices, jobs, secrets

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NEW = NewJob("job-1", Kind.ISSUING, "issuer-1", "key-1", "digest", {"achievement_id": "a"})
ROWS = [{"line": 2, "email": "learner@example.org"}, {"line": 3, "email": "other@example.org"}]

GivenJob = Callable[..., None]


@pytest.fixture
def store(database: Database) -> JobStore:
    return JobStore(database, KeyStore(database, bytes(32)))


@pytest.fixture
def intake(database: Database) -> JobIntake:
    return JobIntake(database, KeyStore(database, bytes(32)))


@pytest.fixture
def given_job(store: JobStore, intake: JobIntake) -> GivenJob:
    """Take a job of two slices, up to a state."""

    def given(state: JobState = JobState.CHECKING, new: NewJob = NEW) -> None:
        store.create(new, at=NOW)
        for number, row in enumerate(ROWS):
            received = store.sealed_slice(new.job_id, number, [row])
            intake.add(new.job_id, new.request_digest, received, at=NOW)
        assert store.move(new.job_id, JobState.RECEIVING, JobState.CHECKING, at=NOW)
        if state is not JobState.CHECKING:
            for _ in ROWS:
                claim = store.claims.take("checker", at=NOW)
                assert claim is not None
                assert store.claims.complete(claim, Outcome(1, 0))
            assert store.move(new.job_id, JobState.CHECKING, state, at=NOW)

    return given


def test_job_is_taken_once_of_two_requests_at_the_same_moment(store: JobStore) -> None:
    first = store.create(NEW, at=NOW)

    with pytest.raises(ConflictError):
        store.create(replace(NEW, request_digest="another"), at=NOW)
    assert store.read(NEW.job_id) == first


def test_slice_is_held_by_one_worker_until_its_lease_is_over(
    store: JobStore, given_job: GivenJob
) -> None:
    given_job()

    first, second = store.claims.take("a", at=NOW), store.claims.take("b", at=NOW)
    assert (first and first.number, second and second.number) == (0, 1)
    assert first is not None
    assert first.rows == ROWS[:1]
    assert store.claims.take("c", at=NOW) is None
    assert store.claims.renew(first, at=NOW + LEASE / 2)
    taken = store.claims.take("c", at=NOW + LEASE)
    assert taken is not None
    assert (taken.number, taken.claims) == (1, 2)


def test_only_the_newest_claim_reports(store: JobStore, given_job: GivenJob) -> None:
    given_job()
    lost = store.claims.take("a", at=NOW)
    newest = store.claims.take("a", at=NOW + LEASE)
    assert lost is not None
    assert newest is not None
    assert lost.number == newest.number

    assert not store.claims.complete(lost, Outcome(0, 1))
    assert not store.claims.renew(lost, at=NOW)
    assert store.claims.complete(newest, Outcome(1, 0, [RowReport(2, "late", "email")]))
    assert store.reports("job-1", limit=1) == [[RowReport(2, "late", "email")]]


def test_counts_follow_the_slices(store: JobStore, given_job: GivenJob) -> None:
    given_job(JobState.RUNNING)
    claim = store.claims.take("a", at=NOW)
    assert claim is not None
    store.claims.complete(claim, Outcome(0, 1))

    job = store.read("job-1")

    assert (job.total, job.checked, job.finished) == (2, 2, 1)
    assert (job.accepted, job.refused) == (1, 1)


def test_urgent_job_overtakes_from_the_next_slice_on(store: JobStore, given_job: GivenJob) -> None:
    given_job()
    assert store.claims.take("a", at=NOW) is not None
    given_job(new=replace(NEW, job_id="job-2", kind=Kind.STATUS_CHANGE))

    urgent = store.claims.take("a", at=NOW)

    assert urgent is not None
    assert urgent.job.job_id == "job-2"


def test_cancelling_job_offers_only_what_was_begun(store: JobStore, given_job: GivenJob) -> None:
    given_job(JobState.RUNNING)
    begun = store.claims.take("a", at=NOW)
    assert begun is not None
    assert store.move("job-1", JobState.RUNNING, JobState.CANCELLING, at=NOW)

    assert store.claims.take("b", at=NOW) is None
    assert not store.past_their_stage([Kind.ISSUING])
    again = store.claims.take("b", at=NOW + LEASE)
    assert again is not None
    assert again.number == begun.number
    assert store.claims.complete(again, Outcome(1, 0))
    assert [job.job_id for job in store.past_their_stage([Kind.ISSUING])] == ["job-1"]


def test_rows_are_sealed_and_gone_with_their_key_when_the_job_ends(
    store: JobStore, given_job: GivenJob, database: Database
) -> None:
    given_job(JobState.RUNNING)
    contents, keys = select(job_slices.c.content), select(secrets.c.name)
    with database.reading() as connection:
        for content in connection.execute(contents).scalars():
            assert b"learner@example.org" not in content

    assert store.move("job-1", JobState.RUNNING, JobState.CANCELLED, at=NOW)

    with database.reading() as connection:
        assert set(connection.execute(contents).scalars()) == {None}
        assert "job/job-1" not in set(connection.execute(keys).scalars())
    with pytest.raises(UnknownJobError):
        store.rows("job-1", 0)
    assert not store.move("job-1", JobState.RUNNING, JobState.DONE, at=NOW)


def test_others_write_while_a_job_is_regrouped(
    store: JobStore, given_job: GivenJob, database: Database
) -> None:
    given_job()

    def groups() -> Iterator[Group]:
        with database.writing() as connection:
            connection.execute(update(jobs).values(actor="somebody else"))
        yield Group(ROWS, SliceState.CHECKED, Outcome(2, 0))

    assert store.regroup("job-1", groups(), findings={"changes": 2})

    assert (store.slice_numbers("job-1"), store.rows("job-1", 0)) == ([0], ROWS)
    assert store.read("job-1").findings == {"changes": 2}
    assert not store.regroup("job-1", [], findings={})
