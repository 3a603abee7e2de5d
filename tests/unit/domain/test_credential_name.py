"""A name: every credential that bears it, in order."""

import pytest

from registry.domain.aggregate import ForeignEventError
from registry.domain.credential_name import CredentialName
from registry.domain.events import CredentialNamed, Event, StatusListClosed
from tests.given import Given, command, event, recorded

ISSUER = "0b8a6e4c-8f7e-4f52-9e43-0f6f0a8f5b11"
FIRST = "1c9b7f5d-9a8f-8063-8f54-107a1b9a6c22"
SECOND = "2dac8a6e-ab9a-8174-9a65-218b2cab7d33"


def named(number: int, credential_id: str) -> Event:
    return event(CredentialNamed, number, issuer_id=ISSUER, credential_id=credential_id)


def given(*history: Event) -> Given[CredentialName]:
    return Given(CredentialName, *history)


def give(name: CredentialName) -> None:
    name.give(command(), issuer_id=ISSUER, credential_id=SECOND)


def test_new_name_has_no_bearer() -> None:
    assert given().then().bearers == []


def test_name_is_given() -> None:
    expected = recorded(CredentialNamed, 1, issuer_id=ISSUER, credential_id=SECOND)
    assert given().when(give).then(expected).bearers == [SECOND]


def test_name_is_given_again_beside_those_that_bear_it() -> None:
    expected = recorded(CredentialNamed, 2, issuer_id=ISSUER, credential_id=SECOND)
    assert given(named(1, FIRST)).when(give).then(expected).bearers == [FIRST, SECOND]


def test_event_of_another_aggregate_is_no_event_of_a_name() -> None:
    with pytest.raises(ForeignEventError):
        given(event(StatusListClosed, 1))
