"""Rows and position move together, and only once, whatever happens in the middle of a page."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from projections import ALL
from projections.catch_up import CatchUp
from projections.credentials import CredentialsProjection
from projections.history import History
from projections.rows import Rows
from projections.status_lists import StatusListsProjection
from registry.domain.events import CredentialRevoked, Event
from registry.store.database import Database
from registry.store.recorders import open_recorder
from tests.integration.projections.by_hand import ByHand, SlowHistory


class PlugPulledError(Exception):
    """The process ends here."""


class CrashingProjection(CredentialsProjection):
    """Folds what it is given until the first revocation, and then is no more."""

    def apply(self, event: Event, *, position: int, rows: Rows) -> None:
        if isinstance(event, CredentialRevoked):
            raise PlugPulledError
        super().apply(event, position=position, rows=rows)


def some_life(by_hand: ByHand) -> None:
    first, second, *_ = by_hand.issue(5)
    by_hand.suspend(first)
    by_hand.revoke(second)
    by_hand.reinstate(first)


def test_crash_in_the_middle_of_a_page_leaves_rows_and_positions_where_they_were(
    by_hand: ByHand,
) -> None:
    some_life(by_hand)
    registry, before = by_hand.registry, (by_hand.rows(), by_hand.positions())
    projections = (StatusListsProjection(), CrashingProjection())
    with pytest.raises(PlugPulledError):
        CatchUp(registry.database, registry.history, projections).run()
    assert (by_hand.rows(), by_hand.positions()) == before
    registry.catch_up.run()
    assert set(by_hand.positions().values()) == {registry.history.end()}
    assert by_hand.replay().verify().identical


def test_slower_of_two_processes_drops_its_page_and_nothing_is_applied_twice(
    by_hand: ByHand,
) -> None:
    some_life(by_hand)
    registry = by_hand.registry
    slow = SlowHistory(open_recorder(registry.database))
    slow.meanwhile = registry.catch_up.run
    CatchUp(registry.database, slow, ALL).run()
    assert by_hand.replay().verify().identical
    (reserved,) = {row["reserved"] for row in by_hand.rows()["status_arrays"]}
    assert reserved == 16


def test_processes_that_fold_at_once_leave_what_one_would_have(
    by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.history.PAGE", 5)
    for number in range(4):
        by_hand.issue(20, number=number)
    url = by_hand.registry.database.url.render_as_string(hide_password=False)
    barrier = threading.Barrier(4)

    def fold() -> None:
        database = Database(url)
        barrier.wait()
        CatchUp(database, History(open_recorder(database)), ALL).run()
        database.close()

    with ThreadPoolExecutor(4) as pool:
        for run in [pool.submit(fold) for _ in range(4)]:
            run.result()
    assert set(by_hand.positions().values()) == {by_hand.registry.history.end()}
    assert by_hand.replay().verify().identical


def test_projection_that_is_behind_is_brought_up_without_the_others_moving(
    by_hand: ByHand,
) -> None:
    some_life(by_hand)
    registry = by_hand.registry
    CatchUp(registry.database, registry.history, [CredentialsProjection()]).run()
    end = registry.history.end()
    assert by_hand.positions() == {each.name: 0 for each in ALL} | {"credentials": end}
    registry.catch_up.run()
    assert set(by_hand.positions().values()) == {end}
    assert by_hand.replay().verify().identical


def test_rows_that_come_in_one_page_or_in_many_are_the_same(
    by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.history.PAGE", 1)
    some_life(by_hand)
    by_hand.registry.catch_up.run()
    assert by_hand.replay().verify().identical
