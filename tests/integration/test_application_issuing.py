"""Issuing: signed and recorded together, one effect and one answer a key, all or none."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import pytest

from registry.domain import errors
from registry.domain import events as e
from registry.domain.credential import Status
from registry.domain.subject import IdentityType
from registry.formats import data_integrity, multikey
from registry.issuance import Learner, Order
from registry.requests import StatusChange
from tests.integration.world import REASON, World, at_once, keyed
from tests.making import (
    OPERATOR,
    PUBLIC_URL,
    START,
    Parts,
    order,
)


@pytest.fixture
def world(parts: Parts) -> World:
    return World(parts)


# Issuing


def test_issued_document_is_what_the_event_names_and_the_key_signed(world: World) -> None:
    (issued,) = world.issue(order(world.achievement_id))
    issuance = issued.credential.issuance
    assert sha256(issued.document).hexdigest() == issuance.document_digest
    document = json.loads(issued.document)
    (proof,) = data_integrity.proofs(document)
    key = multikey.decode_public_key(issuance.verification_method.partition("#")[2])
    data_integrity.verify_proof(document, proof, public_key=key)
    assert document["id"] == f"urn:uuid:{issued.credential.id}"


def test_document_points_to_its_entry_in_both_lists(world: World) -> None:
    (issued,) = world.issue(order(world.achievement_id))
    issuance, document = issued.credential.issuance, json.loads(issued.document)
    assert [
        (entry["statusPurpose"], entry["statusListCredential"], entry["statusListIndex"])
        for entry in document["credentialStatus"]
    ] == [
        (
            purpose,
            f"{PUBLIC_URL}/status-lists/{issuance.list_id}/{purpose}",
            str(issuance.list_index),
        )
        for purpose in ("revocation", "suspension")
    ]


def test_document_can_be_read_again(world: World) -> None:
    (issued,) = world.issue(order(world.achievement_id))
    credential_id = str(issued.credential.id)
    assert world.application.document(world.issuer_id, credential_id) == issued.document


def test_repeat_gets_the_first_answer_and_changes_nothing(world: World) -> None:
    first = world.issue(order(world.achievement_id), caller=keyed())
    before = world.events()
    world.parts.clock.advance(days=1)
    again = world.issue(order(world.achievement_id), caller=keyed())
    assert [each.document for each in again] == [each.document for each in first]
    assert again[0].credential.id == first[0].credential.id
    assert world.events() == before


def test_repeat_after_a_change_gets_the_credential_as_it_was_issued(world: World) -> None:
    (first,) = world.issue(order(world.achievement_id), caller=keyed())
    world.application.revoke(
        OPERATOR, world.issuer_id, str(first.credential.id), StatusChange("fraud")
    )
    (again,) = world.issue(order(world.achievement_id), caller=keyed())
    assert (again.credential.version, again.credential.status) == (1, Status.ACTIVE)


def test_repeat_works_though_the_achievement_was_withdrawn(world: World) -> None:
    (first,) = world.issue(order(world.achievement_id), caller=keyed())
    world.application.withdraw_achievement(OPERATOR, world.issuer_id, world.achievement_id)
    (again,) = world.issue(order(world.achievement_id), caller=keyed())
    assert again.document == first.document


def other_orders(achievement_id: str) -> dict[str, list[Order]]:
    one = order(achievement_id)
    return {
        "learner": [order(achievement_id, 2)],
        "name": [replace(one, learner=replace(one.learner, name="Anna"))],
        "end": [replace(one, valid_until=START + timedelta(days=9))],
        "number": [one, one],
    }


@pytest.mark.parametrize("what", ["learner", "name", "end", "number"])
def test_same_key_with_another_body_is_refused(world: World, what: str) -> None:
    world.issue(order(world.achievement_id), caller=keyed())
    before = world.events()
    with pytest.raises(errors.IdempotencyConflictError):
        world.issue(*other_orders(world.achievement_id)[what], caller=keyed())
    assert world.events() == before


def test_same_key_at_another_issuer_is_another_request(world: World) -> None:
    (first,) = world.issue(order(world.achievement_id), caller=keyed())
    other = World(world.parts)
    (second,) = other.issue(order(other.achievement_id), caller=keyed())
    assert first.credential.id != second.credential.id


def test_without_a_key_every_request_is_new(world: World) -> None:
    ids = {world.issue_one() for _ in range(3)}
    assert len(ids) == 3


def test_ids_of_keyed_credentials_cannot_be_guessed_from_the_key(world: World) -> None:
    (issued,) = world.issue(order(world.achievement_id), caller=keyed("student-123456"))
    assert issued.credential.id.version == 8
    events = json.dumps([vars(event) for event in world.events()], default=str)
    assert "student-123456" not in events


def test_same_key_in_many_threads_at_once_has_one_effect_and_one_answer(world: World) -> None:
    answers = at_once(6, lambda _: world.issue(order(world.achievement_id), caller=keyed()))
    documents = {answer[0].document for answer in answers}
    assert len(documents) == 1
    (event,) = world.of(e.CredentialIssued)
    assert isinstance(event, e.CredentialIssued)
    assert sha256(documents.pop()).hexdigest() == event.document_digest


def test_same_key_with_two_bodies_at_once_has_one_effect(world: World) -> None:
    answers = at_once(6, lambda n: world.issue(order(world.achievement_id, n % 2), caller=keyed()))
    assert len(world.of(e.CredentialIssued)) == 1
    kinds = {type(answer) for answer in answers}
    assert kinds == {list, errors.IdempotencyConflictError}


def test_many_threads_issue_at_once_without_losing_or_repeating(world: World) -> None:
    answers = at_once(6, lambda n: world.issue(*[order(world.achievement_id, n)] * 5))
    issued = [each for answer in answers for each in answer]
    assert len(world.of(e.CredentialIssued)) == len(issued) == 30
    assert len({each.credential.issuance.list_index for each in issued}) == 30


Spoil = Callable[[World, Order], Order]
SPOILED: dict[str, tuple[Spoil, type[errors.RegistryError]]] = {
    "unknown achievement": (
        lambda world, one: replace(one, achievement_id=str(uuid4())),
        errors.UnknownAchievementError,
    ),
    "no UUID": (
        lambda world, one: replace(one, achievement_id="1"),
        errors.UnknownAchievementError,
    ),
    "end before the start": (
        lambda world, one: replace(one, valid_until=world.parts.clock.now - timedelta(1)),
        errors.InvalidValueError,
    ),
    "unknown credential superseded": (
        lambda world, one: replace(one, supersedes=str(uuid4())),
        errors.UnknownCredentialError,
    ),
    "no e-mail address": (
        lambda world, one: replace(one, learner=Learner(IdentityType.EMAIL_ADDRESS, "anna")),
        errors.InvalidValueError,
    ),
    "nobody": (lambda world, one: replace(one, learner=Learner()), errors.InvalidValueError),
    "malformed DID": (
        lambda world, one: replace(one, learner=Learner(did="did:key:")),
        errors.InvalidValueError,
    ),
    "grade without a scheme": (
        lambda world, one: replace(one, grade="5.0"),
        errors.InvalidValueError,
    ),
}


@pytest.mark.parametrize("what", SPOILED)
def test_batch_with_one_bad_order_issues_nothing(world: World, what: str) -> None:
    spoil, error = SPOILED[what]
    good = [order(world.achievement_id, number) for number in range(4)]
    with pytest.raises(error):
        world.issue(*good, spoil(world, good[0]))
    assert world.of(e.CredentialIssued) == []


@pytest.mark.parametrize("what", ["no e-mail address", "nobody", "malformed DID"])
def test_order_that_is_refused_costs_no_index(world: World, what: str) -> None:
    spoil, error = SPOILED[what]
    with pytest.raises(error):
        world.issue(spoil(world, order(world.achievement_id)))
    assert world.of(e.IndexesReserved) == []


def test_batch_is_one_save(world: World) -> None:
    issued = world.issue(*[order(world.achievement_id, number) for number in range(30)])
    assert len({each.credential.id for each in issued}) == 30
    found = world.parts.recorder.select_notifications(None, 1_000)
    ids = [n.id for n in found if n.topic == e.CredentialIssued.TOPIC]
    assert ids == list(range(ids[0], ids[0] + 30))


def test_batch_is_repeated_whole(world: World) -> None:
    orders = [order(world.achievement_id, number) for number in range(5)]
    first = world.issue(*orders, caller=keyed())
    again = world.issue(*orders, caller=keyed())
    assert [each.document for each in again] == [each.document for each in first]
    assert len(world.of(e.CredentialIssued)) == 5


# Superseding


def test_superseding_revokes_the_old_credential_in_the_same_save(world: World) -> None:
    old = world.issue_one()
    (new,) = world.issue(order(world.achievement_id, supersedes=old))
    issued, revoked = world.events()[-2:]
    assert isinstance(issued, e.CredentialIssued)
    assert isinstance(revoked, e.CredentialRevoked)
    assert (issued.supersedes, revoked.superseded_by) == (old, str(new.credential.id))
    assert (str(revoked.originator_id), revoked.reason) == (old, "superseded")
    assert issued.list_index != revoked.list_index


def test_superseding_a_revoked_credential_issues_nothing(world: World) -> None:
    old = world.issue_one()
    world.application.revoke(OPERATOR, world.issuer_id, old, REASON)
    with pytest.raises(errors.RevokedIsFinalError):
        world.issue(order(world.achievement_id, supersedes=old))
    assert len(world.of(e.CredentialIssued)) == 1


def test_superseding_is_repeated_without_a_second_effect(world: World) -> None:
    old = world.issue_one()
    successor = order(world.achievement_id, supersedes=old)
    first, again = (world.issue(successor, caller=keyed()) for _ in range(2))
    assert first[0].document == again[0].document
    assert len(world.of(e.CredentialRevoked)) == 1


def test_two_successors_of_one_credential_are_refused_whole(world: World) -> None:
    old = world.issue_one()
    with pytest.raises(errors.RegistryError):
        world.issue(*[order(world.achievement_id, supersedes=old)] * 2)
    assert world.status(old) is Status.ACTIVE
    assert len(world.of(e.CredentialIssued)) == 1


def test_of_two_who_supersede_at_once_one_wins(world: World) -> None:
    old = world.issue_one()
    answers = at_once(4, lambda n: world.issue(order(world.achievement_id, n, supersedes=old)))
    assert sum(isinstance(answer, list) for answer in answers) == 1
    assert len(world.of(e.CredentialRevoked)) == 1
    assert len(world.of(e.CredentialIssued)) == 2
