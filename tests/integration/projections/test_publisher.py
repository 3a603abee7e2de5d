"""What is published is what the events say, in order, and no more often than it must be."""

from datetime import timedelta

import pytest

from registry.domain.instants import parse_instant
from registry.formats import bitstring
from tests.integration.projections.by_hand import (
    PURPOSES,
    ByHand,
    achievement_of,
    index_of,
    list_of,
    name_of,
)
from tests.making import OPERATOR, order


def test_first_version_of_both_lists_is_published_before_anything_is_revoked(
    by_hand: ByHand,
) -> None:
    (credential,) = by_hand.issue(1)
    assert by_hand.settle() == 2
    for purpose in PURPOSES:
        document = by_hand.served(credential, purpose)
        assert document["id"].endswith(name_of(credential, purpose))
        assert document["credentialSubject"]["statusPurpose"] == purpose
        bits = bitstring.decode(document["credentialSubject"]["encodedList"])
        assert bits == bytes(16_384)
        assert by_hand.current(credential, purpose).version == 1


def test_each_change_raises_the_version_of_its_own_list_by_one(by_hand: ByHand) -> None:
    first, second = by_hand.issue(2)
    by_hand.settle()
    by_hand.suspend(first)
    assert by_hand.settle() == 1
    assert (by_hand.bit(first, "suspension"), by_hand.bit(first, "revocation")) == (1, 0)
    by_hand.reinstate(first)
    assert by_hand.settle() == 1
    assert by_hand.bit(first, "suspension") == 0
    by_hand.revoke(second)
    assert by_hand.settle() == 1
    assert (by_hand.bit(second), by_hand.bit(first)) == (1, 0)
    versions = {purpose: by_hand.current(first, purpose).version for purpose in PURPOSES}
    assert versions == {"suspension": 3, "revocation": 2}


def test_revoking_a_suspended_credential_leaves_its_suspension_bit(by_hand: ByHand) -> None:
    (credential,) = by_hand.issue(1)
    by_hand.suspend(credential)
    by_hand.revoke(credential)
    by_hand.settle()
    assert [by_hand.bit(credential, purpose) for purpose in PURPOSES] == [1, 1]


def test_issuing_alone_publishes_nothing_new(by_hand: ByHand) -> None:
    (credential,) = by_hand.issue(1)
    by_hand.settle()
    before = by_hand.served(credential)
    application = by_hand.registry.application
    issuance = credential.issuance
    orders = [order(achievement_of(credential), number) for number in range(40)]
    application.issue(OPERATOR, issuance.issuer_id, orders)
    assert by_hand.settle() == 0
    assert by_hand.served(credential) == before


def test_mass_change_within_a_tenth_of_a_second_is_one_version(by_hand: ByHand) -> None:
    credentials = by_hand.issue(30)
    by_hand.settle()
    for credential in credentials[:20]:
        by_hand.revoke(credential)
    by_hand.registry.catch_up.run()
    by_hand.clock.advance(seconds=1)
    by_hand.registry.publisher.tick()
    for credential in credentials[20:]:
        by_hand.revoke(credential)
    by_hand.registry.catch_up.run()
    assert by_hand.registry.publisher.tick() == 0
    assert by_hand.registry.publisher.resting
    by_hand.clock.advance(milliseconds=100)
    assert by_hand.registry.publisher.tick() == 1
    assert by_hand.current(credentials[0]).version == 3
    assert all(by_hand.bit(credential) for credential in credentials)


def test_list_is_published_again_at_half_its_validity_and_not_before(by_hand: ByHand) -> None:
    (credential,) = by_hand.issue(1)
    by_hand.settle()
    first = by_hand.served(credential)
    by_hand.clock.advance(hours=11, minutes=59)
    assert by_hand.registry.publisher.tick() == 0
    by_hand.clock.advance(minutes=1)
    assert by_hand.registry.publisher.tick() == 2
    second = by_hand.served(credential)
    assert by_hand.current(credential).version == 2
    assert second["credentialSubject"] == first["credentialSubject"]
    assert parse_instant(second["validFrom"]) - parse_instant(first["validFrom"]) >= timedelta(
        hours=12
    )


def test_signing_time_is_strictly_later_though_the_clock_is_set_back(by_hand: ByHand) -> None:
    credentials = by_hand.issue(4)
    by_hand.settle()
    for credential in credentials:
        by_hand.clock.advance(days=-1)
        by_hand.revoke(credential)
        assert by_hand.settle() == 1
        assert by_hand.bit(credential) == 1
    events = by_hand.publications(credentials[0])
    times = [event.representations[0]["created"] for event in events]
    assert len(times) == 5
    assert times == sorted(set(times))
    assert [event.originator_version for event in events] == [1, 2, 3, 4, 5]


def test_two_versions_within_one_millisecond_differ_in_their_signing_time(
    by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    (credential,) = by_hand.issue(1)
    by_hand.settle()
    frozen = by_hand.clock.now
    monkeypatch.setattr(by_hand.registry.publisher._press, "_clock", lambda: frozen)
    for change in (by_hand.suspend, by_hand.reinstate, by_hand.suspend):
        change(credential)
        by_hand.settle()
    assert by_hand.current(credential, "suspension").version == 4
    assert by_hand.replay().verify(all_versions=True).identical


def test_list_that_differs_from_its_events_stays_as_it_was_and_raises_an_alarm(
    by_hand: ByHand,
) -> None:
    first, second = by_hand.issue(2)
    by_hand.settle()
    before = by_hand.served(first)
    by_hand.revoke(second)
    by_hand.registry.catch_up.run()
    _flip(by_hand, index_of(first))
    assert by_hand.settle() == 0
    assert by_hand.served(first) == before
    index = index_of(first)
    assert by_hand.alarm(first) == f"entry {index} differs from its events"
    _flip(by_hand, index)
    assert by_hand.settle() == 0, "it is tried again after five seconds"
    by_hand.clock.advance(seconds=5)
    assert by_hand.settle() == 1
    assert by_hand.alarm(first) is None
    assert (by_hand.bit(first), by_hand.bit(second)) == (0, 1)


def test_revoked_bit_that_was_cleared_in_the_arrays_is_never_published(by_hand: ByHand) -> None:
    first, second = by_hand.issue(2)
    by_hand.revoke(first)
    by_hand.settle()
    by_hand.revoke(second)
    by_hand.registry.catch_up.run()
    _flip(by_hand, index_of(first))
    by_hand.settle()
    assert by_hand.bit(first) == 1
    assert by_hand.alarm(first) is not None


def _flip(by_hand: ByHand, index: int) -> None:
    """Flip a bit of the revocation array in the database."""
    (row,) = [row for row in by_hand.rows()["status_arrays"] if row["purpose"] == "revocation"]
    row["bits"].invert(index)
    by_hand.execute(
        "UPDATE status_arrays_g1 SET bits = :bits WHERE purpose = 'revocation'",
        bits=row["bits"].tobytes(),
    )


def test_alarm_of_one_list_does_not_hold_up_another(by_hand: ByHand) -> None:
    (mine,), (theirs,) = by_hand.issue(1), by_hand.issue(1, number=2)
    by_hand.settle()
    by_hand.execute(
        "UPDATE status_arrays_g1 SET bits = :bits WHERE list_id = :list_id",
        bits=b"\xff" * 16_384,
        list_id=list_of(mine),
    )
    by_hand.revoke(mine)
    by_hand.revoke(theirs)
    by_hand.settle()
    assert by_hand.alarm(mine) is not None
    assert by_hand.bit(theirs) == 1


def test_lists_are_published_from_a_database_that_was_away(by_hand: ByHand) -> None:
    (credential,) = by_hand.issue(1)
    by_hand.settle()
    by_hand.registry.database.close()
    by_hand.revoke(credential)
    by_hand.settle()
    assert by_hand.bit(credential) == 1
