"""Issuers and achievements: registered, changed, and each request answered once."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from registry.domain import errors
from registry.domain import events as e
from registry.domain.securing import KeyType
from registry.requests import NewAchievement
from tests.integration.world import World, keyed
from tests.making import (
    OPERATOR,
    Parts,
    definition,
    new_achievement,
    order,
    organisation,
)


@pytest.fixture
def world(parts: Parts) -> World:
    return World(parts)


# Issuers and achievements


def test_web_issuer_is_named_under_the_public_url(world: World) -> None:
    issuer = world.application.issuer(world.issuer_id)
    assert issuer.did == f"did:web:registry.example.org:issuers:{world.issuer_id}"
    key = issuer.signing_key(KeyType.ED25519)
    assert issuer.keys[key] == f"{issuer.did}#{key}"


def test_key_issuer_is_its_only_key(world: World) -> None:
    issuer = world.application.register_issuer(OPERATOR, organisation(2, did_method="key"))
    assert issuer.did == f"did:key:{issuer.signing_key(KeyType.ED25519)}"
    with pytest.raises(errors.KeyRotationError):
        world.application.add_signing_key(OPERATOR, str(issuer.id))


def test_issuer_without_a_key_issues_nothing(world: World) -> None:
    issuer = world.application.register_issuer(OPERATOR, organisation(2))
    achievement_id = new_achievement(world.application, str(issuer.id))
    with pytest.raises(errors.NoSigningKeyError):
        world.application.issue(OPERATOR, str(issuer.id), [order(achievement_id)])


def test_document_is_signed_with_the_newest_key(world: World) -> None:
    first = world.application.issuer(world.issuer_id).signing_key(KeyType.ED25519)
    second = world.application.add_signing_key(OPERATOR, world.issuer_id)
    (issued,) = world.issue(order(world.achievement_id))
    assert issued.credential.issuance.verification_method.endswith(f"#{second}")
    world.application.retire_signing_key(OPERATOR, world.issuer_id, second)
    (issued,) = world.issue(order(world.achievement_id))
    assert issued.credential.issuance.verification_method.endswith(f"#{first}")


def test_malformed_definition_is_refused_naming_the_element(world: World) -> None:
    broken = definition() | {"workload": {"hours": -1}}
    with pytest.raises(errors.InvalidValueError) as refusal:
        world.application.define_achievement(OPERATOR, world.issuer_id, NewAchievement(broken))
    assert (refusal.value.field or "").startswith("definition/workload")


@pytest.mark.parametrize("element", ["title", "workload", "quality_assurance"])
def test_incomplete_definition_is_not_issued_naming_the_element(world: World, element: str) -> None:
    draft = {name: value for name, value in definition().items() if name != element}
    achievement = world.application.define_achievement(
        OPERATOR, world.issuer_id, NewAchievement(draft)
    )
    with pytest.raises(errors.IncompleteDefinitionError, match=rf"\(/{element}\)"):
        world.issue(order(str(achievement.id)))
    assert world.of(e.CredentialIssued, e.IndexesReserved) == []


def test_completed_definition_is_issued_in_its_new_version(world: World) -> None:
    achievement = world.application.define_achievement(
        OPERATOR, world.issuer_id, NewAchievement({})
    )
    world.application.revise_achievement(
        OPERATOR, world.issuer_id, str(achievement.id), definition()
    )
    (issued,) = world.issue(order(str(achievement.id)))
    assert issued.credential.issuance.achievement_version == 2


def test_withdrawn_achievement_is_not_issued(world: World) -> None:
    world.application.withdraw_achievement(OPERATOR, world.issuer_id, world.achievement_id)
    with pytest.raises(errors.AchievementWithdrawnError):
        world.issue(order(world.achievement_id))


# Repeats of everything else


@pytest.fixture
def repeats(world: World) -> tuple[World, dict[str, Callable[[], Any]]]:
    """Each keyed use case on issuers and achievements, and what it answers to compare."""
    application, issuer_id = world.application, world.issuer_id
    first_key = application.issuer(issuer_id).signing_key(KeyType.ED25519)
    labels = {"code": "mine", "label_pl": "Moja", "label_en": "Mine"}
    draft = NewAchievement({})
    return (
        world,
        {
            "register": lambda: application.register_issuer(keyed(), organisation(7)),
            "register did:key": lambda: application.register_issuer(
                keyed("k2"), organisation(8, did_method="key")
            ),
            "add key": lambda: application.add_signing_key(keyed(), issuer_id),
            "retire key": lambda: application.retire_signing_key(keyed(), issuer_id, first_key),
            "reason": lambda: application.add_reason_code(keyed(), issuer_id, **labels),
            "define": lambda: application.define_achievement(keyed(), issuer_id, draft),
            "revise": lambda: application.revise_achievement(
                keyed(), issuer_id, world.achievement_id, definition()
            ),
            "withdraw": lambda: application.withdraw_achievement(
                keyed(), issuer_id, world.achievement_id
            ),
        },
    )


def _answer(given: Any) -> Any:
    return given if isinstance(given, str) else (given.id, given.version, vars(given))


NAMES = ["register", "register did:key", "add key", "reason", "define", "revise", "withdraw"]


@pytest.mark.parametrize("name", NAMES)
def test_repeated_use_case_gets_the_first_answer_though_more_happened(
    repeats: tuple[World, dict[str, Callable[[], Any]]], name: str
) -> None:
    world, calls = repeats
    first = _answer(calls[name]())
    _go_on(world, first)
    before = world.events()
    assert _answer(calls[name]()) == first
    assert world.events() == before


def _go_on(world: World, answer: Any) -> None:
    """Change what was answered: a later reason code or revision of the same stream."""
    application = world.application
    stream = UUID(world.issuer_id) if isinstance(answer, str) else answer[0]
    labels = {"code": "later", "label_pl": "Potem", "label_en": "Later"}
    try:
        application.add_reason_code(OPERATOR, str(stream), **labels)
    except errors.UnknownIssuerError:
        achievement = application.any_achievement(str(stream))
        if not achievement.withdrawn:
            application.revise_achievement(
                OPERATOR, achievement.issuer_id, str(stream), definition("minimal")
            )


def test_retired_key_is_retired_once_under_one_key(
    repeats: tuple[World, dict[str, Callable[[], Any]]],
) -> None:
    world, calls = repeats
    calls["add key"]()
    first = _answer(calls["retire key"]())
    _go_on(world, first)
    assert _answer(calls["retire key"]()) == first
