"""A credential's life: issued, suspended and reinstated, revoked for good."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from registry.domain.achievement import Profile
from registry.domain.aggregate import ForeignEventError
from registry.domain.credential import Credential, Grounds, Issuance, Placement, Status
from registry.domain.errors import (
    AlreadySuspendedError,
    EffectiveAtError,
    IdempotencyConflictError,
    NoStatusEntryError,
    NotSuspendableError,
    NotSuspendedError,
    RevokedIsFinalError,
    VersionMismatchError,
)
from registry.domain.events import (
    CredentialDocumentErased,
    CredentialIssued,
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    Event,
    StatusListClosed,
)
from registry.domain.instants import instant
from tests.given import NOW, SECOND, STREAM, THEN, Given, command, event, recorded

VALID_FROM = datetime(2026, 2, 1, tzinfo=UTC)
PLACE: dict[str, Any] = {"issuer_id": "issuer-1", "list_id": "list-1", "list_index": 94_567}
FRAUD = Grounds("fraud")
ISSUED: dict[str, Any] = PLACE | {
    "achievement_id": "achievement-1",
    "achievement_version": 2,
    "profile": "default",
    "subject_ref": "subject-1",
    "document_digest": "ab" * 32,
    "verification_method": "did:web:example.org#z6Mk",
    "cryptosuite": "eddsa-rdfc-2022",
    "valid_from": instant(VALID_FROM),
}
ISSUANCE = Issuance(
    issuer_id="issuer-1",
    achievement_id="achievement-1",
    achievement_version=2,
    profile=Profile.DEFAULT,
    placement=Placement("list-1", 94_567),
    subject_ref="subject-1",
    document_digest="ab" * 32,
    verification_method="did:web:example.org#z6Mk",
    cryptosuite="eddsa-rdfc-2022",
    valid_from=VALID_FROM,
)
Act = Callable[[Credential], object]


def issued(**details: Any) -> Event:
    return event(CredentialIssued, 1, **ISSUED | details)


def suspended(number: int = 2, **details: Any) -> Event:
    return event(CredentialSuspended, number, **PLACE, reason="under-review", **details)


def reinstated(number: int = 3) -> Event:
    return event(CredentialReinstated, number, **PLACE, reason="review-completed")


def revoked(number: int = 2) -> Event:
    return event(CredentialRevoked, number, **PLACE, reason="fraud")


def given(*history: Event) -> Given[Credential]:
    return Given(Credential, *history)


def suspend(grounds: Grounds = FRAUD, *, until: datetime | None = None) -> Act:
    return lambda credential: credential.suspend(command(), grounds, until=until)


def reinstate(grounds: Grounds = FRAUD) -> Act:
    return lambda credential: credential.reinstate(command(), grounds)


def revoke(grounds: Grounds = FRAUD) -> Act:
    return lambda credential: credential.revoke(command(), grounds)


def supersede(credential: Credential) -> None:
    credential.supersede(command(), by="credential-2")


CHANGES = {"suspend": suspend, "reinstate": reinstate, "revoke": revoke}


def test_issuing_records_identifiers_digests_and_dates_only() -> None:
    credential = (
        given()
        .when(lambda credential: credential.issue(command(), ISSUANCE))
        .then(recorded(CredentialIssued, 1, **ISSUED))
    )
    assert (credential.id, credential.version) == (STREAM, 1)
    assert credential.status is Status.ACTIVE


def test_credential_that_was_sent_has_no_achievement_and_may_have_no_list() -> None:
    nothing: dict[str, Any] = {"achievement_id": None, "achievement_version": None}
    nowhere: dict[str, Any] = {"list_id": None, "list_index": None}
    sent = replace(ISSUANCE, **nothing, placement=None, profile="generic")
    credential = (
        given()
        .when(lambda credential: credential.issue(command(), sent))
        .then(recorded(CredentialIssued, 1, **ISSUED | nothing | nowhere | {"profile": "generic"}))
    )
    assert credential.purposes == ()


def test_credential_without_a_suspension_entry_is_not_suspended() -> None:
    given(issued(profile="generic+revocation")).when(suspend()).then_refused(NotSuspendableError)


@pytest.mark.parametrize("act", [revoke(), supersede], ids=["revoke", "supersede"])
def test_credential_without_a_revocation_entry_is_not_revoked(act: Act) -> None:
    given(issued(profile="generic+suspension")).when(act).then_refused(NoStatusEntryError)


def test_credential_that_was_sent_is_revoked_by_its_entry() -> None:
    given(issued(profile="generic+revocation")).when(revoke()).then(
        recorded(CredentialRevoked, 2, **PLACE, reason="fraud", note_digest=None)
    )


def test_issuing_may_name_an_end_and_what_it_supersedes() -> None:
    end = NOW + timedelta(days=365)
    issuance = replace(ISSUANCE, valid_until=end, supersedes="credential-0")
    given().when(lambda credential: credential.issue(command(), issuance)).then(
        recorded(CredentialIssued, 1, **ISSUED, valid_until=instant(end), supersedes="credential-0")
    )


def test_issued_credential_is_suspended() -> None:
    grounds = Grounds("under-review", note_digest="cd" * 32)
    expected = recorded(
        CredentialSuspended, 2, **PLACE, reason="under-review", note_digest="cd" * 32
    )
    assert given(issued()).when(suspend(grounds)).then(expected).status is Status.SUSPENDED


def test_suspension_may_promise_its_end() -> None:
    end = NOW + SECOND
    expected = recorded(CredentialSuspended, 2, **PLACE, reason="fraud", until=instant(end))
    credential = given(issued()).when(suspend(until=end)).then(expected)
    assert credential.suspended_until == instant(end)


@pytest.mark.parametrize("end", [NOW, NOW - SECOND])
def test_suspension_cannot_end_before_it_begins(end: datetime) -> None:
    refusal = given(issued()).when(suspend(until=end)).then_refused(EffectiveAtError)
    assert refusal.field == "until"


def test_suspended_credential_cannot_be_suspended_again() -> None:
    given(issued(), suspended()).when(suspend()).then_refused(AlreadySuspendedError)


def test_suspended_credential_is_reinstated_and_loses_its_promised_end() -> None:
    history = issued(), suspended(until=instant(NOW + SECOND))
    credential = (
        given(*history)
        .when(reinstate())
        .then(recorded(CredentialReinstated, 3, **PLACE, reason="fraud"))
    )
    assert (credential.status, credential.suspended_until) == (Status.ACTIVE, None)


def test_suspension_that_ended_holds_since_its_promised_end() -> None:
    history = issued(), suspended(until=instant(NOW))
    credential = (
        given(*history)
        .when(lambda each: each.end_suspension(command()))
        .then(
            recorded(
                CredentialReinstated,
                3,
                **PLACE,
                reason="suspension-ended",
                effective_at=instant(NOW),
            )
        )
    )
    assert (credential.status, credential.suspended_until) == (Status.ACTIVE, None)


def test_reinstated_credential_can_be_suspended_again() -> None:
    given(issued(), suspended(), reinstated()).when(suspend()).then(
        recorded(CredentialSuspended, 4, **PLACE, reason="fraud")
    )


@pytest.mark.parametrize("history", [(issued(),), (issued(), suspended(), reinstated())])
def test_active_credential_cannot_be_reinstated(history: tuple[Event, ...]) -> None:
    given(*history).when(reinstate()).then_refused(NotSuspendedError)


@pytest.mark.parametrize(
    "history",
    [(issued(),), (issued(), suspended()), (issued(), suspended(), reinstated())],
    ids=["active", "suspended", "reinstated"],
)
def test_credential_is_revoked_from_every_other_status(history: tuple[Event, ...]) -> None:
    expected = recorded(CredentialRevoked, len(history) + 1, **PLACE, reason="fraud")
    credential = given(*history).when(revoke()).then(expected)
    assert (credential.status, credential.suspended_until) == (Status.REVOKED, None)


@pytest.mark.parametrize("act", [suspend(), reinstate(), revoke(), supersede])
@pytest.mark.parametrize("history", [(issued(), revoked()), (issued(), suspended(), revoked(3))])
def test_revoked_is_final(history: tuple[Event, ...], act: Act) -> None:
    given(*history).when(act).then_refused(RevokedIsFinalError)


def test_superseded_credential_is_revoked_and_names_its_successor() -> None:
    expected = recorded(
        CredentialRevoked, 2, **PLACE, reason="superseded", superseded_by="credential-2"
    )
    credential = given(issued()).when(supersede).then(expected)
    assert (credential.status, credential.superseded_by) == (Status.REVOKED, "credential-2")


def test_suspended_credential_can_be_superseded() -> None:
    given(issued(), suspended()).when(supersede).then(
        recorded(CredentialRevoked, 3, **PLACE, reason="superseded", superseded_by="credential-2")
    )


def test_strict_credential_has_no_suspension_entry_to_set() -> None:
    strict = issued(profile="ob-strict")
    refusal = given(strict).when(suspend()).then_refused(NotSuspendableError)
    assert refusal.remedy is not None


def test_strict_credential_can_be_revoked() -> None:
    given(issued(profile="ob-strict")).when(revoke()).then(
        recorded(CredentialRevoked, 2, **PLACE, reason="fraud")
    )


def test_revoked_strict_credential_is_refused_as_revoked() -> None:
    given(issued(profile="ob-strict"), revoked()).when(suspend()).then_refused(RevokedIsFinalError)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("effective_at", [VALID_FROM, THEN, NOW], ids=["first", "later", "now"])
def test_change_may_hold_since_any_moment_the_credential_existed(
    name: str, effective_at: datetime
) -> None:
    history = (issued(), suspended()) if name == "reinstate" else (issued(),)
    scenario = given(*history).when(CHANGES[name](Grounds("fraud", effective_at=effective_at)))
    classes = {"suspend": CredentialSuspended, "reinstate": CredentialReinstated}
    scenario.then(
        recorded(
            classes.get(name, CredentialRevoked),
            len(history) + 1,
            **PLACE,
            reason="fraud",
            effective_at=instant(effective_at),
        )
    )


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize(
    "effective_at",
    [NOW + timedelta(microseconds=1), VALID_FROM - timedelta(microseconds=1)],
    ids=["future", "before it existed"],
)
def test_change_cannot_hold_since_the_future_or_before_the_credential_existed(
    name: str, effective_at: datetime
) -> None:
    history = (issued(), suspended()) if name == "reinstate" else (issued(),)
    act = CHANGES[name](Grounds("fraud", effective_at=effective_at))
    refusal = given(*history).when(act).then_refused(EffectiveAtError)
    assert refusal.field == "effective_at"


def test_credential_valid_from_later_exists_since_it_was_recorded() -> None:
    future = issued(valid_from=instant(NOW + timedelta(days=9)))
    given(future).when(revoke(Grounds("fraud", effective_at=THEN))).then(
        recorded(CredentialRevoked, 2, **PLACE, reason="fraud", effective_at=instant(THEN))
    )
    act = revoke(Grounds("fraud", effective_at=THEN - SECOND))
    given(future).when(act).then_refused(EffectiveAtError)


def test_moment_of_effect_is_written_in_utc() -> None:
    warsaw = datetime.fromisoformat("2026-03-05T01:00:00+01:00")
    credential = given(issued()).aggregate
    credential.revoke(command(), Grounds("fraud", effective_at=warsaw))
    (event_,) = credential.collect_events()
    assert isinstance(event_, CredentialRevoked)
    assert event_.effective_at == "2026-03-05T00:00:00.000000Z"


def test_events_are_handed_over_once() -> None:
    credential = given(issued()).aggregate
    credential.revoke(command(), FRAUD)
    assert len(credential.collect_events()) == 1
    assert not credential.collect_events()


def test_event_of_another_aggregate_is_not_a_credentials() -> None:
    with pytest.raises(ForeignEventError, match="not a credential's event"):
        given(issued(), event(StatusListClosed, 2))


def test_repeated_command_is_recognised_with_the_version_it_led_to() -> None:
    credential = given(issued(), suspended(), reinstated()).aggregate
    again = command(key="then 2", digest="digest of then 2")
    assert credential.answered(again) == 2


def test_new_command_is_not_taken_for_a_repeat() -> None:
    assert given(issued()).aggregate.answered(command()) is None


def test_command_is_recognised_at_once_by_the_aggregate_that_recorded_it() -> None:
    credential = given(issued()).aggregate
    credential.revoke(command(), FRAUD)
    assert credential.answered(command()) == 2


def test_same_key_with_another_request_is_refused() -> None:
    other = command(key="then 2", digest="another digest")
    refusal = (
        given(issued(), suspended())
        .when(lambda credential: credential.answered(other))
        .then_refused(IdempotencyConflictError)
    )
    assert refusal.field == "Idempotency-Key"


@pytest.mark.parametrize("version", [None, 2])
def test_caller_who_read_the_present_version_may_go_on(version: int | None) -> None:
    given(issued(), suspended()).aggregate.expect(command(expected_version=version))


@pytest.mark.parametrize("version", [0, 1, 3])
def test_caller_who_read_another_version_is_refused(version: int) -> None:
    refusal = (
        given(issued(), suspended())
        .when(lambda credential: credential.expect(command(expected_version=version)))
        .then_refused(VersionMismatchError)
    )
    assert refusal.field == "If-Match"


ERASED = {"issuer_id": "issuer-1", "subject_ref": "subject-1", "erasure_id": "erasure-1"}


def erase(credential: Credential) -> None:
    credential.erase(command(), erasure_id="erasure-1")


@pytest.mark.parametrize("history", [[issued()], [issued(), suspended()], [issued(), revoked()]])
def test_erasing_leaves_the_status_as_it_was(history: list[Event]) -> None:
    before = Credential(STREAM).fold(history)
    expected = recorded(CredentialDocumentErased, len(history) + 1, by=None, **ERASED)
    credential = given(*history).when(erase).then(expected)
    assert credential.erased
    assert (credential.status, credential.suspended_until) == (
        before.status,
        before.suspended_until,
    )


def test_erasing_again_records_nothing() -> None:
    given(issued(), event(CredentialDocumentErased, 2, at=THEN, **ERASED)).when(erase).then()
