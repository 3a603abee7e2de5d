"""What only the primary has is neither acknowledged nor signed nor served."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent

from api.bootstrap import Registry
from registry.application import CredentialRegistry
from registry.commands import Caller
from registry.domain.errors import RegistryError
from registry.domain.events import CredentialIssued
from registry.requests import StatusChange
from registry.store.database import Database, StoreUnavailableError
from registry.store.standby_confirmation import durability_warnings, unsafe_commit
from tests.integration.projections.by_hand import ByHand
from tests.making import Clock, new_achievement, new_issuer, order
from tests.replication import NAME, Pair
from tests.waiting import wait_until

Opened = Callable[..., Registry]
NOBODY = "nobody"
"""A standby that never confirms anything."""

_WAITING = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.fixture
def registry(shared_pair: Pair, opened: Opened) -> Iterator[Registry]:
    url = shared_pair.primary.create_database()
    yield opened(url)
    shared_pair.demand(NAME)


def waiting(pair: Pair) -> bool:
    with pair.primary.connect() as connection:
        return connection.execute(f"SELECT 1 {_WAITING}").fetchone() is not None


def cancel_waiting(pair: Pair) -> None:
    """End the wait as an administrator would who sees a command that hangs."""
    wait_until(lambda: waiting(pair))
    with pair.primary.connect() as connection:
        connection.execute(f"SELECT pg_cancel_backend(pid) {_WAITING}")


class Doing(threading.Thread):
    """Does something beside the test, and keeps the error."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.error: RegistryError | None = None
        self.start()

    def run(self) -> None:
        try:
            self._work()
        except RegistryError as error:
            self.error = error

    def ended(self) -> "Doing":
        self.join(20)
        assert not self.is_alive()
        return self


@contextmanager
def unconfirmed(pair: Pair) -> Iterator[None]:
    """Let nothing be confirmed within."""
    pair.demand(NOBODY)
    yield
    pair.demand(NAME)


def issue(application: CredentialRegistry, place: tuple[str, str], key: str) -> str:
    issuer_id, achievement_id = place
    (issued,) = application.issue(Caller("test", key), issuer_id, [order(achievement_id)])
    return str(issued.credential.id)


def issued(registry: Registry) -> int:
    """Return how many credentials the primary shows as issued."""
    return len(registry.history.page(0, topics=(CredentialIssued.TOPIC,)))


def place_of(registry: Registry) -> tuple[str, str]:
    issuer_id = new_issuer(registry.application)
    return issuer_id, new_achievement(registry.application, issuer_id)


def test_a_change_whose_wait_was_cancelled_is_not_acknowledged(
    shared_pair: Pair, registry: Registry
) -> None:
    with unconfirmed(shared_pair):
        change = Doing(lambda: new_issuer(registry.application))
        cancel_waiting(shared_pair)
        assert isinstance(change.ended().error, StoreUnavailableError)
        assert "standby" in str(change.error)


def test_a_repeat_of_it_is_answered_once_the_standby_has_it(
    shared_pair: Pair, registry: Registry
) -> None:
    place = place_of(registry)
    credential_id = issue(registry.application, place, "issued")
    revoke = lambda: registry.application.revoke(  # noqa: E731 - said twice
        Caller("test", "revoked"), place[0], credential_id, StatusChange("fraud")
    )
    with unconfirmed(shared_pair):
        first = Doing(revoke)
        cancel_waiting(shared_pair)
        assert first.ended().error is not None
        repeat = Doing(revoke)
        wait_until(lambda: waiting(shared_pair))
        assert repeat.is_alive()
    assert repeat.ended().error is None


def test_so_is_a_repeated_issuance(
    shared_pair: Pair, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_of(registry)
    work = lambda: issue(registry.application, place, "once")  # noqa: E731 - said twice
    save = registry.recorder.insert_events
    nobody_confirms = threading.Event()

    def save_unconfirmed(events: Sequence[StoredEvent], **details: Any) -> list[int]:
        if any(event.topic == CredentialIssued.TOPIC for event in events):
            shared_pair.demand(NOBODY)
            nobody_confirms.set()
        return save(events, **details)

    # What is committed before the event goes through.
    monkeypatch.setattr(registry.recorder, "insert_events", save_unconfirmed)
    first = Doing(work)
    # Until then each commit waits a moment for the standby, which is not the wait that is meant.
    assert nobody_confirms.wait(20)
    cancel_waiting(shared_pair)
    assert first.ended().error is not None
    repeat = Doing(work)
    wait_until(lambda: waiting(shared_pair))
    assert repeat.is_alive()
    shared_pair.demand(NAME)
    assert repeat.ended().error is None
    assert issued(registry) == 1


def test_no_checkpoint_covers_what_the_standby_does_not_have(
    shared_pair: Pair, registry: Registry, opened: Opened
) -> None:
    new_issuer(registry.application)
    log = registry.transparency
    log.run()
    signed = log.size
    new_issuer(registry.application, 2)
    with unconfirmed(shared_pair):
        growing = Doing(log.tick)
        cancel_waiting(shared_pair)
        assert growing.ended().error is not None
        # The database shows the grown tree now; whoever signs it must not go by that.
        later = opened(str(registry.settings.database_url)).transparency
        signing = Doing(later.tick)
        wait_until(lambda: waiting(shared_pair))
        assert later.size == signed
    signing.ended()
    assert later.size == registry.history.end()


def test_no_list_is_served_that_the_standby_does_not_know(
    shared_pair: Pair, registry: Registry, opened: Opened
) -> None:
    (credential,) = ByHand(registry, Clock()).issue()
    registry.catch_up.run()
    with unconfirmed(shared_pair):
        publishing = Doing(registry.publisher.tick)
        cancel_waiting(shared_pair)
        assert publishing.ended().error is not None
        another = opened(str(registry.settings.database_url))
        mending = Doing(another.publisher.tick)
        wait_until(lambda: waiting(shared_pair))
        assert ByHand(another, Clock()).versions(credential) == [0]
    mending.ended()
    assert ByHand(another, Clock()).versions(credential) == [1]


@pytest.mark.parametrize(
    ("commit", "standbys", "is_safe"),
    [
        ("on", "", True),
        ("local", "", True),
        ("off", "", False),
        ("on", "standby", True),
        ("remote_apply", "standby", True),
        ("remote_write", "standby", False),
        ("local", "standby", False),
    ],
)
def test_which_settings_keep_what_is_acknowledged(
    commit: str, standbys: str, *, is_safe: bool
) -> None:
    assert (unsafe_commit(commit, standbys) is None) is is_safe


def test_a_server_that_syncs_nothing_is_named(shared_pair: Pair, registry: Registry) -> None:
    assert isinstance(registry.database, Database)
    with registry.database.reading() as connection:
        found = durability_warnings(connection)
    assert [each for each in found if "fsync" in each] == found != []
