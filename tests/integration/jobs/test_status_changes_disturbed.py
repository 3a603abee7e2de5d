"""Mass changes while others act, workers die or race, and what was suspended is taken back."""

import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from registry.domain import events as e
from registry.domain.credential import Status
from registry.domain.errors import ConcurrentChangeError, ConflictError
from registry.domain.issuer import EndReason
from registry.domain.job import Claim, JobState, Outcome
from registry.jobs.status_changes_terms import Code, Operation, Rest, Terms
from registry.requests import StatusChange
from registry.store.database import StoreUnavailableError
from registry.store.job_claims import LEASE
from tests.integration.jobs.mass_changes import DEPUTY, HEAD, MassChanges
from tests.making import Parts, connect, fail_once, open_unsure

REVOKE, SUSPEND, REINSTATE = Operation.REVOKE, Operation.SUSPEND, Operation.REINSTATE
ROOT = Path(__file__).parents[3]


@pytest.fixture
def world(sqlite_parts: Parts) -> MassChanges:
    """What does not depend on the database is tried on one."""
    return MassChanges(sqlite_parts)


@pytest.fixture
def either(parts: Parts) -> MassChanges:
    return MassChanges(parts)


def checked(world: MassChanges, operation: Operation) -> str:
    """Order a change, have it checked and confirmed; return the job's id."""
    job = world.run(world.take(operation, world.ids, rest=Rest.LEAVE))
    return world.orders.confirm(job.job_id, by=DEPUTY).job_id


def test_what_was_revoked_meanwhile_is_named_and_the_rest_goes_on(either: MassChanges) -> None:
    job_id = checked(either, REVOKE)
    either.application.revoke(HEAD, either.issuer_id, either.ids[1], StatusChange("fraud"))

    job = either.run(either.jobs.store.read(job_id))

    assert either.codes(job) == [Code.REVOKED, Code.REVOKED_ALREADY, Code.REVOKED]
    assert len(either.of(e.CredentialRevoked)) == 3


def test_what_was_suspended_meanwhile_is_revoked_all_the_same(world: MassChanges) -> None:
    job_id = checked(world, REVOKE)
    world.application.suspend(HEAD, world.issuer_id, world.ids[1], StatusChange("fraud"))

    job = world.run(world.jobs.store.read(job_id))

    assert world.codes(job) == [Code.REVOKED] * 3
    assert world.status(world.ids[1]) is Status.REVOKED


def test_changes_whose_answer_was_lost_are_recognised(ready_url: str) -> None:
    parts = connect(ready_url, recorder=open_unsure)
    world = MassChanges(parts)
    job_id = checked(world, REVOKE)
    fail_once(parts, e.CredentialRevoked.TOPIC, applied=True)
    with pytest.raises(StoreUnavailableError):
        world.run(world.jobs.store.read(job_id))

    job = world.run(world.jobs.store.read(job_id))

    assert world.codes(job) == [Code.REVOKED] * 3
    assert len(world.of(e.CredentialRevoked)) == 3
    parts.close()


def test_worker_that_died_after_saving_leaves_nothing_to_be_done_twice(world: MassChanges) -> None:
    job_id = checked(world, REVOKE)
    dead = world.process("dead")
    claim = dead.store.claims.take("dead", at=world.parts.clock())
    assert claim is not None
    dead.handlers[claim.job.kind].carry_out(claim)

    world.parts.clock.now += LEASE + timedelta(seconds=1)
    job = world.run(world.jobs.store.read(job_id))

    assert (job.state, world.codes(job)) == (JobState.DONE, [Code.REVOKED] * 3)
    assert len(world.of(e.CredentialRevoked)) == 3


def close(world: MassChanges) -> None:
    world.application.issuer_changes.close(
        HEAD, world.issuer_id, custodian_id=None, reason=EndReason.MERGED
    )


def test_what_a_dead_worker_saved_is_reported_though_the_issuer_was_closed_since(
    either: MassChanges,
) -> None:
    job_id = checked(either, SUSPEND)
    either.application.revoke(HEAD, either.issuer_id, either.ids[1], StatusChange("fraud"))
    dead = either.process("dead")
    claim = dead.store.claims.take("dead", at=either.parts.clock())
    assert claim is not None
    dead.handlers[claim.job.kind].carry_out(claim)
    close(either)

    either.parts.clock.now += LEASE + timedelta(seconds=1)
    job = either.run(either.jobs.store.read(job_id))

    assert job.state is JobState.DONE
    assert either.codes(job) == [Code.SUSPENDED, Code.ISSUER_CLOSED, Code.SUSPENDED]


def test_what_was_begun_and_not_saved_is_not_done_once_the_issuer_is_closed(
    world: MassChanges,
) -> None:
    job_id = checked(world, SUSPEND)
    assert world.jobs.store.claims.take("dead", at=world.parts.clock())
    close(world)

    world.parts.clock.now += LEASE + timedelta(seconds=1)
    job = world.run(world.jobs.store.read(job_id))

    assert (job.state, world.codes(job)) == (JobState.FAILED, [])
    assert world.of(e.CredentialSuspended) == []


def test_job_that_is_cancelled_while_it_is_checked_is_no_failure(
    world: MassChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = world.take(SUSPEND, world.ids)
    handler = world.jobs.handlers[job.kind]
    check = handler.check

    def check_and_be_cancelled(claim: Claim) -> Outcome:
        outcome = check(claim)
        world.jobs.cancel(job.job_id)
        return outcome

    monkeypatch.setattr(handler, "check", check_and_be_cancelled)
    with structlog.testing.capture_logs() as logs:
        assert world.run(job).state is JobState.CANCELLED

    assert logs == []


def test_job_that_is_cancelled_while_it_is_regrouped_is_no_failure(
    world: MassChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = world.take(SUSPEND, world.ids)
    handler: Any = world.jobs.handlers[job.kind]
    sealed = handler._regrouping._store._sealed
    new_slice = sealed.new_slice

    def be_cancelled_and_seal(*given: Any, **more: Any) -> Any:
        world.jobs.cancel(job.job_id)
        return new_slice(*given, **more)

    monkeypatch.setattr(sealed, "new_slice", be_cancelled_and_seal)
    with structlog.testing.capture_logs() as logs:
        assert world.run(job).state is JobState.CANCELLED

    assert logs == []


def test_two_workers_on_one_slice_change_each_credential_once(either: MassChanges) -> None:
    job_id = checked(either, SUSPEND)
    store, clock = either.jobs.store, either.parts.clock
    first = store.claims.take("first", at=clock())
    clock.now += LEASE + timedelta(seconds=1)
    second = store.claims.take("second", at=clock())
    assert first is not None
    assert second is not None
    handler = either.jobs.handlers[first.job.kind]

    threads = [threading.Thread(target=handler.carry_out, args=[each]) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(either.of(e.CredentialSuspended)) == 3
    clock.now += LEASE + timedelta(seconds=1)
    assert either.codes(either.run(store.read(job_id))) == [Code.SUSPENDED] * 3


def test_two_workers_regroup_a_job_once(world: MassChanges) -> None:
    job = world.take(REVOKE, world.ids)
    store = world.jobs.store
    while store.read(job.job_id).checked < len(world.ids):
        world.jobs.worker.tick()
    late = store.read(job.job_id)
    world.run(job)
    world.orders.confirm(job.job_id, by=DEPUTY)
    world.run(job)

    world.jobs.handlers[job.kind].checked(late)

    done = store.read(job.job_id)
    assert (done.state, done.finished, done.accepted) == (JobState.DONE, 3, 3)


def test_changes_that_lose_every_race_are_tried_again_later(
    world: MassChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = checked(world, SUSPEND)
    save = world.parts.streams.append_all

    def outrun(*_: object) -> None:
        raise ConcurrentChangeError("somebody was faster")

    monkeypatch.setattr(world.parts.streams, "append_all", outrun)
    with pytest.raises(ConcurrentChangeError):
        world.run(world.jobs.store.read(job_id))
    monkeypatch.setattr(world.parts.streams, "append_all", save)

    assert world.codes(world.run(world.jobs.store.read(job_id))) == [Code.SUSPENDED] * 3


KILLED = """
import os, sys
from tests.integration.jobs.mass_changes import Existing
world = Existing(sys.argv[1], sys.argv[2])
insert = world.parts.recorder.insert_events
def insert_and_die(*given, **more):
    insert(*given, **more)
    os.kill(os.getpid(), 9)
world.parts.recorder.insert_events = insert_and_die
while world.jobs.worker.tick():
    pass
"""


def test_process_killed_after_its_save_leaves_nothing_to_be_done_twice(
    ready_url: str,
) -> None:
    parts = connect(ready_url)
    world = MassChanges(parts)
    job_id = checked(world, REVOKE)

    killed = subprocess.run(
        [sys.executable, "-c", KILLED, ready_url, world.issuer_id], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL

    parts.clock.now += LEASE + timedelta(days=4000)
    job = world.run(world.jobs.store.read(job_id))
    assert (job.state, world.codes(job)) == (JobState.DONE, [Code.REVOKED] * 3)
    assert len(world.of(e.CredentialRevoked)) == 3
    parts.close()


# Taking back


def undo(world: MassChanges, job_id: str, **more: Any) -> Terms:
    return Terms(
        REINSTATE, "other", selection={"undo": job_id}, undoes=job_id, rest=Rest.LEAVE, **more
    )


def test_suspensions_are_taken_back(either: MassChanges) -> None:
    suspended = either.change(SUSPEND, either.ids)

    job = either.orders.undo(HEAD, suspended.job_id, undo(either, suspended.job_id, wait=False))

    assert either.codes(either.run(job)) == [Code.REINSTATED] * 3
    assert {either.status(each) for each in either.ids} == {Status.ACTIVE}


def test_only_what_that_job_suspended_and_nobody_changed_since_is_taken_back(
    world: MassChanges,
) -> None:
    application, issuer = world.application, world.issuer_id
    other = world.issue_one(valid_until=None)
    application.suspend(HEAD, issuer, other, StatusChange("fraud"))
    job = world.change(SUSPEND, world.ids)
    revoked, again, _ = world.ids
    application.revoke(HEAD, issuer, revoked, StatusChange("fraud"))
    application.reinstate(HEAD, issuer, again, StatusChange("other"))
    application.suspend(HEAD, issuer, again, StatusChange("fraud"))

    done = world.run(world.orders.undo(HEAD, job.job_id, undo(world, job.job_id, wait=False)))

    assert world.codes(done) == [Code.REVOKED_ALREADY, Code.SUSPENDED_ANEW, Code.REINSTATED]
    assert world.status(other) is Status.SUSPENDED


def test_what_ended_by_itself_is_not_reinstated_twice(world: MassChanges) -> None:
    until = world.parts.clock() + timedelta(days=1)
    job = world.change(SUSPEND, world.ids, until=until)
    world.parts.clock.advance(days=2)
    world.parts.housekeeping.end_suspension(world.ids[0])

    done = world.run(world.orders.undo(HEAD, job.job_id, undo(world, job.job_id, wait=False)))

    assert world.codes(done)[0] == Code.NOT_SUSPENDED


@pytest.mark.parametrize("operation", [REVOKE, REINSTATE])
def test_only_a_suspension_is_taken_back(world: MassChanges, operation: Operation) -> None:
    if operation is REINSTATE:
        world.change(SUSPEND, world.ids)
    job = world.change(operation, world.ids)

    with pytest.raises(ConflictError, match="only a suspension"):
        world.orders.undo(HEAD, job.job_id, undo(world, job.job_id))


def test_what_waits_is_not_taken_back(world: MassChanges) -> None:
    job = world.run(world.take(SUSPEND, world.ids))

    with pytest.raises(ConflictError, match="waiting"):
        world.orders.undo(HEAD, job.job_id, undo(world, job.job_id))


def test_cancelled_order_changes_nothing(world: MassChanges) -> None:
    job = world.run(world.take(REVOKE, world.ids))
    world.jobs.cancel(job.job_id)

    assert world.run(job).state is JobState.CANCELLED
    assert world.of(e.CredentialRevoked) == []


@pytest.mark.parametrize("rest", list(Rest))
def test_undoing_what_is_reinstated_already_ends_at_once(world: MassChanges, rest: Rest) -> None:
    job = world.change(SUSPEND, world.ids)
    world.change(REINSTATE, world.ids)
    terms = Terms(REINSTATE, "other", selection={}, undoes=job.job_id, rest=rest)

    again = world.run(world.orders.undo(HEAD, job.job_id, terms))

    assert (again.state, again.accepted, again.refused) == (JobState.DONE, 0, 3)
    assert again.findings is not None
    assert again.findings["changes"] == 0
    assert world.codes(again) == [Code.NOT_SUSPENDED] * 3


def test_undoing_a_job_that_suspended_none_is_refused(world: MassChanges) -> None:
    job = world.jobs.cancel(world.take(SUSPEND, world.ids).job_id)

    with pytest.raises(ConflictError, match="nothing is left to undo"):
        world.orders.undo(HEAD, job.job_id, undo(world, job.job_id))
