"""A suspension ends at its time, once, by an event that says so."""

from datetime import timedelta

import pytest

from projections.retirement import Retirement
from projections.scheduler import Scheduler
from registry.domain.credential import Credential
from registry.domain.events import CredentialReinstated
from registry.domain.instants import instant
from tests.integration.projections.by_hand import ByHand
from tests.integration.projections.conftest import Another


def scheduler(by_hand: ByHand) -> Scheduler:
    registry = by_hand.registry
    snapshot = registry.database.snapshot
    return Scheduler(
        snapshot=snapshot,
        housekeeping=registry.housekeeping,
        retirement=Retirement(snapshot=snapshot, retention=timedelta(days=3650)),
        clock=by_hand.clock,
    )


@pytest.fixture
def suspended(by_hand: ByHand) -> list[Credential]:
    """Three credentials whose suspensions end after one, two and three hours."""
    credentials = by_hand.issue(3)
    for hours, credential in enumerate(credentials, 1):
        by_hand.suspend(credential, until=by_hand.clock.now + timedelta(hours=hours))
    by_hand.settle()
    return credentials


def test_suspension_ends_at_its_time_and_not_before(
    by_hand: ByHand, suspended: list[Credential]
) -> None:
    ending = scheduler(by_hand)
    by_hand.clock.advance(minutes=59)
    assert ending.tick() == 0
    by_hand.clock.advance(minutes=1)
    assert ending.tick() == 1
    by_hand.settle()
    assert [by_hand.bit(credential, "suspension") for credential in suspended] == [0, 1, 1]


def test_suspensions_that_ended_while_nobody_looked_are_all_ended(
    by_hand: ByHand, suspended: list[Credential]
) -> None:
    by_hand.clock.advance(days=30)
    assert scheduler(by_hand).tick() == 3
    by_hand.settle()
    assert [by_hand.bit(credential, "suspension") for credential in suspended] == [0, 0, 0]


def test_suspension_is_ended_once_though_the_view_lags_and_another_process_looks_too(
    by_hand: ByHand, another: Another, suspended: list[Credential]
) -> None:
    by_hand.clock.advance(minutes=61)
    schedulers = [scheduler(by_hand), scheduler(by_hand), scheduler(another())]
    assert [each.tick() for each in schedulers] == [1, 0, 0]
    (event,) = by_hand.events(CredentialReinstated)
    assert event.originator_id == suspended[0].id


def test_event_names_the_registry_the_reason_and_the_promised_end(
    by_hand: ByHand, suspended: list[Credential]
) -> None:
    end = by_hand.rows()["credentials"]
    (promised,) = [
        row["suspended_until"] for row in end if row["credential_id"] == str(suspended[0].id)
    ]
    by_hand.clock.advance(minutes=61)
    scheduler(by_hand).tick()
    (event,) = by_hand.events(CredentialReinstated)
    assert (event.actor, event.reason) == ("registry", "suspension-ended")
    assert event.effective_at == promised
    assert event.recorded_at <= instant(by_hand.clock.now)


def test_credential_that_was_revoked_meanwhile_is_left_revoked(
    by_hand: ByHand, suspended: list[Credential]
) -> None:
    by_hand.revoke(suspended[0])
    by_hand.clock.advance(minutes=61)
    assert scheduler(by_hand).tick() == 0
    by_hand.settle()
    assert by_hand.events(CredentialReinstated) == []
    assert by_hand.bit(suspended[0], "revocation") == 1


def test_suspension_that_was_renewed_with_a_later_end_is_not_ended_by_the_view_of_before(
    by_hand: ByHand, suspended: list[Credential]
) -> None:
    by_hand.reinstate(suspended[0])
    by_hand.suspend(suspended[0], until=by_hand.clock.now + timedelta(days=2))
    by_hand.clock.advance(minutes=61)
    assert scheduler(by_hand).tick() == 0
    by_hand.settle()
    assert by_hand.bit(suspended[0], "suspension") == 1


def test_suspension_without_an_end_is_never_ended(by_hand: ByHand) -> None:
    (credential,) = by_hand.issue(1)
    by_hand.suspend(credential)
    by_hand.settle()
    by_hand.clock.advance(days=3650)
    assert scheduler(by_hand).tick() == 0


def test_a_turn_of_the_background_work_ends_it_and_the_next_publishes_it(
    by_hand: ByHand, suspended: list[Credential]
) -> None:
    by_hand.clock.advance(minutes=61)
    by_hand.registry.runner.turn()
    by_hand.registry.runner.turn()
    assert by_hand.bit(suspended[0], "suspension") == 0
