"""Changes of status: one effect a request, by the rules, with reasons and notes."""

import json
from dataclasses import replace
from hashlib import sha256
from uuid import UUID, uuid4

import pytest

from registry.domain import errors
from registry.domain import events as e
from registry.domain.achievement import Profile
from registry.domain.credential import Credential, Status
from registry.requests import StatusChange
from tests.integration.world import REASON, World, at_once, keyed
from tests.making import (
    OPERATOR,
    Parts,
    new_achievement,
    order,
)


@pytest.fixture
def world(parts: Parts) -> World:
    return World(parts)


# Status changes


def test_status_goes_round_and_ends(world: World) -> None:
    credential_id = world.issue_one()
    steps = [
        (world.application.suspend, Status.SUSPENDED),
        (world.application.reinstate, Status.ACTIVE),
        (world.application.suspend, Status.SUSPENDED),
        (world.application.revoke, Status.REVOKED),
    ]
    for number, (step, status) in enumerate(steps, start=2):
        credential = step(OPERATOR, world.issuer_id, credential_id, REASON)
        assert (credential.status, credential.version) == (status, number)
        assert world.status(credential_id) is status


def test_strict_credential_cannot_be_suspended(world: World) -> None:
    strict = new_achievement(world.application, world.issuer_id, profile=Profile.OB_STRICT)
    (issued,) = world.issue(order(strict))
    assert isinstance(json.loads(issued.document)["credentialStatus"], dict)
    with pytest.raises(errors.NotSuspendableError):
        world.application.suspend(OPERATOR, world.issuer_id, str(issued.credential.id), REASON)


def test_a_change_decided_on_what_somebody_has_changed_since_is_decided_anew(world: World) -> None:
    credential_id = world.issue_one()
    seen = world.application.custody.changeable(world.issuer_id, credential_id)
    again = world.application.custody.changeable(world.issuer_id, credential_id)
    arguments = (OPERATOR, seen.owner_id, credential_id, REASON)
    world.application.suspend(*arguments)
    with pytest.raises(errors.AlreadySuspendedError):
        world.application.suspend(*arguments, seen=seen)
    revoked = world.application.revoke(*arguments, seen=again)
    assert (revoked.status, revoked.version) == (Status.REVOKED, 3)
    assert world.status(credential_id) is Status.REVOKED


def test_repeated_change_gets_the_first_answer_though_more_happened(world: World) -> None:
    credential_id = world.issue_one()
    arguments = (keyed(), world.issuer_id, credential_id, REASON)
    first = world.application.suspend(*arguments)
    world.application.revoke(OPERATOR, world.issuer_id, credential_id, REASON)
    again = world.application.suspend(*arguments)
    assert (again.version, again.status) == (first.version, first.status) == (2, Status.SUSPENDED)
    assert len(world.of(e.CredentialSuspended)) == 1


def test_repeated_change_with_another_reason_is_refused(world: World) -> None:
    credential_id = world.issue_one()
    world.application.suspend(keyed(), world.issuer_id, credential_id, REASON)
    for other in (StatusChange("other"), StatusChange("fraud", note="x")):
        with pytest.raises(errors.IdempotencyConflictError):
            world.application.suspend(keyed(), world.issuer_id, credential_id, other)


def test_one_key_serves_for_different_operations(world: World) -> None:
    credential_id = world.issue_one()
    world.application.suspend(keyed(), world.issuer_id, credential_id, REASON)
    credential = world.application.reinstate(keyed(), world.issuer_id, credential_id, REASON)
    assert credential.status is Status.ACTIVE


def test_change_of_what_was_not_read_is_refused(world: World) -> None:
    credential_id = world.issue_one()
    world.application.suspend(OPERATOR, world.issuer_id, credential_id, REASON)
    stale = keyed(expected_version=1)
    with pytest.raises(errors.VersionMismatchError):
        world.application.revoke(stale, world.issuer_id, credential_id, REASON)
    fresh = replace(stale, expected_version=2)
    assert world.application.revoke(fresh, world.issuer_id, credential_id, REASON).version == 3


def test_repeat_is_answered_though_the_version_it_read_has_passed(world: World) -> None:
    credential_id = world.issue_one()
    caller = keyed(expected_version=1)
    first = world.application.suspend(caller, world.issuer_id, credential_id, REASON)
    again = world.application.suspend(caller, world.issuer_id, credential_id, REASON)
    assert first.version == again.version == 2


def test_revoking_at_once_has_one_effect(world: World) -> None:
    credential_id = world.issue_one()
    answers = at_once(
        6, lambda _: world.application.revoke(OPERATOR, world.issuer_id, credential_id, REASON)
    )
    assert len(world.of(e.CredentialRevoked)) == 1
    refused = [answer for answer in answers if isinstance(answer, errors.RegistryError)]
    assert len(refused) == 5
    assert all(isinstance(answer, errors.ConflictError) for answer in refused)


def test_unknown_reason_is_refused_until_the_issuer_adds_it(world: World) -> None:
    credential_id, change = world.issue_one(), StatusChange("fee-refunded")
    with pytest.raises(errors.UnknownReasonError):
        world.application.revoke(OPERATOR, world.issuer_id, credential_id, change)
    world.application.add_reason_code(
        OPERATOR, world.issuer_id, code="fee-refunded", label_pl="Zwrot", label_en="Refund"
    )
    world.application.revoke(OPERATOR, world.issuer_id, credential_id, change)


def test_reason_that_the_registry_gives_is_nobody_elses(world: World) -> None:
    credential_id = world.issue_one()
    for reason in ("superseded", "suspension-ended"):
        with pytest.raises(errors.UnknownReasonError):
            world.application.revoke(OPERATOR, world.issuer_id, credential_id, StatusChange(reason))


# Notes


def test_note_goes_to_the_vault_and_its_keyed_digest_to_the_history(world: World) -> None:
    credential_id = world.issue_one()
    change = StatusChange("fraud", note="copied")
    world.application.revoke(OPERATOR, world.issuer_id, credential_id, change)
    (event,) = world.of(e.CredentialRevoked)
    assert isinstance(event, e.CredentialRevoked)
    assert event.note_digest == world.parts.vault.note_digest(world.issuer_id, "copied")
    assert event.note_digest != sha256(b"copied").hexdigest()
    assert world.parts.vault.note(credential_id, event.note_digest) == b"copied"


def test_same_note_at_another_issuer_has_another_digest(world: World) -> None:
    digests = set()
    for each in (world, World(world.parts)):
        change = StatusChange("fraud", note="copied")
        credential_id = each.issue_one()
        each.application.revoke(OPERATOR, each.issuer_id, credential_id, change)
        event = each.of(e.CredentialRevoked)[-1]
        assert isinstance(event, e.CredentialRevoked)
        digests.add(event.note_digest)
    assert len(digests) == 2


def test_note_of_a_refused_change_is_not_kept(world: World) -> None:
    credential_id = world.issue_one()
    change = StatusChange("fraud", note="copied")
    with pytest.raises(errors.NotSuspendedError):
        world.application.reinstate(OPERATOR, world.issuer_id, credential_id, change)
    digest = world.parts.vault.note_digest(world.issuer_id, "copied")
    with pytest.raises(errors.DocumentGoneError):
        world.parts.vault.note(credential_id, digest)


def test_many_credentials_are_folded_at_once_and_nothing_else_among_them(world: World) -> None:
    active, revoked = world.issue_one(), world.issue_one()
    world.application.revoke(OPERATOR, world.issuer_id, revoked, REASON)
    asked = [UUID(active), UUID(revoked), UUID(world.issuer_id), uuid4()]

    found = world.parts.streams.load_many(Credential, asked)

    assert {str(key): credential.status for key, credential in found.items()} == {
        active: Status.ACTIVE,
        revoked: Status.REVOKED,
    }
