"""A key was compromised: it leaves the document, and its lists are signed anew at once."""

import json

import pytest

from registry.commands import Caller
from registry.domain.securing import Mechanism
from registry.formats.did import method_ids
from tests.integration.projections.by_hand import (
    ByHand,
    list_of,
)
from tests.integration.projections.compromised import Scene
from tests.making import OPERATOR

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is decided before any database is asked."""

MECHANISMS = [Mechanism.EDDSA_JCS_2022, Mechanism.VC_JWT_ES256, Mechanism.OB_JWT_RS256]


@pytest.fixture
def scene(by_hand: ByHand) -> Scene:
    return Scene(by_hand)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_lists_are_signed_anew_at_once_by_the_next_key_in_every_form(scene: Scene) -> None:
    scene.compromise()
    assert scene.by_hand.settle() == 2
    withdrawn = method_ids(scene.application.issuer(scene.issuer_id).did, scene.key)
    for purpose in ("revocation", "suspension"):
        for event in scene.by_hand.publications(scene.credential, purpose)[-1:]:
            assert event.originator_version == 2
            methods = {form["verification_method"] for form in event.representations}
            assert not methods & withdrawn
            assert methods <= {
                method["id"] for method in scene.did_document()["verificationMethod"]
            }
    assert scene.by_hand.settle() == 0
    outcome = scene.by_hand.replay().verify(all_versions=True)
    assert outcome.identical, outcome.difference


@ON_SQLITE
def test_compromised_key_leaves_the_did_document_and_the_next_one_is_in_it(scene: Scene) -> None:
    scene.compromise()
    scene.by_hand.settle()
    document = scene.did_document()
    named = {method.partition("#")[2] for method in document["assertionMethod"]}
    assert scene.next_key() in named
    assert scene.key not in json.dumps(document)


def test_lists_of_another_issuer_are_not_signed_anew(scene: Scene) -> None:
    (other,) = scene.by_hand.issue(1, number=2)
    scene.by_hand.settle()
    scene.compromise()
    assert scene.by_hand.settle() == 2
    assert scene.by_hand.versions(other) == [1]


@ON_SQLITE
def test_key_that_is_not_the_last_of_its_type_gives_way_to_the_one_there_is(scene: Scene) -> None:
    other = scene.application.add_signing_key(OPERATOR, scene.issuer_id)
    scene.compromise()
    assert scene.next_key() == other


@ON_SQLITE
def test_list_that_a_retired_key_signed_last_is_signed_anew_once_that_is_compromised(
    scene: Scene,
) -> None:
    scene.application.add_signing_key(OPERATOR, scene.issuer_id)
    scene.application.retire_signing_key(OPERATOR, scene.issuer_id, scene.key)
    assert scene.by_hand.settle() == 0
    scene.compromise()
    assert scene.by_hand.settle() == 2


@ON_SQLITE
def test_repeated_command_makes_no_second_key(scene: Scene) -> None:
    who = Caller(OPERATOR.actor, "once")
    changes, since = scene.application.issuer_changes, scene.now
    first = changes.compromise_key(who, scene.issuer_id, scene.key, since=since)
    again = changes.compromise_key(who, scene.issuer_id, scene.key, since=since)
    assert (first.version, first.keys) == (again.version, again.keys)
    assert len(again.keys) == 2


def test_report_says_what_the_key_touched_and_nothing_of_others(scene: Scene) -> None:
    scene.by_hand.issue(2, number=2)
    scene.cosign(scene.now)
    scene.issue()
    scene.by_hand.clock.advance(seconds=60)
    scene.compromise()
    before = scene.report()
    assert [each.is_signed_anew for each in before.lists] == [False, False]
    scene.by_hand.settle()
    report = scene.report()
    assert [each.is_proved for each in report.credentials] == [True, False]
    assert [each.can_be_reissued for each in report.credentials] == [True, False]
    assert {each.list_id for each in report.lists} == {list_of(scene.credential)}
    assert [(each.version, each.is_signed_anew) for each in report.lists] == [(2, True)] * 2
