"""Jobs and their slices: taken once, held by one worker, sealed, and gone when they end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from registry.domain.errors import IdempotencyConflictError, UnknownJobError
from registry.domain.job import JobState, Kind, NewJob, Outcome, RowReport, SliceState
from registry.store.database import Database
from registry.store.jobs import LEASE, JobStore
from registry.store.key_store import KeyStore
from registry.store.tables import job_slices, secrets

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NEW = NewJob("job-1", Kind.ISSUING, "issuer-1", "key-1", "digest", {"achievement_id": "a"})
ROWS = [{"line": 2, "email": "learner@example.org"}, {"line": 3, "email": "other@example.org"}]


@pytest.fixture
def store(database: Database) -> JobStore:
    return JobStore(database, KeyStore(database, bytes(32)))


def given_job(store: JobStore, state: JobState = JobState.CHECKING, new: NewJob = NEW) -> None:
    """Take a job of two slices, up to a state."""
    store.create(new, at=NOW)
    for number, row in enumerate(ROWS):
        store.add_slice(new.job_id, number, [row])
    assert store.move(new.job_id, JobState.RECEIVING, JobState.CHECKING, at=NOW)
    if state is not JobState.CHECKING:
        for _ in ROWS:
            claim = store.claim("checker", at=NOW)
            assert claim is not None
            assert store.complete(claim, Outcome(1, 0))
        assert store.move(new.job_id, JobState.CHECKING, state, at=NOW)


def test_job_is_taken_once_for_one_request(store: JobStore) -> None:
    first = store.create(NEW, at=NOW)

    assert store.create(NEW, at=NOW + timedelta(hours=1)) == first
    with pytest.raises(IdempotencyConflictError):
        store.create(replace(NEW, request_digest="another"), at=NOW)


def test_slice_is_held_by_one_worker_until_its_lease_is_over(store: JobStore) -> None:
    given_job(store)

    first, second = store.claim("a", at=NOW), store.claim("b", at=NOW)
    assert (first and first.number, second and second.number) == (0, 1)
    assert first is not None
    assert first.rows == ROWS[:1]
    assert store.claim("c", at=NOW) is None
    assert store.renew(first, at=NOW + LEASE / 2)
    taken = store.claim("c", at=NOW + LEASE)
    assert taken is not None
    assert (taken.number, taken.claims) == (1, 2)


def test_only_the_newest_claim_reports(store: JobStore) -> None:
    given_job(store)
    lost = store.claim("a", at=NOW)
    newest = store.claim("a", at=NOW + LEASE)
    assert lost is not None
    assert newest is not None
    assert lost.number == newest.number

    assert not store.complete(lost, Outcome(0, 1))
    assert not store.renew(lost, at=NOW)
    assert store.complete(newest, Outcome(1, 0, [RowReport(2, "late", "email")]))
    assert store.reports("job-1", limit=1) == [[RowReport(2, "late", "email")]]


def test_counts_follow_the_slices(store: JobStore) -> None:
    given_job(store, JobState.RUNNING)
    claim = store.claim("a", at=NOW)
    assert claim is not None
    store.complete(claim, Outcome(0, 1))

    job = store.read("job-1")

    assert (job.total, job.checked, job.finished) == (2, 2, 1)
    assert (job.accepted, job.refused) == (1, 1)


def test_urgent_job_overtakes_from_the_next_slice_on(store: JobStore) -> None:
    given_job(store)
    assert store.claim("a", at=NOW) is not None
    given_job(store, new=replace(NEW, job_id="job-2", kind=Kind.STATUS_CHANGE))

    urgent = store.claim("a", at=NOW)

    assert urgent is not None
    assert urgent.job.job_id == "job-2"


def test_cancelling_job_offers_only_what_was_begun(store: JobStore) -> None:
    given_job(store, JobState.RUNNING)
    begun = store.claim("a", at=NOW)
    assert begun is not None
    assert store.move("job-1", JobState.RUNNING, JobState.CANCELLING, at=NOW)

    assert store.claim("b", at=NOW) is None
    assert not store.past_their_stage([Kind.ISSUING])
    again = store.claim("b", at=NOW + LEASE)
    assert again is not None
    assert again.number == begun.number
    assert store.complete(again, Outcome(1, 0))
    assert [job.job_id for job in store.past_their_stage([Kind.ISSUING])] == ["job-1"]


def test_rows_are_sealed_and_gone_with_their_key_when_the_job_ends(
    store: JobStore, database: Database
) -> None:
    given_job(store, JobState.RUNNING)
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


def test_other_slices_take_the_place_of_those_received(store: JobStore) -> None:
    given_job(store)

    store.replace_slices("job-1", [[*reversed(ROWS)]], state=SliceState.CHECKED)

    assert store.rows("job-1", 0) == [*reversed(ROWS)]
    assert [job.job_id for job in store.past_their_stage([Kind.ISSUING])] == ["job-1"]
