"""Generic credentials in the views and the lists, and lists that were opened ahead of need."""

import pytest

from projections import queries
from projections.queries import CredentialFilter, Window
from registry.domain.credential import Credential
from registry.domain.events import CredentialIssued, CredentialNamed, GenericIssuingOpened
from registry.domain.profiles import PURPOSES, GenericProfile
from registry.domain.securing import Mechanism
from registry.requests import CredentialOrder, StatusOrder
from tests.integration.projections.by_hand import ByHand
from tests.making import OPERATOR, new_issuer

NAME = "urn:uuid:0c8ba0d1-3c5f-4c31-8a72-3b6b0c3b4b10"
SENT = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "id": NAME,
    "type": ["VerifiableCredential"],
    "credentialSubject": {"id": "did:example:1", "name": "Żaneta"},
}


@pytest.fixture
def issuer_id(by_hand: ByHand) -> str:
    """An issuer that is marked for generic issuing."""
    issuer_id = new_issuer(by_hand.registry.application)
    mark(by_hand, issuer_id, *PURPOSES)
    return issuer_id


def mark(by_hand: ByHand, issuer_id: str, *purposes: str) -> None:
    profile = GenericProfile(Mechanism.EDDSA_JCS_2022, purposes)
    by_hand.registry.application.open_generic_issuing(OPERATOR, issuer_id, profile)


def send(by_hand: ByHand, issuer_id: str) -> Credential:
    application = by_hand.registry.application
    return application.issue_credential(OPERATOR, issuer_id, CredentialOrder(SENT)).credential


def set_status(by_hand: ByHand, issuer_id: str, purpose: str) -> None:
    order = StatusOrder(NAME, purpose, True)
    by_hand.registry.application.set_status(OPERATOR, issuer_id, order)


def test_status_of_a_generic_credential_is_published(by_hand: ByHand, issuer_id: str) -> None:
    credential = send(by_hand, issuer_id)
    by_hand.settle()
    assert by_hand.bit(credential, "suspension") == 0
    set_status(by_hand, issuer_id, "suspension")
    by_hand.settle()
    assert [by_hand.bit(credential, purpose) for purpose in PURPOSES] == [0, 1]
    set_status(by_hand, issuer_id, "revocation")
    by_hand.settle()
    assert [by_hand.bit(credential, purpose) for purpose in PURPOSES] == [1, 1]


def test_list_that_was_opened_ahead_is_published_empty(by_hand: ByHand, issuer_id: str) -> None:
    application = by_hand.registry.application
    list_ids = [application.open_status_list(OPERATOR, issuer_id, "revocation") for _ in range(2)]
    assert by_hand.settle() == len(list_ids) * len(PURPOSES)
    assert not by_hand.registry.publisher.alarms
    for list_id in list_ids:
        assert by_hand.registry.folder.current(f"status-lists/{list_id}/revocation")


def test_generic_credentials_are_found_with_the_issuers_others(
    by_hand: ByHand, issuer_id: str
) -> None:
    placed = send(by_hand, issuer_id)
    mark(by_hand, issuer_id)
    without = send(by_hand, issuer_id)
    by_hand.settle()
    wanted = CredentialFilter(issuer_id=issuer_id)
    rows = queries.credentials(by_hand.registry.database, wanted, Window(10)).rows
    assert [row["credential_id"] for row in rows] == [str(without.id), str(placed.id)]
    assert [row["list_id"] for row in rows] == [None, placed.issuance.list_id]
    assert {row["achievement_id"] for row in rows} == {None}


def test_marking_an_issuer_stands_in_its_timeline(by_hand: ByHand, issuer_id: str) -> None:
    by_hand.settle()
    entries = queries.timeline(by_hand.registry.database, issuer_id)
    assert entries[-1]["event"] == GenericIssuingOpened.TOPIC


def test_timeline_tells_of_the_issuing_alone(by_hand: ByHand, issuer_id: str) -> None:
    credential = send(by_hand, issuer_id)
    [named] = by_hand.events(CredentialNamed)
    by_hand.settle()
    assert not by_hand.registry.publisher.alarms
    database = by_hand.registry.database
    [entry] = queries.timeline(database, str(credential.id))
    assert entry["event"] == CredentialIssued.TOPIC
    assert not queries.timeline(database, str(named.originator_id))


def test_unknown_event_of_a_name_freezes_the_lists_of_its_issuer_alone(
    by_hand: ByHand, issuer_id: str
) -> None:
    mine = send(by_hand, issuer_id)
    (theirs,) = by_hand.issue(1, number=2)
    by_hand.settle()
    [named] = by_hand.events(CredentialNamed)
    position = by_hand.add_unknown_event(named.originator_id)
    by_hand.revoke(mine)
    by_hand.revoke(theirs)
    by_hand.settle()
    assert by_hand.alarm(mine) == f"event {position} is unreadable: unknown topic 'later-v7'"
    assert [by_hand.bit(mine), by_hand.bit(theirs)] == [0, 1]
    assert by_hand.alarm(theirs) is None


def test_views_and_lists_of_generic_credentials_are_what_the_events_say(
    by_hand: ByHand, issuer_id: str
) -> None:
    send(by_hand, issuer_id)
    set_status(by_hand, issuer_id, "revocation")
    mark(by_hand, issuer_id)
    send(by_hand, issuer_id)
    by_hand.settle()
    assert by_hand.replay().verify(all_versions=True).difference is None
