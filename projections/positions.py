"""Which generation of a projection is live, and up to which event each is folded."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Index, delete, insert, select, text, update
from sqlalchemy.schema import CreateTable

from projections.projection import Generation, Projection
from registry.domain.errors import RegistryError
from registry.store import tables
from registry.store.database import Database

_positions = tables.projections
_frozen = tables.frozen_streams


class ProjectionOutdatedError(RegistryError):
    """A view was made by an older version of the registry."""


class PositionMovedError(Exception):
    """Another process folded these events meanwhile."""


@dataclass(frozen=True)
class Progress:
    """Where one generation stands: the last event folded into it."""

    generation: Generation
    position: int


@dataclass(frozen=True)
class FrozenStream:
    """An event that a projection could not read; `issuer_id` is None where it cannot be told."""

    notification_id: int
    originator_id: str
    issuer_id: str | None
    topic: str
    reason: str


def prepare(database: Database, projections: Iterable[Projection]) -> None:
    """Make the first generation of each projection that has none; safe to run twice at once.

    Raises ProjectionOutdatedError where live ones have another schema version.
    """
    wanted = list(projections)
    with database.writing() as connection:
        _lock(connection, database)
        for projection in wanted:
            if _live_row(connection, projection.name) is None:
                create_generation(connection, projection, number=1)
                for index in indexes(projection, number=1):
                    index.create(connection)
                point_views(connection, projection, number=1)
    if old := outdated(database, wanted):
        names = ", ".join(projection.name for projection in old)
        raise ProjectionOutdatedError(
            f"this version makes another form of: {names}",
            remedy="run: registry projections rebuild --outdated",
        )


def outdated(database: Database, projections: Iterable[Projection]) -> list[Projection]:
    """Return those whose live generation was made in another form than this version makes."""
    with database.reading() as connection:
        live_rows = [(each, _live_row(connection, each.name)) for each in projections]
    return [each for each, row in live_rows if row and row.schema_version != each.schema_version]


def create_generation(connection: Connection, projection: Projection, *, number: int) -> None:
    """Create the empty tables of a generation and its position 0; not live, and without indexes.

    Folding finds rows by their keys alone; readers need its `indexes`, once it is filled.
    """
    generation = Generation(projection.name, number)
    for table in generation.tables(projection.tables).values():
        connection.execute(CreateTable(table))
    row = {
        "name": projection.name,
        "generation": number,
        "live": 0,
        "position": 0,
        "schema_version": projection.schema_version,
    }
    connection.execute(insert(_positions), [row])


def indexes(projection: Projection, *, number: int) -> list[Index]:
    """Return the indexes of a generation's tables."""
    tables = Generation(projection.name, number).tables(projection.tables).values()
    return [index for table in tables for index in table.indexes]


def point_views(connection: Connection, projection: Projection, *, number: int) -> None:
    """Let readers see generation `number`, in the caller's transaction."""
    generation = Generation(projection.name, number)
    for view in projection.tables:
        connection.execute(text(f"DROP VIEW IF EXISTS {view}"))
        source = generation.table_name(view)
        # Both names are the projection's own constants.
        connection.execute(text(f"CREATE VIEW {view} AS SELECT * FROM {source}"))  # noqa: S608
    of_this = _positions.c.name == projection.name
    connection.execute(update(_positions).where(of_this).values(live=0))
    chosen = of_this & (_positions.c.generation == number)
    connection.execute(update(_positions).where(chosen).values(live=1))


def drop_generation(connection: Connection, projection: Projection, *, number: int) -> None:
    """Remove a generation's tables, position and frozen streams."""
    generation = Generation(projection.name, number)
    for table in generation.tables(projection.tables).values():
        table.drop(connection, checkfirst=True)
    for table in (_positions, _frozen):
        chosen = (table.c.name == projection.name) & (table.c.generation == number)
        connection.execute(delete(table).where(chosen))


def live(connection: Connection, name: str, *, lock: bool = False) -> Progress:
    """Return the live generation's progress; raises where the projection was never prepared.

    With `lock` no other process folds events into it until the transaction ends.
    """
    row = _live_row(connection, name, lock=lock)
    if row is None:
        raise ProjectionOutdatedError(
            f"the view {name} does not exist yet", remedy="run: registry db upgrade"
        )
    return Progress(Generation(name, row.generation), row.position)


def progress(connection: Connection, generation: Generation) -> Progress:
    """Return the progress of a generation that exists, live or not."""
    query = select(_positions.c.position).where(*_is(generation))
    return Progress(generation, connection.execute(query).scalar_one())


def schema_version(connection: Connection, generation: Generation) -> int:
    """Return the form of a generation's tables."""
    query = select(_positions.c.schema_version).where(*_is(generation))
    return int(connection.execute(query).scalar_one())


def idle_numbers(connection: Connection, name: str) -> list[int]:
    """Return the numbers of the generations that are not live."""
    query = select(_positions.c.generation).where(_positions.c.name == name)
    return list(connection.execute(query.where(_positions.c.live == 0)).scalars())


def newest_number(connection: Connection, name: str) -> int:
    """Return the highest generation number of a projection, 0 where there is none."""
    query = select(_positions.c.generation).where(_positions.c.name == name)
    return max(connection.execute(query).scalars(), default=0)


def advance(connection: Connection, before: Progress, *, to: int) -> None:
    """Move a position on; raises PositionMovedError unless it still stands where it was read."""
    unmoved = (*_is(before.generation), _positions.c.position == before.position)
    change = update(_positions).where(*unmoved).values(position=to)
    if connection.execute(change).rowcount != 1:
        raise PositionMovedError(before.generation.projection)


def freeze(connection: Connection, generation: Generation, frozen: FrozenStream) -> None:
    """Remember an event that could not be read."""
    row = {"name": generation.projection, "generation": generation.number, **vars(frozen)}
    connection.execute(insert(_frozen), [row])


def frozen_streams(connection: Connection, generation: Generation) -> list[FrozenStream]:
    """Return what a generation could not read, oldest first."""
    columns = [_frozen.c[name] for name in FrozenStream.__dataclass_fields__]
    query = (
        select(*columns)
        .where(_frozen.c.name == generation.projection)
        .where(_frozen.c.generation == generation.number)
        .order_by(_frozen.c.notification_id)
    )
    return [FrozenStream(**row) for row in connection.execute(query).mappings()]


def _is(generation: Generation) -> tuple[ColumnElement[bool], ...]:
    return (
        _positions.c.name == generation.projection,
        _positions.c.generation == generation.number,
    )


def _live_row(connection: Connection, name: str, *, lock: bool = False) -> Any:
    query = select(_positions).where(_positions.c.name == name, _positions.c.live == 1)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def _lock(connection: Connection, database: Database) -> None:
    if not database.is_sqlite:
        connection.execute(text("LOCK TABLE projections IN EXCLUSIVE MODE"))
