"""Rebuild a projection beside the live one, compare the two, and switch in one transaction.

Readers see the old tables until the switch and the new ones after it; nothing stops meanwhile
but the fold of new events, for as long as the comparison takes.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Connection, FromClause, Select, Table, Text, cast, func, select

from projections import positions
from projections.catch_up import apply_page
from projections.history import PAGE, History
from projections.projection import Generation, Projection
from registry.domain.errors import ConflictError
from registry.store.database import Database, StoreUnavailableError


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
    projection: Projection,
    *,
    on_page: Callable[[int], None] = lambda _events: None,
) -> Rebuilt:
    """Fold the history into a new generation and make it the live one; return what differed.

    A live generation of another schema version is replaced without a comparison. Raises
    ConflictError while another process rebuilds the same projection.
    """
    with database.alone(f"rebuild-{projection.name}") as alone:
        if not alone:
            raise ConflictError(f"the view {projection.name} is being rebuilt already")
        _drop_others(database, projection)
        generation = _create(database, projection)
        while (count := _step(database, history, projection, generation)) == PAGE:
            on_page(count)
        with database.writing(patient=True) as connection:
            rebuilt = _switch(connection, history, projection, generation)
        _drop_others(database, projection)
    return rebuilt


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


def _step(
    database: Database, history: History, projection: Projection, generation: Generation
) -> int:
    with database.reading() as connection:
        place = positions.progress(connection, generation)
        live = positions.live(connection, projection.name)
    page = history.page(place.position, stop=live.position)
    if page:
        with database.writing() as connection:
            apply_page(connection, projection, place, page, history=history)
    return len(page)


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
    return max(
        _count(connection, ours.except_(theirs).subquery()),
        _count(connection, theirs.except_(ours).subquery()),
    )


def _comparable(table: Table, columns: list[str]) -> Select[Any]:
    # PostgreSQL cannot compare values of the type json; their text is as good.
    shown = [
        cast(table.c[name], Text) if isinstance(table.c[name].type, JSON) else table.c[name]
        for name in columns
    ]
    return select(*shown)
