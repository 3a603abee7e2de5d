"""A view is made anew beside the live one, which is read meanwhile, and takes its place at once."""

from collections.abc import Callable
from contextlib import ExitStack, suppress

import pytest
from sqlalchemy import inspect, text

from projections import ALL, VIEWS, positions, queries
from projections.credentials import CredentialsProjection
from projections.positions import ProjectionOutdatedError, prepare
from projections.projection import Projection
from projections.rebuild import Rebuilt, rebuild
from projections.rows import Rows
from projections.status_lists import StatusListsProjection
from registry.domain.errors import ConflictError
from registry.domain.events import Event
from registry.store.database import StoreUnavailableError
from registry.store.recorders import open_recorder
from tests.integration.projections.by_hand import ByHand, SlowHistory
from tests.integration.projections.conftest import Another


class KilledError(Exception):
    """The rebuilding process was killed."""


class WatchedProjection(CredentialsProjection):
    """Calls `look` before each event it folds."""

    look: Callable[[], None] = staticmethod(lambda: None)

    def apply(self, event: Event, *, position: int, rows: Rows) -> None:
        self.look()
        super().apply(event, position=position, rows=rows)


@pytest.fixture
def lived(by_hand: ByHand) -> ByHand:
    """A registry in which something happened that is folded and published."""
    first, second, third, *_ = by_hand.issue(5)
    by_hand.settle()
    by_hand.suspend(first)
    by_hand.revoke(second)
    by_hand.suspend(third)
    by_hand.reinstate(third)
    by_hand.settle()
    by_hand.registry.catch_up.run()
    return by_hand


def rebuilt(by_hand: ByHand, projection: Projection | None = None) -> Rebuilt:
    registry = by_hand.registry
    [rebuilt] = rebuild(
        registry.database, registry.history, [projection or CredentialsProjection()]
    )
    return rebuilt


def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("history", "rebuild"):
        monkeypatch.setattr(f"projections.{module}.PAGE", 10)


def tables(by_hand: ByHand) -> set[str]:
    return set(inspect(by_hand.registry.database.engine).get_table_names())


@pytest.mark.parametrize("projection", ALL, ids=lambda projection: projection.name)
def test_rebuilding_makes_the_same_rows_again(lived: ByHand, projection: Projection) -> None:
    before = lived.rows()
    result = rebuilt(lived, projection)
    assert (result.generation, result.differing_rows) == (2, 0)
    assert result.position == lived.registry.history.end()
    assert result.rows == sum(len(before[view]) for view in projection.tables)
    assert lived.rows() == before
    gone = {f"{view}_g1" for view in projection.tables}
    assert not gone & tables(lived)
    assert lived.replay().verify().identical


@pytest.mark.parametrize("page", [3, 10, 1_000])
def test_rebuilding_all_views_reads_the_history_once(
    lived: ByHand, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    for module in ("history", "rebuild"):
        monkeypatch.setattr(f"projections.{module}.PAGE", page)
    registry, before, pages = lived.registry, lived.rows(), list[int]()
    found = rebuild(registry.database, registry.history, ALL, on_page=pages.append)
    assert [each.projection for each in found] == [each.name for each in ALL]
    assert [(each.generation, each.differing_rows) for each in found] == [(2, 0)] * len(ALL)
    assert registry.history.end() - page < sum(pages) <= registry.history.end()
    assert lived.rows() == before


def test_a_view_that_lags_behind_the_others_is_rebuilt_up_to_where_it_was(
    lived: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch)
    registry, lagging = lived.registry, CredentialsProjection()
    rebuilt(lived, StatusListsProjection())
    reached = registry.history.end()
    lived.revoke(lived.issue(3, number=2)[0])
    registry.catch_up.step([each for each in ALL if each.name != lagging.name])
    found = {each.projection: each for each in rebuild(registry.database, registry.history, ALL)}
    assert found[lagging.name].position == reached
    assert {each.position for each in found.values()} == {reached, registry.history.end()}
    assert {each.differing_rows for each in found.values()} == {0}


def test_rebuilt_views_have_the_indexes_they_had(lived: ByHand) -> None:
    before = indexes(lived, 1)
    rebuild(lived.registry.database, lived.registry.history, ALL)
    assert indexes(lived, 2) == before


def test_nothing_is_rebuilt_while_another_rebuilds_one_of_the_views(lived: ByHand) -> None:
    registry = lived.registry
    with registry.database.alone("rebuild-timeline"), pytest.raises(ConflictError):
        rebuild(registry.database, registry.history, ALL)
    assert {each.generation for each in rebuild(registry.database, registry.history, ALL)} == {2}


@pytest.mark.parametrize(
    ("damage", "differing"),
    [
        ("UPDATE credentials_g1 SET status = 'active'", 2),
        ("DELETE FROM credentials_g1 WHERE status = 'suspended'", 1),
        ("UPDATE credentials_g1 SET list_index = list_index + 1, reason = 'x'", 5),
    ],
)
def test_rebuilding_counts_and_mends_damaged_rows(
    lived: ByHand, damage: str, differing: int
) -> None:
    before = lived.rows()
    lived.execute(damage)
    assert lived.rows() != before
    assert rebuilt(lived).differing_rows == differing
    assert lived.rows() == before


def test_rebuilding_counts_and_removes_rows_that_no_event_made(lived: ByHand) -> None:
    before = lived.rows()
    columns = [column.name for column in lived.live_table("credentials").columns]
    values = ["'made-up'" if name == "credential_id" else name for name in columns]
    lived.execute(
        f"INSERT INTO credentials_g1 ({', '.join(columns)}) "
        f"SELECT {', '.join(values)} FROM credentials_g1 WHERE status = 'revoked'"
    )
    assert rebuilt(lived).differing_rows == 1
    assert lived.rows() == before


def test_rebuilding_counts_and_mends_a_flipped_bit(lived: ByHand) -> None:
    before = lived.rows()
    lived.execute("UPDATE status_arrays_g1 SET bits = :bits", bits=b"\x80" + bytes(16_383))
    assert rebuilt(lived, StatusListsProjection()).differing_rows == 2
    assert lived.rows() == before


def test_view_is_read_while_it_is_rebuilt(lived: ByHand) -> None:
    seen: list[int] = []

    def look() -> None:
        with lived.registry.database.reading() as connection:
            seen.append(connection.execute(text("SELECT COUNT(*) FROM credentials")).scalar_one())

    watched = WatchedProjection()
    watched.look = look
    rebuilt(lived, watched)
    assert len(seen) > 5
    assert set(seen) == {5}


def test_what_happens_while_a_view_is_rebuilt_is_in_it(
    lived: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch)
    registry = lived.registry
    pages: list[int] = []

    def meanwhile(events: int) -> None:
        pages.append(events)
        if len(pages) == 1:
            lived.revoke(lived.issue(1, number=2)[0])
            registry.catch_up.run()

    rebuild(registry.database, registry.history, [CredentialsProjection()], on_page=meanwhile)
    assert len(lived.rows()["credentials"]) == 6
    assert lived.replay().verify().identical


def test_what_happens_between_the_last_page_and_the_switch_is_in_it(
    lived: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch)
    registry = lived.registry
    history = SlowHistory(open_recorder(registry.database))

    def meanwhile() -> None:
        lived.revoke(lived.issue(1, number=2)[0])
        registry.catch_up.run()

    history.meanwhile = meanwhile
    [result] = rebuild(registry.database, history, [CredentialsProjection()])
    assert (result.rows, result.differing_rows) == (6, 0)
    assert lived.replay().verify().identical


@pytest.fixture
def read_for_long(another: Another, monkeypatch: pytest.MonkeyPatch) -> ByHand:
    """A registry on PostgreSQL that soon gives up waiting for those who read a view."""
    monkeypatch.setattr("registry.store.database.LOCK_SECONDS", 0.1)
    by_hand = another()
    by_hand.issue(2)
    by_hand.settle()
    return by_hand


on_postgres = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@on_postgres
def test_view_that_a_backup_reads_is_switched_once_that_has_ended(
    read_for_long: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_for_long.rows()
    with ExitStack() as reading:
        connection = reading.enter_context(read_for_long.registry.database.snapshot())
        connection.execute(text("SELECT COUNT(*) FROM credentials"))
        monkeypatch.setattr("projections.rebuild.time.sleep", lambda _: reading.close())

        result = rebuilt(read_for_long)

    assert (result.generation, result.differing_rows) == (2, 0)
    assert read_for_long.rows() == before


@on_postgres
def test_view_that_is_read_all_the_time_stays_as_it_is_and_is_named(
    read_for_long: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.rebuild.REST_SECONDS", 0)
    with read_for_long.registry.database.snapshot() as connection:
        connection.execute(text("SELECT COUNT(*) FROM credentials"))

        with pytest.raises(StoreUnavailableError, match="credentials could not be switched") as no:
            rebuilt(read_for_long)

    assert no.value.remedy == "rebuild it when neither a backup nor a long query reads it"
    assert rebuilt(read_for_long).differing_rows == 0


@on_postgres
def test_question_that_was_begun_finds_all_rows_though_the_view_is_rebuilt_meanwhile(
    read_for_long: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.rebuild.REST_SECONDS", 0)
    database = read_for_long.registry.database
    with queries.selection(database, queries.CredentialFilter()) as (_, ids):
        with suppress(StoreUnavailableError):
            rebuilt(read_for_long)

        assert len(list(ids)) == 2


@on_postgres
@pytest.mark.parametrize("projection", ALL, ids=lambda projection: projection.name)
def test_no_view_is_replaced_while_a_snapshot_of_all_lasts(
    read_for_long: ByHand, monkeypatch: pytest.MonkeyPatch, projection: Projection
) -> None:
    monkeypatch.setattr("projections.rebuild.REST_SECONDS", 0)
    with (
        read_for_long.registry.database.snapshot(of=VIEWS),
        pytest.raises(StoreUnavailableError, match="could not be switched"),
    ):
        rebuilt(read_for_long, projection)


def test_view_of_an_older_form_is_refused_and_then_replaced(lived: ByHand) -> None:
    lived.execute("UPDATE projections SET schema_version = 0 WHERE name = 'credentials'")
    with pytest.raises(ProjectionOutdatedError) as refusal:
        prepare(lived.registry.database, ALL)
    assert refusal.value.remedy == "run: registry projections rebuild --outdated"
    assert rebuilt(lived).differing_rows == 0
    prepare(lived.registry.database, ALL)
    assert lived.replay().verify().identical


def test_interrupted_rebuild_leaves_the_view_as_it_was(lived: ByHand) -> None:
    before = lived.rows()
    interrupt(lived)
    assert lived.rows() == before
    with lived.registry.database.reading() as connection:
        assert positions.live(connection, "credentials").generation.number == 1
    assert rebuilt(lived).differing_rows == 0
    assert lived.rows() == before


def test_tables_of_an_interrupted_rebuild_are_gone_after_the_next_one(lived: ByHand) -> None:
    interrupt(lived)
    number = rebuilt(lived).generation
    left = {name for name in tables(lived) if name.startswith("credentials_g")}
    assert left == {f"credentials_g{number}"}


def indexes(by_hand: ByHand, generation: int) -> set[tuple[str, tuple[str | None, ...]]]:
    """Return the tables of a generation of each view, with the columns of each index of them."""
    found = inspect(by_hand.registry.database.engine)
    names = [(view, f"{view}_g{generation}") for each in ALL for view in each.tables]
    return {
        (view, tuple(index["column_names"]))
        for view, table in names
        for index in found.get_indexes(table)
    }


def interrupt(by_hand: ByHand) -> None:
    """Begin to rebuild the credentials and be killed at the first event."""

    def end() -> None:
        raise KilledError

    watched = WatchedProjection()
    watched.look = end
    with pytest.raises(KilledError):
        rebuilt(by_hand, watched)
