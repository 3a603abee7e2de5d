"""Issuing in bulk: decided once, carried out once, reported row by row."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from api.clock import now
from api.jobs import report_lines
from registry.commands import Caller
from registry.csv_import import FileError
from registry.domain.errors import (
    AchievementWithdrawnError,
    ConcurrentChangeError,
    ConflictError,
    IdempotencyConflictError,
    RevokedIsFinalError,
    UnknownJobError,
)
from registry.domain.job import Claim, Job, JobState, Kind
from registry.domain.text import Language
from registry.jobs.issuing_terms import Duplicates, Rows
from registry.jobs.jobs import ABANDONED_AFTER, CONFIRMED_WITHIN, Jobs
from registry.jobs.worker import JobWorker
from registry.store.tables import job_digests, job_slices, jobs
from tests.integration.jobs.bureau import Bureau

SEVEN = [f"p{number}@s.example" for number in range(7)]


def test_every_row_is_issued_and_reported_with_its_credential(bureau: Bureau) -> None:
    job = bureau.finish(bureau.order(SEVEN))

    assert (job.state, job.total, job.finished, job.accepted) == (JobState.DONE, 7, 7, 7)
    assert bureau.codes(job) == [(line, "issued") for line in range(2, 9)]
    assert {each.credential_id for each in bureau.report(job)} == set(bureau.statuses())


def test_one_fault_refuses_the_file_unless_valid_rows_are_enough(bureau: Bureau) -> None:
    file = ["a@s.example", "nobody", "b@s.example"]
    refused = bureau.finish(bureau.order(file))

    assert refused.state is JobState.FAILED
    assert refused.failure == "1 row cannot be issued, so none was: see the report"
    assert bureau.statuses() == {}
    valid = bureau.finish(bureau.order(file, rows=Rows.VALID))
    assert (valid.state, valid.accepted, valid.refused) == (JobState.DONE, 2, 1)
    assert bureau.codes(valid) == [(2, "issued"), (3, "email-malformed"), (4, "issued")]


def test_dry_run_says_what_would_be_and_issues_nothing(bureau: Bureau) -> None:
    job = bureau.finish(bureau.order(["a@s.example", "nobody"], dry_run=True))

    assert (job.state, job.accepted, job.refused) == (JobState.DONE, 1, 1)
    assert bureau.codes(job) == [(2, "accepted"), (3, "email-malformed")]
    assert bureau.statuses() == {}


@pytest.mark.parametrize(
    ("policy", "first", "second", "again"),
    [
        (Duplicates.REFUSE, "issued", "duplicate-in-file", "already-issued"),
        (Duplicates.SKIP, "issued", "skipped-in-file", "skipped-as-issued"),
        (Duplicates.SUPERSEDE, "replaced-in-file", "issued", "issued-anew"),
    ],
)
def test_learner_who_is_there_twice_gets_one_credential(
    bureau: Bureau, policy: Duplicates, first: str, second: str, again: str
) -> None:
    # In another slice, and written otherwise.
    file = [SEVEN[0], *SEVEN[1:4], SEVEN[0].upper()]
    terms = {"rows": Rows.VALID, "duplicates": policy}
    job = bureau.finish(bureau.order(file, **terms))

    codes = dict(bureau.codes(job))
    assert (codes[2], codes[6]) == (first, second)
    assert job.accepted == 4
    repeated = bureau.finish(bureau.order([SEVEN[0]], **terms))
    assert bureau.codes(repeated) == [(2, again)]
    assert Counter(bureau.statuses().values())["active"] == 4


def test_superseded_credential_is_revoked_by_the_new_one(bureau: Bureau) -> None:
    old = str(bureau.issue(SEVEN[0]).credential.id)

    job = bureau.finish(bureau.order(SEVEN[:2], duplicates=Duplicates.SUPERSEDE))

    [anew, other] = bureau.report(job)
    assert (anew.code, other.code) == ("issued-anew", "issued")
    credential = bureau.registry.application.any_credential(str(anew.credential_id))
    assert credential.issuance.supersedes == old
    assert bureau.statuses()[old] == "revoked"


def test_revoked_credential_is_no_duplicate(bureau: Bureau) -> None:
    bureau.revoke(str(bureau.issue(SEVEN[0]).credential.id))

    assert bureau.finish(bureau.order(SEVEN[:1])).state is JobState.DONE


def test_what_is_superseded_may_be_revoked_meanwhile(bureau: Bureau) -> None:
    olds = [str(bureau.issue(each).credential.id) for each in SEVEN[:2]]
    job = bureau.running(SEVEN[:3], duplicates=Duplicates.SUPERSEDE)
    bureau.revoke(olds[0])

    done = bureau.finish(job)

    assert (done.state, done.accepted, done.refused) == (JobState.DONE, 2, 1)
    assert bureau.codes(job) == [(2, "revoked-meanwhile"), (3, "issued-anew"), (4, "issued")]
    assert Counter(bureau.statuses().values()) == {"active": 2, "revoked": 2}


def test_achievement_withdrawn_meanwhile_ends_the_job_and_says_what_was_issued(
    bureau: Bureau,
) -> None:
    job = bureau.running(SEVEN)
    bureau.registry.jobs.worker.tick()
    application = bureau.registry.application
    application.withdraw_achievement(Caller("x"), bureau.issuer_id, bureau.achievement_id)

    ended = bureau.finish(job)

    assert ended.state is JobState.FAILED
    assert "withdrawn" in str(ended.failure)
    issued = {each.credential_id for each in bureau.report(job) if each.code == "issued"}
    assert issued == set(bureau.statuses())
    assert len(issued) == 3
    with pytest.raises(AchievementWithdrawnError):
        bureau.order(SEVEN)


def test_cancelled_job_keeps_and_reports_what_was_issued(bureau: Bureau) -> None:
    job = bureau.running(SEVEN)
    bureau.registry.jobs.worker.tick()

    bureau.registry.jobs.cancel(job.job_id)

    assert bureau.finish(job).state is JobState.CANCELLED
    issued = [each.credential_id for each in bureau.report(job) if each.code == "issued"]
    assert set(issued) == set(bureau.statuses())
    assert len(issued) == 3
    assert bureau.registry.jobs.cancel(job.job_id).state is JobState.CANCELLED
    assert told(bureau, job) == {"issued": 3, "job-cancelled": 4}


def told(bureau: Bureau, job: Job) -> Counter[str]:
    """Return the codes of a job's report, and of how many rows each is said."""
    lines = report_lines(bureau.registry, bureau.read(job), Language.EN)
    return Counter(line.split(",")[2] for line in "".join(lines).splitlines()[1:])


def test_report_says_whether_what_was_accepted_was_issued(bureau: Bureau) -> None:
    waiting = bureau.finish(bureau.order(SEVEN, wait=True))
    assert told(bureau, waiting) == {"accepted": 7}
    bureau.registry.jobs.cancel(waiting.job_id)
    assert told(bureau, waiting) == {"job-cancelled": 7}

    refused = bureau.finish(bureau.order(["nobody", "a@student.example"]))
    assert told(bureau, refused) == {"email-malformed": 1, "job-failed": 1}

    checked = bureau.finish(bureau.order(["nobody", "a@student.example"], dry_run=True))
    assert told(bureau, checked) == {"email-malformed": 1, "accepted": 1}


def test_job_waits_for_its_confirmation(bureau: Bureau) -> None:
    job = bureau.finish(bureau.order(SEVEN, wait=True))

    assert (job.state, job.accepted) == (JobState.WAITING, 7)
    assert bureau.statuses() == {}
    bureau.registry.jobs.confirm(job.job_id)
    assert bureau.finish(job).state is JobState.DONE
    with pytest.raises(ConflictError):
        bureau.registry.jobs.confirm(job.job_id)
    with pytest.raises(ConflictError):
        bureau.registry.jobs.cancel(job.job_id)


# ---------------------------------------------------------------------- repeats and crashes


def test_same_request_makes_one_job_and_another_is_refused(bureau: Bureau) -> None:
    job = bureau.finish(bureau.order(SEVEN, key="spring"))

    assert bureau.order(SEVEN, key="spring") == job
    for other, dry_run in ((SEVEN[:2], False), (SEVEN, True)):
        with pytest.raises(IdempotencyConflictError):
            bureau.order(other, key="spring", dry_run=dry_run)
    assert len(bureau.statuses()) == 7


def claimed(bureau: Bureau, worker: str) -> Claim:
    claim = bureau.registry.jobs.store.claims.take(worker, at=now())
    assert claim is not None
    return claim


def test_slice_that_was_issued_but_not_reported_is_found_again(bureau: Bureau) -> None:
    job = bureau.running(SEVEN[:3])
    handler = bureau.registry.jobs.handlers[Kind.ISSUING]
    lost = handler.carry_out(claimed(bureau, "dead"))
    bureau.registry.jobs.store.claims.release_all("dead")

    assert bureau.finish(job).state is JobState.DONE
    assert bureau.report(job) == list(lost.reports)
    assert len(bureau.statuses()) == 3


def test_repeat_decides_as_the_first_attempt_did(bureau: Bureau) -> None:
    for each in SEVEN[:2]:
        bureau.issue(each)
    job = bureau.running(SEVEN[:3], duplicates=Duplicates.SUPERSEDE)
    handler = bureau.registry.jobs.handlers[Kind.ISSUING]
    lost = handler.carry_out(claimed(bureau, "dead"))
    bureau.registry.jobs.store.claims.release_all("dead")

    assert bureau.finish(job).state is JobState.DONE
    assert bureau.report(job) == list(lost.reports)
    assert Counter(bureau.statuses().values()) == {"active": 3, "revoked": 2}


def test_worker_that_was_thought_dead_issues_nothing_twice(bureau: Bureau) -> None:
    old = str(bureau.issue(SEVEN[0]).credential.id)
    job = bureau.running(SEVEN[:3], duplicates=Duplicates.SUPERSEDE)
    handler = bureau.registry.jobs.handlers[Kind.ISSUING]
    slow = claimed(bureau, "slow")
    bureau.registry.jobs.store.claims.release_all("slow")
    assert bureau.finish(job).state is JobState.DONE

    late = handler.carry_out(slow)

    assert bureau.report(job) == list(late.reports)
    assert not bureau.registry.jobs.store.claims.complete(slow, late)
    assert bureau.statuses()[old] == "revoked"
    assert Counter(bureau.statuses().values()) == {"active": 3, "revoked": 1}


def test_credential_that_another_worker_has_just_superseded_is_not_lost(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau.issue(SEVEN[0])
    job = bureau.running(SEVEN[:3], duplicates=Duplicates.SUPERSEDE)
    application = bureau.registry.application
    issue = application.issue

    def other_is_first(*arguments: Any) -> None:
        issue(*arguments)
        raise RevokedIsFinalError("what the other superseded is revoked")

    with monkeypatch.context() as patched:
        patched.setattr(application, "issue", other_is_first)
        bureau.finish(job)

    assert bureau.codes(job) == [(2, "issued-anew"), (3, "issued"), (4, "issued")]
    assert Counter(bureau.statuses().values()) == {"active": 3, "revoked": 1}


def test_worker_that_comes_late_to_an_amended_slice_cannot_issue_it(bureau: Bureau) -> None:
    olds = [str(bureau.issue(each).credential.id) for each in SEVEN[:2]]
    job = bureau.running(SEVEN[:3], duplicates=Duplicates.SUPERSEDE)
    handler = bureau.registry.jobs.handlers[Kind.ISSUING]
    slow = claimed(bureau, "slow")
    bureau.registry.jobs.store.claims.release_all("slow")
    bureau.revoke(olds[0])
    assert bureau.finish(job).accepted == 2

    with pytest.raises(ConcurrentChangeError):
        handler.carry_out(slow)

    assert Counter(bureau.statuses().values()) == {"active": 2, "revoked": 2}


def test_upload_that_breaks_off_leaves_nothing_behind(bureau: Bureau) -> None:
    for body in ("email\n" + "a@s.example\n" * 10 + '"', "email\nb@s.example\n" * 2 + "\0"):
        with pytest.raises(FileError):
            bureau.order(body, key="spring")

    assert nothing_is_left(bureau)
    assert bureau.finish(bureau.order(SEVEN, key="spring")).state is JobState.DONE


def nothing_is_left(bureau: Bureau) -> bool:
    """Say whether the issuer has no job, and no slice or digest is without its job."""
    known = select(jobs.c.job_id)
    with bureau.registry.database.reading() as connection:
        left = [
            connection.execute(
                select(func.count()).select_from(table).where(table.c.job_id.not_in(known))
            ).scalar_one()
            for table in (job_slices, job_digests)
        ]
    of_issuer = bureau.registry.jobs.store.newest(limit=10, issuer_id=bureau.issuer_id)
    return not any(left) and not of_issuer


def test_upload_that_died_is_swept_and_may_be_repeated_before(bureau: Bureau) -> None:
    job = half_received(bureau)
    with pytest.raises(ConflictError, match="arriving in another request"):
        bureau.order(SEVEN, key="spring")

    assert jobs_later(bureau, ABANDONED_AFTER * 2).sweep() == 1
    assert nothing_is_left(bureau)
    with pytest.raises(UnknownJobError):
        bureau.read(job)


def test_job_that_nobody_confirms_is_cancelled_and_its_rows_are_gone(bureau: Bureau) -> None:
    job = bureau.finish(bureau.order(SEVEN, wait=True))

    jobs_later(bureau, CONFIRMED_WITHIN - timedelta(days=1)).sweep()
    assert bureau.read(job).state is JobState.WAITING
    jobs_later(bureau, CONFIRMED_WITHIN + timedelta(days=1)).sweep()

    found = bureau.read(job)
    assert (found.state, found.failure) == (
        JobState.CANCELLED,
        "nobody confirmed it within 30 days",
    )
    assert set(stored(bureau, job)) == {None}


def jobs_later(bureau: Bureau, after: timedelta) -> Jobs:
    """Return the jobs as a process sees them whose clock is ahead."""
    jobs, then = bureau.registry.jobs, now() + after
    return Jobs(
        store=jobs.store,
        intake=jobs.intake,
        handlers={},
        clock=lambda: then,
        worker="sweeper",
    )


def half_received(bureau: Bureau) -> Job:
    """Leave behind what a process leaves that is killed while rows arrive."""
    job = bureau.order(SEVEN, key="spring")
    with bureau.registry.database.writing() as connection:
        half = update(jobs).where(jobs.c.job_id == job.job_id)
        connection.execute(half.values(state=JobState.RECEIVING))
    return job


# ---------------------------------------------------------------------- several at once


def test_two_jobs_for_one_achievement_do_not_issue_to_one_learner_twice(bureau: Bureau) -> None:
    first, second = bureau.order(SEVEN), bureau.order(SEVEN[3:5], rows=Rows.VALID)
    elsewhere = bureau.order(SEVEN[:1], achievement_id=bureau.define())
    assert bureau.registry.jobs.store.ahead_of(second) == first.job_id
    while not bureau.read(first).ended:
        bureau.fold()
        bureau.registry.jobs.worker.tick()
        assert bureau.read(second).checked == 0 or bureau.read(first).ended

    assert bureau.finish(second).refused == 2
    assert bureau.codes(second) == [(2, "already-issued"), (3, "already-issued")]
    assert bureau.read(elsewhere).state is JobState.DONE
    assert len(bureau.statuses()) == 8


def test_check_waits_until_the_views_hold_what_was_recorded_before(bureau: Bureau) -> None:
    bureau.fold()
    bureau.issue(SEVEN[0])
    job = bureau.order(SEVEN[:1])

    with pytest.raises(ConcurrentChangeError, match="views are behind"):
        bureau.registry.jobs.worker.tick()

    bureau.finish(job)
    assert bureau.codes(job) == [(2, "already-issued")]


def test_two_workers_share_a_job_and_issue_every_row_once(bureau: Bureau) -> None:
    job = bureau.order([f"q{number}@s.example" for number in range(30)])
    bureau.fold()
    run_two(bureau)

    assert bureau.read(job).state is JobState.DONE
    assert len({each.credential_id for each in bureau.report(job)}) == 30
    assert len(bureau.statuses()) == 30


def run_two(bureau: Bureau) -> None:
    def work(name: str) -> int:
        worker = JobWorker(
            store=bureau.registry.jobs.store,
            handlers=bureau.registry.jobs.handlers,
            clock=now,
            worker=name,
        )
        slices, idle = 0, 0
        while idle < 5:
            done = worker.tick()
            slices, idle = slices + done, 0 if done else idle + 1
        return slices

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(work, ("a", "b"))) == 20


def test_rows_and_digests_are_gone_when_the_job_has_ended(bureau: Bureau) -> None:
    job = bureau.order(["canary@s.example"])
    kept = stored(bureau, job)
    assert len(kept) == 2
    assert not any(b"canary" in bytes(each) for each in kept if each)

    bureau.finish(job)

    assert stored(bureau, job) == [None]


def stored(bureau: Bureau, job: Job) -> list[bytes | None]:
    """Return what is stored of a job's rows."""
    columns = (job_slices.c.content, job_digests.c.digest)
    with bureau.registry.database.reading() as connection:
        return [
            each
            for column in columns
            for each in connection.execute(
                select(column).where(column.table.c.job_id == job.job_id)
            ).scalars()
        ]


def test_period_that_ends_while_the_job_runs_is_still_issued(bureau: Bureau) -> None:
    file = "email,valid_until\na@s.example,2099-01-01\nb@s.example,2020-01-01\n"
    job = bureau.finish(bureau.order(file, rows=Rows.VALID))

    assert bureau.codes(job) == [(2, "issued"), (3, "period-over")]
    [one] = (each for each in bureau.report(job) if each.code == "issued")
    issuance = bureau.registry.application.any_credential(str(one.credential_id)).issuance
    # Decided at the check, so that no repeat finds the period to be over.
    assert issuance.valid_from < issuance.recorded_at
