"""Mass changes of statuses: what is checked, what is done, and what is said of each row."""

from datetime import timedelta
from uuid import uuid4

import pytest

from registry.commands import Caller
from registry.domain import events as e
from registry.domain.achievement import Profile
from registry.domain.credential import Status
from registry.domain.errors import (
    ConflictError,
    EffectiveAtError,
    FourEyesError,
    IdempotencyConflictError,
    InvalidValueError,
    IssuerClosedError,
    UnknownJobError,
    UnknownReasonError,
)
from registry.domain.issuer import EndReason
from registry.domain.job import JobState
from registry.jobs.status_changes_terms import Code, Operation, Rest, Terms
from registry.requests import StatusChange
from tests.integration.jobs.mass_changes import DEPUTY, HEAD, MassChanges, rows
from tests.making import Parts, new_achievement, new_issuer, order

REVOKE, SUSPEND, REINSTATE = Operation.REVOKE, Operation.SUSPEND, Operation.REINSTATE


@pytest.fixture
def world(sqlite_parts: Parts) -> MassChanges:
    """What does not depend on the database is tried on one."""
    return MassChanges(sqlite_parts)


@pytest.fixture
def either(parts: Parts) -> MassChanges:
    return MassChanges(parts)


@pytest.mark.parametrize(
    ("operation", "status"), [(REVOKE, Status.REVOKED), (SUSPEND, Status.SUSPENDED)]
)
def test_every_credential_of_a_file_is_changed(
    world: MassChanges, operation: Operation, status: Status
) -> None:
    job = world.change(operation, world.ids)

    assert (job.state, job.accepted, job.refused) == (JobState.DONE, 3, 0)
    assert [world.status(each) for each in world.ids] == [status] * 3
    assert [report.credential_id for report in world.said(job)] == world.ids


def test_suspended_credentials_are_reinstated(world: MassChanges) -> None:
    world.change(SUSPEND, world.ids)

    world.change(REINSTATE, world.ids)

    assert {world.status(each) for each in world.ids} == {Status.ACTIVE}


def test_changes_of_a_list_are_one_save_without_another_event_between(either: MassChanges) -> None:
    either.change(REVOKE, either.ids)

    found = either.parts.recorder.select_notifications(None, 1_000)
    revoked = [each.id for each in found if each.topic == e.CredentialRevoked.TOPIC]
    assert revoked == list(range(revoked[0], revoked[0] + 3))


def test_events_say_who_when_and_why_as_after_single_changes(world: MassChanges) -> None:
    single = world.issue_one()
    world.application.revoke(HEAD, world.issuer_id, single, StatusChange("fraud"))
    world.change(REVOKE, world.ids[:1])

    own, in_bulk = world.of(e.CredentialRevoked)
    differing = {name for name, value in vars(in_bulk).items() if value != vars(own)[name]}
    assert differing == {
        "originator_id", "recorded_at", "command_id", "request_digest", "nonce", "list_index"
    }  # fmt: skip


def test_order_waits_with_a_preview_and_changes_nothing(world: MassChanges) -> None:
    world.change(SUSPEND, world.ids[:1])

    job = world.run(world.take(REVOKE, [*world.ids, str(uuid4())]))

    (opened,) = world.of(e.StatusListOpened)
    assert job.state is JobState.WAITING
    assert job.findings == {
        "changes": 3,
        "statuses": {"active": 2, "suspended": 1},
        "refused": {"not-found": 1},
        "lists": [{"list_id": str(opened.originator_id), "purpose": "revocation", "entries": 3}],
        "approval_required": False,
    }
    assert world.of(e.CredentialRevoked) == []


def test_each_row_that_cannot_be_changed_is_named_with_its_code(either: MassChanges) -> None:
    either.change(REVOKE, either.ids[:1])
    either.change(SUSPEND, either.ids[1:2])
    unknown = str(uuid4())

    asked = [*either.ids, either.ids[2], unknown, None]
    job = either.run(either.take(SUSPEND, asked))

    assert either.codes(job) == [
        Code.REVOKED_ALREADY, Code.SUSPENDED_ALREADY, Code.DUPLICATE, Code.NOT_FOUND,
        Code.MALFORMED_ID,
    ]  # fmt: skip
    assert [report.line for report in either.said(job)] == [1, 2, 4, 5, 6]
    assert (job.accepted, job.refused) == (1, 5)


def test_another_issuers_credential_is_refused_like_an_unknown_one(world: MassChanges) -> None:
    application = world.application
    other = new_issuer(application, 2)
    achievement = new_achievement(application, other)
    (theirs,) = application.issue(HEAD, other, [order(achievement)])
    asked = [str(theirs.credential.id), str(uuid4())]

    job = world.run(world.take(REVOKE, asked))

    assert world.codes(job) == [Code.NOT_FOUND] * 2
    assert job.findings is not None
    assert job.findings["statuses"] == {}


def test_achievement_without_a_suspension_entry_cannot_be_suspended(world: MassChanges) -> None:
    bare = new_achievement(world.application, world.issuer_id, profile=Profile.OB_STRICT)
    (one,) = world.issue(order(bare))

    job = world.run(world.take(SUSPEND, [str(one.credential.id)]))

    assert world.codes(job) == [Code.NO_ENTRY]


def test_change_from_before_the_credential_existed_is_refused(world: MassChanges) -> None:
    early = world.parts.clock() - timedelta(days=1)

    job = world.run(world.take(REVOKE, world.ids[:1], effective_at=early))

    assert world.codes(job) == [Code.EFFECTIVE_AT]


def test_all_or_nothing_is_refused_where_one_cannot_be_changed(world: MassChanges) -> None:
    job = world.run(world.take(REVOKE, [*world.ids, str(uuid4())]))

    with pytest.raises(ConflictError, match="1 cannot be changed, 3 can"):
        world.orders.confirm(job.job_id, by=HEAD.actor)
    assert world.run(job).state is JobState.WAITING


def test_order_that_would_run_at_once_waits_where_one_cannot_be_changed(world: MassChanges) -> None:
    job = world.change(REVOKE, [*world.ids, str(uuid4())])

    assert job.state is JobState.WAITING
    assert world.of(e.CredentialRevoked) == []


@pytest.mark.parametrize("rest", list(Rest))
@pytest.mark.parametrize("wait", [True, False])
def test_order_that_can_change_nothing_ends_at_once(
    world: MassChanges, wait: bool, rest: Rest
) -> None:
    job = world.run(world.take(REVOKE, [str(uuid4())], wait=wait, rest=rest))

    assert (job.state, job.accepted, job.refused) == (JobState.DONE, 0, 1)
    assert job.findings is not None
    assert (job.findings["changes"], job.findings["refused"]) == (0, {Code.NOT_FOUND: 1})
    assert world.codes(job) == [Code.NOT_FOUND]


def test_rest_is_left_and_named(either: MassChanges) -> None:
    job = either.run(either.take(REVOKE, [str(uuid4()), *either.ids]))

    either.orders.confirm(job.job_id, by=HEAD.actor, rest=Rest.LEAVE)
    job = either.run(job)

    assert (job.state, job.accepted, job.refused) == (JobState.DONE, 3, 1)
    assert either.codes(job) == [Code.NOT_FOUND, *[Code.REVOKED] * 3]


def test_report_outlives_the_rows(world: MassChanges) -> None:
    job = world.change(REVOKE, world.ids)

    with pytest.raises(UnknownJobError):
        world.jobs.store.rows(job.job_id, 0)
    assert len(world.said(job)) == 3


def test_who_ordered_does_not_confirm_where_a_second_person_is_asked_for(
    world: MassChanges,
) -> None:
    job = world.run(world.take(REVOKE, world.ids, approval_required=True, wait=False))
    assert job.state is JobState.WAITING

    with pytest.raises(FourEyesError):
        world.orders.confirm(job.job_id, by=HEAD.actor)
    world.orders.confirm(job.job_id, by=DEPUTY)

    done = world.run(job)
    assert done.state is JobState.DONE
    assert done.findings is not None
    assert done.findings["confirmed_by"] == DEPUTY


@pytest.mark.parametrize(("count", "waits"), [(2, False), (3, True)])
def test_second_person_is_needed_from_a_number_of_changes_on(
    sqlite_parts: Parts, count: int, waits: bool
) -> None:
    world = MassChanges(sqlite_parts, approval_from=3)

    job = world.change(REVOKE, world.ids[:count])

    assert (job.state is JobState.WAITING) is waits


def test_who_holds_the_master_key_confirms_alone(world: MassChanges) -> None:
    job = world.run(world.take(REVOKE, world.ids, approval_required=True))

    world.orders.confirm(job.job_id, by=HEAD.actor, alone=True)

    assert world.run(job).state is JobState.DONE


def test_confirming_twice_changes_nothing_more(world: MassChanges) -> None:
    job = world.run(world.take(REVOKE, world.ids))
    world.orders.confirm(job.job_id, by=DEPUTY)
    world.run(job)

    assert world.orders.confirm(job.job_id, by=DEPUTY).state is JobState.DONE
    assert len(world.of(e.CredentialRevoked)) == 3


def test_repeated_order_returns_the_first_job(world: MassChanges) -> None:
    again = Caller(HEAD.actor, "incident-7")
    first = world.change(REVOKE, world.ids, caller=again)

    repeated = world.take(REVOKE, world.ids, caller=again, wait=False)

    assert (repeated.job_id, repeated.state) == (first.job_id, JobState.DONE)


def test_repeated_order_is_recognised_when_it_could_not_be_made_any_more(
    world: MassChanges,
) -> None:
    once = Caller("api-key:head", "once")
    until = world.parts.clock() + timedelta(minutes=1)
    first = world.take(SUSPEND, world.ids, caller=once, until=until)
    world.parts.clock.advance(minutes=2)
    world.application.issuer_changes.close(
        HEAD, world.issuer_id, custodian_id=None, reason=EndReason.MERGED
    )

    assert world.take(SUSPEND, world.ids, caller=once, until=until).job_id == first.job_id


def test_other_rows_under_the_same_key_are_refused(world: MassChanges) -> None:
    again = Caller(HEAD.actor, "incident-7")
    world.take(REVOKE, world.ids, caller=again)

    with pytest.raises(IdempotencyConflictError):
        world.take(REVOKE, world.ids[:2], caller=again)


def test_note_is_kept_for_each_credential_and_nowhere_else(either: MassChanges) -> None:
    job = either.change(REVOKE, either.ids, note="printed on stolen paper")

    for event in either.of(e.CredentialRevoked):
        assert isinstance(event, e.CredentialRevoked)
        note = either.parts.vault.note(str(event.originator_id), event.note_digest or "")
        assert note == b"printed on stolen paper"
    assert "stolen" not in str((job, either.said(job)))


def test_timed_suspension_ends_when_it_was_promised(world: MassChanges) -> None:
    until = world.parts.clock() + timedelta(days=1)
    world.change(SUSPEND, world.ids, until=until)

    (first, *_) = world.of(e.CredentialSuspended)
    assert isinstance(first, e.CredentialSuspended)
    assert first.until is not None
    world.parts.clock.advance(days=2)
    assert world.parts.housekeeping.end_suspension(world.ids[0])


def test_suspension_whose_end_passed_while_it_waited_is_not_begun(world: MassChanges) -> None:
    until = world.parts.clock() + timedelta(days=1)
    job = world.run(world.take(SUSPEND, world.ids, until=until))
    world.parts.clock.advance(days=2)

    world.orders.confirm(job.job_id, by=DEPUTY)

    assert world.codes(world.run(job)) == [Code.UNTIL_PASSED] * 3
    assert world.of(e.CredentialSuspended) == []


def test_impossible_orders_leave_nothing_behind(world: MassChanges) -> None:
    past = world.parts.clock() - timedelta(days=1)
    ordered = [
        (UnknownReasonError, Terms(REVOKE, "no-such-code"), world.ids),
        (EffectiveAtError, Terms(SUSPEND, "fraud", until=past), world.ids),
        (EffectiveAtError, Terms(REVOKE, "fraud", effective_at=past + timedelta(9)), world.ids),
        (InvalidValueError, Terms(REVOKE, "fraud", until=past), world.ids),
        (InvalidValueError, Terms(REVOKE, "fraud"), []),
    ]
    for error, terms, ids in ordered:
        with pytest.raises(error):
            world.orders.order(HEAD, world.issuer_id, terms, rows(ids))
    assert world.jobs.store.newest(limit=1) == []


def test_closed_issuer_changes_nothing_and_its_custodian_does(world: MassChanges) -> None:
    custodian = new_issuer(world.application, 2)
    waiting = world.run(world.take(REVOKE, world.ids[:1]))
    world.application.issuer_changes.close(
        HEAD, world.issuer_id, custodian_id=custodian, reason=EndReason.MERGED
    )

    with pytest.raises(IssuerClosedError):
        world.take(REVOKE, world.ids)
    world.orders.confirm(waiting.job_id, by=DEPUTY)
    assert world.run(waiting).state is JobState.FAILED

    job = world.change(REVOKE, world.ids, issuer_id=custodian)
    assert job.state is JobState.DONE
    assert {world.status(each) for each in world.ids} == {Status.REVOKED}
