"""The background work as a whole: what goes first, what waits, what fails alone."""

from collections.abc import Iterator
from typing import Any

import pytest

from projections import patience
from projections.history import PAGE
from projections.timeline import TimelineProjection
from registry.domain.credential import Credential
from registry.domain.events import CredentialReinstated, CredentialSuspended, Event
from registry.domain.instants import instant
from registry.store.mapper import EventMapper
from tests.integration.projections.by_hand import ByHand, index_of, list_of
from tests.integration.projections.conftest import Another
from tests.waiting import wait_until

MASS = 2 * PAGE + 501


def mass(credential: Credential, at: str) -> Iterator[Event]:
    """Suspend and reinstate a credential many times; at last it is suspended."""
    classes = (CredentialSuspended, CredentialReinstated)
    for number in range(MASS):
        yield classes[number % 2](
            originator_id=credential.id,
            originator_version=credential.version + 1 + number,
            recorded_at=at,
            actor="test",
            command_id=f"{number}",
            request_digest="",
            nonce=f"{number:032x}",
            issuer_id=credential.issuance.issuer_id,
            list_id=list_of(credential),
            list_index=index_of(credential),
            reason="other",
        )


def published(by_hand: ByHand) -> Credential:
    """Return a credential whose lists are published."""
    (credential,) = by_hand.issue()
    by_hand.registry.runner.turn()
    by_hand.clock.advance(seconds=1)
    return credential


def test_a_mass_of_changes_in_one_save_is_one_version(
    by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine that is busy takes longer than a second to fold them.
    monkeypatch.setattr(patience, "LONGEST_SECONDS", 60.0)
    credential = published(by_hand)
    at = instant(by_hand.clock.now)
    stored = [EventMapper().to_stored_event(event) for event in mass(credential, at)]
    by_hand.registry.recorder.insert_events(stored)
    by_hand.registry.runner.turn()
    assert len(by_hand.publications(credential, "suspension")) == 2
    assert by_hand.bit(credential, "suspension") == 1


def test_a_view_that_fails_holds_up_no_list(
    by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = published(by_hand)
    by_hand.revoke(credential)

    def fail(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(TimelineProjection, "apply", fail)
    with pytest.raises(MemoryError):
        by_hand.registry.runner.turn()
    assert by_hand.bit(credential) == 1


def test_who_does_not_lead_does_nothing_until_the_leader_has_ended(
    by_hand: ByHand, another: Another
) -> None:
    credential = published(by_hand)
    second = another()
    by_hand.revoke(credential)
    second.registry.runner.turn()
    assert by_hand.bit(credential) == 0
    by_hand.registry.leadership.close()

    def second_has_published() -> bool:
        second.registry.runner.turn()
        return by_hand.bit(credential) == 1

    wait_until(second_has_published, seconds=5)


def test_a_publisher_that_lost_its_lists_while_it_signed_publishes_nothing(
    by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = published(by_hand)
    by_hand.revoke(credential)
    monkeypatch.setattr(type(by_hand.registry.leadership), "still_leads", lambda *_: False)
    by_hand.registry.runner.turn()
    assert len(by_hand.publications(credential)) == 1
    assert by_hand.alarm(credential) is None, "another leads: that is no failure"
    monkeypatch.undo()
    by_hand.registry.runner.turn()
    assert by_hand.bit(credential) == 1
