"""What is not the caller's is unknown, and nothing personal leaves the vault."""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest

from registry.domain import errors
from registry.domain.instants import instant
from registry.domain.subject import IdentityType
from registry.issuance import Learner, Order
from registry.requests import StatusChange
from tests.integration.world import REASON, World, keyed
from tests.making import (
    OPERATOR,
    Parts,
    order,
)


@pytest.fixture
def world(parts: Parts) -> World:
    return World(parts)


# Other issuers, and ids that are none


@pytest.fixture
def foreign(world: World) -> tuple[World, str]:
    """Another issuer, and a credential that is not its own."""
    return World(world.parts), world.issue_one()


Request = Callable[[World, str], object]
REQUESTS: dict[str, Request] = {
    "read": lambda w, c: w.application.credential(w.issuer_id, c),
    "document": lambda w, c: w.application.document(w.issuer_id, c),
    "suspend": lambda w, c: w.application.suspend(OPERATOR, w.issuer_id, c, REASON),
    "reinstate": lambda w, c: w.application.reinstate(OPERATOR, w.issuer_id, c, REASON),
    "revoke": lambda w, c: w.application.revoke(OPERATOR, w.issuer_id, c, REASON),
    "supersede": lambda w, c: w.issue(order(w.achievement_id, supersedes=c)),
}


@pytest.mark.parametrize("what", REQUESTS)
def test_another_issuers_credential_is_unknown_like_one_that_is_not_there(
    world: World, foreign: tuple[World, str], what: str
) -> None:
    other, credential_id = foreign
    before = world.events()
    refusals = set()
    for each in (credential_id, str(uuid4())):
        with pytest.raises(errors.UnknownCredentialError) as refusal:
            REQUESTS[what](other, each)
        refusals.add((str(refusal.value), refusal.value.field, refusal.value.remedy))
    assert len(refusals) == 1
    assert world.events() == before


@pytest.mark.parametrize("what", REQUESTS)
def test_id_that_is_not_a_canonical_uuid_of_a_credential_is_unknown(
    world: World, what: str
) -> None:
    """Not in another notation either: the text itself names keys and digests."""
    credential_id = world.issue_one()
    others = {
        "upper case": credential_id.upper(),
        "braces": f"{{{credential_id}}}",
        "URN": f"urn:uuid:{credential_id}",
        "no hyphens": credential_id.replace("-", ""),
        "nonsense": "credential-1",
        "empty": "",
        "issuer": world.issuer_id,
        "achievement": world.achievement_id,
    }
    for text in others.values():
        with pytest.raises(errors.UnknownCredentialError):
            REQUESTS[what](world, text)


def test_achievement_of_another_issuer_or_kind_is_unknown(world: World) -> None:
    other = World(world.parts)
    for text in (world.achievement_id, world.issue_one(), world.issuer_id, other.issuer_id, "1"):
        for use in (
            lambda text: other.issue(order(text)),
            lambda text: other.application.achievement(other.issuer_id, text),
            lambda text: other.application.withdraw_achievement(OPERATOR, other.issuer_id, text),
        ):
            with pytest.raises(errors.UnknownAchievementError):
                use(text)


def test_unknown_issuer_is_refused(world: World) -> None:
    issuer_id = world.issuer_id
    others = [issuer_id.upper(), issuer_id.replace("-", ""), str(uuid4()), world.achievement_id]
    for text in others:
        with pytest.raises(errors.UnknownIssuerError):
            world.application.add_signing_key(OPERATOR, text)


# Personal data


def test_nothing_of_the_learner_is_in_the_history(world: World) -> None:
    anna = Learner(IdentityType.EMAIL_ADDRESS, "Anna.Kanarek@example.org", name="Anna Kanarek")
    (issued,) = world.issue(Order(world.achievement_id, anna), caller=keyed("kanarek-1"))
    change = StatusChange("fraud", note="Kanarek copied")
    world.application.revoke(keyed("kanarek-2"), world.issuer_id, str(issued.credential.id), change)
    history = json.dumps([vars(event) for event in world.events()], default=str).lower()
    assert "kanarek" not in history
    assert b"kanarek" not in issued.document.lower()


def test_moments_in_events_are_those_of_the_clock(world: World) -> None:
    (issued,) = world.issue(order(world.achievement_id))
    recorded_at = issued.credential.issuance.recorded_at
    assert recorded_at[:13] == instant(world.parts.clock.now)[:13]
    assert issued.credential.issuance.valid_from == recorded_at
