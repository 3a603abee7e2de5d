"""An event that this version does not know freezes what it may concern, loudly, and no more."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent
from structlog.testing import capture_logs

from projections.rebuild import rebuild
from projections.status_lists import StatusListsProjection
from registry.domain.credential import Credential
from registry.domain.events import CredentialRevoked, ReasonCodeAdded
from registry.domain.status_list import publication_id
from registry.store import mapper
from registry.store.mapper import EventMapper
from registry.store.recorders import open_recorder
from tests.integration.projections.by_hand import ByHand, index_of, list_of
from tests.integration.projections.conftest import Another
from tests.making import OPERATOR


def test_lists_of_the_issuer_are_frozen_and_those_of_others_go_on(by_hand: ByHand) -> None:
    (mine, other), (theirs,) = by_hand.issue(2), by_hand.issue(1, number=2)
    by_hand.settle()
    position = by_hand.add_unknown_event(mine.id)
    by_hand.revoke(other)
    by_hand.revoke(theirs)
    by_hand.settle()
    assert by_hand.bit(other) == 0
    assert by_hand.current(other).version == 1
    assert by_hand.alarm(other) == f"event {position} is unreadable: unknown topic 'later-v7'"
    assert by_hand.bit(theirs) == 1
    assert by_hand.alarm(theirs) is None


def test_every_list_is_frozen_where_the_issuer_cannot_be_told(by_hand: ByHand) -> None:
    (one,), (two,) = by_hand.issue(1), by_hand.issue(1, number=2)
    by_hand.settle()
    by_hand.add_unknown_event()
    for credential in (one, two):
        by_hand.revoke(credential)
    by_hand.settle()
    for credential in (one, two):
        assert by_hand.bit(credential) == 0
        assert "unreadable" in str(by_hand.alarm(credential))


def test_freezing_is_logged_as_an_error_with_its_remedy(by_hand: ByHand) -> None:
    (credential,) = by_hand.issue(1)
    by_hand.registry.catch_up.run()
    position = by_hand.add_unknown_event(credential.id)
    with capture_logs() as entries:
        by_hand.registry.catch_up.run()
    (entry,) = [entry for entry in entries if entry.get("projection") == "status_lists"]
    assert entry["log_level"] == "error"
    assert entry["position"] == position
    assert entry["issuer_id"] == credential.issuance.issuer_id
    assert "registry projections rebuild status_lists" in entry["remedy"]


def test_other_views_go_on_past_the_event(by_hand: ByHand) -> None:
    mine, other = by_hand.issue(2)
    by_hand.add_unknown_event(mine.id)
    by_hand.suspend(other)
    by_hand.registry.catch_up.run()
    assert set(by_hand.positions().values()) == {by_hand.registry.history.end()}
    statuses = {row["credential_id"]: row["status"] for row in by_hand.rows()["credentials"]}
    assert statuses == {str(mine.id): "active", str(other.id): "suspended"}


def test_status_event_of_an_unknown_form_freezes_as_an_unknown_topic_does(
    by_hand: ByHand,
) -> None:
    mine, other = by_hand.issue(2)
    by_hand.settle()
    later = StoredEvent(mine.id, 2, "credential-revoked-v1", b'{"reason":"x","by_court":true}')
    open_recorder(by_hand.registry.database).insert_events([later])
    by_hand.revoke(other)
    by_hand.settle()
    assert by_hand.bit(other) == 0
    assert "unknown fields ['by_court']" in str(by_hand.alarm(other))


def test_lists_stay_frozen_after_a_rebuild_by_a_version_that_knows_no_more(
    by_hand: ByHand, another: Another
) -> None:
    mine, other = by_hand.issue(2)
    by_hand.settle()
    by_hand.add_unknown_event(mine.id)
    by_hand.registry.catch_up.run()
    registry = by_hand.registry
    [rebuilt] = rebuild(registry.database, registry.history, [StatusListsProjection()])
    assert rebuilt.differing_rows == 0
    restarted = another()
    restarted.revoke(other)
    restarted.settle()
    assert restarted.bit(other) == 0
    assert "unreadable" in str(restarted.alarm(other))


def test_lists_go_on_after_a_rebuild_by_a_version_that_knows_the_event(
    by_hand: ByHand, another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    (credential,) = by_hand.issue(1)
    issuer_id = credential.issuance.issuer_id
    application = by_hand.registry.application
    application.add_reason_code(OPERATOR, issuer_id, code="own", label_pl="W", label_en="O")
    with monkeypatch.context() as older:
        older.delitem(mapper._BY_TOPIC, ReasonCodeAdded.TOPIC)
        by_hand.settle()
        assert "unreadable" in str(by_hand.alarm(credential))
    upgraded = another()
    upgraded.settle()
    assert "unreadable" in str(upgraded.alarm(credential)), "knowing the event is not enough"
    registry = upgraded.registry
    for projection in registry.catch_up.projections:
        rebuild(registry.database, registry.history, [projection])
    upgraded.clock.advance(seconds=10)
    upgraded.settle()
    assert upgraded.current(credential).version == 1
    assert upgraded.alarm(credential) is None
    assert upgraded.replay().verify().identical


def test_unknown_event_among_the_publications_of_one_list_leaves_the_others_alone(
    by_hand: ByHand, another: Another
) -> None:
    (mine,), (theirs,) = by_hand.issue(1), by_hand.issue(1, number=2)
    by_hand.settle()
    by_hand.add_unknown_event(publication_id(list_of(mine), "revocation"))
    by_hand.revoke(theirs)
    restarted = another()
    restarted.settle()
    assert restarted.bit(theirs) == 1
    assert restarted.current(mine).version == 1


def test_unknown_event_of_one_suspended_credential_lets_the_suspension_of_another_end(
    by_hand: ByHand,
) -> None:
    mine, other = by_hand.issue(2)
    end = by_hand.clock.now + timedelta(hours=1)
    by_hand.suspend(mine, until=end)
    by_hand.suspend(other, until=end + timedelta(minutes=1))
    by_hand.add_unknown_event(mine.id)
    by_hand.clock.advance(hours=2)
    by_hand.registry.runner.turn()
    by_hand.registry.catch_up.run()
    statuses = {row["credential_id"]: row["status"] for row in by_hand.rows()["credentials"]}
    assert statuses[str(other.id)] == "active"


def test_replay_names_the_unknown_event(by_hand: ByHand) -> None:
    (credential,) = by_hand.issue(1)
    position = by_hand.add_unknown_event(UUID(str(credential.id)))
    by_hand.registry.catch_up.run()
    difference = by_hand.replay().verify().difference
    assert difference is not None
    assert (difference.what, difference.position) == ("event", position)
    assert "later-v7" in difference.found


@pytest.mark.parametrize("index", [-1, 131_072, 10**9])
def test_event_with_an_index_outside_its_list_freezes_its_issuer_alone(
    by_hand: ByHand, index: int
) -> None:
    (mine, other), (theirs,) = by_hand.issue(2), by_hand.issue(1, number=2)
    by_hand.settle()
    impossible = replace(revoked(mine), list_index=index)
    open_recorder(by_hand.registry.database).insert_events(
        [EventMapper().to_stored_event(impossible)]
    )
    by_hand.revoke(other)
    by_hand.revoke(theirs)
    by_hand.settle()
    assert "cannot be applied: index" in str(by_hand.alarm(other))
    assert by_hand.bit(other) == 0
    assert by_hand.bit(theirs) == 1


def revoked(credential: Credential) -> CredentialRevoked:
    return CredentialRevoked(
        originator_id=credential.id,
        originator_version=2,
        recorded_at="2026-11-22T18:00:00.000000Z",
        actor="somebody",
        command_id="",
        request_digest="",
        nonce="",
        issuer_id=credential.issuance.issuer_id,
        list_id=list_of(credential),
        list_index=index_of(credential),
        reason="fraud",
    )


def test_replay_names_an_event_that_cannot_be_applied(by_hand: ByHand) -> None:
    (mine,) = by_hand.issue(1)
    by_hand.settle()
    impossible = replace(revoked(mine), list_index=10**9)
    (position,) = open_recorder(by_hand.registry.database).insert_events(
        [EventMapper().to_stored_event(impossible)]
    )
    by_hand.registry.catch_up.run()
    difference = by_hand.replay().verify().difference
    assert difference is not None
    assert difference.position == position
    assert "cannot be applied" in difference.found
