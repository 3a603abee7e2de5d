"""Rebuild projections beside the live ones, compare, and switch each in one transaction.

Readers see the old tables until the switch and the new ones after it; nothing stops meanwhile
but the fold of new events, for as long as the comparison takes.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import JSON, Connection, FromClause, Select, Table, Text, cast, func, select

from projections import positions
from projections.catch_up import apply_page
from projections.history import PAGE, History
from projections.positions import Progress
from projections.projection import Generation, Projection
from registry.domain.errors import ConflictError
from registry.store.database import Database, StoreUnavailableError

ATTEMPTS = 5
"""How often a view is switched at most that somebody, perhaps a backup, reads for long."""

REST_SECONDS = 5.0
"""How long it is left alone in between: who comes to read it while it is tried has to wait."""


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild found: rows the live tables had wrong, lacked, or had too many of."""

    projection: str
    generation: int
    position: int
    rows: int
    differing_rows: int


def rebuild(
    database: Database,
    history: History,
    projections: Sequence[Projection],
    *,
    on_page: Callable[[int], None] = lambda _events: None,
) -> list[Rebuilt]:
    """Fold the history into a new generation of each and make those the live ones.

    It is read once for all of them. Returns what differed; a live generation of another schema
    version is replaced without a comparison. Raises ConflictError while another process rebuilds
    one of them.
    """
    with database.alone(*(f"rebuild-{each.name}" for each in projections)) as alone:
        if not alone:
            names = ", ".join(each.name for each in projections)
            raise ConflictError(
                f"a view is being rebuilt already, of: {names}", remedy="wait until that has ended"
            )
        for each in projections:
            _drop_others(database, each)
        made = [_New(each, _create(database, each)) for each in projections]
        while _fold(database, history, made, on_page):
            pass
        for new in made:
            _index(database, *new)
        rebuilt = [_switched(database, history, new) for new in made]
        for each in projections:
            _drop_others(database, each)
    return rebuilt


class _New(NamedTuple):
    """A generation that is not live yet."""

    projection: Projection
    generation: Generation


def _drop_others(database: Database, projection: Projection) -> None:
    """Drop the generations that are not live, except those an audit still reads.

    Those are left for the next rebuild, as are those of a rebuild that was interrupted.
    """
    with database.reading() as connection:
        numbers = positions.idle_numbers(connection, projection.name)
    for number in numbers:
        with suppress(StoreUnavailableError), database.writing() as connection:
            positions.drop_generation(connection, projection, number=number)


def _create(database: Database, projection: Projection) -> Generation:
    with database.writing() as connection:
        number = positions.newest_number(connection, projection.name) + 1
        positions.create_generation(connection, projection, number=number)
    return Generation(projection.name, number)


def _fold(
    database: Database, history: History, made: Sequence[_New], on_page: Callable[[int], None]
) -> bool:
    """Fold what there is into those that are furthest behind; return whether there was something.

    What is less than a page behind its live generation is left for the switch.
    """
    with database.reading() as connection:
        places = [_place(connection, new) for new in made]
    far = [place for place in places if place.live_at - place.progress.position >= PAGE]
    if not far:
        return False
    after = min(place.progress.position for place in far)
    last = [place for place in far if place.progress.position == after]
    for page in history.pages(after, stop=min(place.live_at for place in last)):
        with database.writing() as connection:
            for projection, progress, _ in last:
                at = replace(progress, position=after)
                apply_page(connection, projection, at, page, history=history)
        after = page[-1].position
        on_page(len(page))
    return after > last[0].progress.position


class _Place(NamedTuple):
    """How far a new generation is, and how far the live one."""

    projection: Projection
    progress: Progress
    live_at: int


def _place(connection: Connection, new: _New) -> _Place:
    live = positions.live(connection, new.projection.name)
    return _Place(new.projection, positions.progress(connection, new.generation), live.position)


def _index(database: Database, projection: Projection, generation: Generation) -> None:
    """Sorting all rows once costs less than finding each its place in every index.

    Each in a transaction of its own: SQLite lets nobody else write meanwhile.
    """
    for index in positions.indexes(projection, number=generation.number):
        with database.writing(patient=True) as connection:
            index.create(connection)


def _switched(database: Database, history: History, new: _New) -> Rebuilt:
    """Switch one view; raises StoreUnavailableError where somebody reads it all the time."""
    left = ATTEMPTS
    while True:
        left -= 1
        try:
            with database.writing(patient=True) as connection:
                return _switch(connection, history, *new)
        except StoreUnavailableError as error:
            if not left:
                raise StoreUnavailableError(
                    f"the view {new.projection.name} could not be switched: {error.reason}",
                    remedy="rebuild it when neither a backup nor a long query reads it",
                ) from error
        time.sleep(REST_SECONDS)


def _switch(
    connection: Connection, history: History, projection: Projection, generation: Generation
) -> Rebuilt:
    live = positions.live(connection, projection.name, lock=True)
    position = _fold_to(connection, history, projection, generation, stop=live.position)
    new, old = (g.tables(projection.tables) for g in (generation, live.generation))
    comparable = positions.schema_version(connection, live.generation) == projection.schema_version
    rebuilt = Rebuilt(
        projection=projection.name,
        generation=generation.number,
        position=position,
        rows=sum(_count(connection, table) for table in new.values()),
        differing_rows=sum(_differing(connection, old[name], new[name]) for name in new)
        if comparable
        else 0,
    )
    positions.point_views(connection, projection, number=generation.number)
    return rebuilt


def _fold_to(
    connection: Connection,
    history: History,
    projection: Projection,
    generation: Generation,
    *,
    stop: int,
) -> int:
    """Fold what the live generation has and the new one lacks; return the new one's position."""
    place = positions.progress(connection, generation)
    while page := history.page(place.position, stop=stop):
        apply_page(connection, projection, place, page, history=history)
        place = positions.progress(connection, generation)
    return place.position


def _count(connection: Connection, rows: FromClause) -> int:
    return int(connection.execute(select(func.count()).select_from(rows)).scalar_one())


def _differing(connection: Connection, old: Table, new: Table) -> int:
    """Count rows that stand in one of two tables and not, with all their values, in the other."""
    columns = [column.name for column in new.columns]
    ours, theirs = (_comparable(table, columns) for table in (new, old))
    lacking = _count(connection, ours.except_(theirs).subquery())
    if not lacking and _count(connection, new) == _count(connection, old):
        return 0  # Each has a key, so as many rows and none but the other's are the other's rows.
    return max(lacking, _count(connection, theirs.except_(ours).subquery()))


def _comparable(table: Table, columns: list[str]) -> Select[Any]:
    # PostgreSQL cannot compare values of the type json; their text is as good.
    shown = [
        cast(table.c[name], Text) if isinstance(table.c[name].type, JSON) else table.c[name]
        for name in columns
    ]
    return select(*shown)
