"""How far each log has come, as the database knows it: leaves, position, the tree's right edge.

Positions of events may skip, leaves do not: `log_runs` has a row where a run of positions without
a gap begins, and an index is told from the greatest row that is not beyond.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from projections.transparency.errors import LogContradictedError, LogMovedError
from projections.transparency.runs import Run
from registry.formats.tlog.merkle import Frontier, FrontierError
from registry.store import tables
from registry.store.database import Database

_state = tables.log_state
_runs = tables.log_runs


@dataclass(frozen=True)
class LogState:
    """One log: the position of its last event, and the right edge of its tree."""

    number: int
    origin: str
    position: int
    frontier: Frontier
    closed_at: str | None

    @property
    def size(self) -> int:
        """How many leaves the log has."""
        return self.frontier.size


def newest(connection: Connection) -> LogState | None:
    """Return the log that grows, None before the first; raises LogContradictedError."""
    query = select(_state).order_by(_state.c.log_number.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return _read(row) if row is not None else None


def has_leaves(database: Database) -> bool:
    """Return whether the database ever made leaves of events."""
    with database.reading() as connection:
        state = newest(connection)
    return state is not None and (state.number > 1 or state.size > 0)


def begin(connection: Connection, number: int, origin: str, *, at: str) -> LogState:
    """Begin an empty log and close those before it."""
    unclosed = _state.c.closed_at.is_(None)
    connection.execute(update(_state).where(unclosed).values(closed_at=at))
    empty = {"size": 0, "position": 0, "frontier": b""}
    connection.execute(insert(_state), [{"log_number": number, "origin": origin, **empty}])
    return LogState(number, origin, 0, Frontier.empty(), None)


def advance(connection: Connection, before: LogState, after: LogState, runs: Iterable[Run]) -> None:
    """Record that a log grew; raises LogMovedError unless it still stands where it was read."""
    change = (
        update(_state)
        .where(_state.c.log_number == before.number, _state.c.closed_at.is_(None))
        .where(_state.c.size == before.size, _state.c.position == before.position)
        .values(size=after.size, position=after.position, frontier=after.frontier.to_bytes())
    )
    if connection.execute(change).rowcount != 1:
        raise LogMovedError(before.origin)
    rows = [{"log_number": before.number, **vars(run)} for run in runs]
    if rows:
        connection.execute(insert(_runs), rows)


def index_of(connection: Connection, number: int, position: int) -> int | None:
    """Return the leaf of the event at a position, None where there is no such event or leaf."""
    run = _last_run(connection, number, _runs.c.first_position <= position)
    if run is None:
        return None
    index = run.index_of(position)
    return index if index < _end_of(connection, number, run) else None


def position_of(connection: Connection, number: int, index: int) -> int:
    """Return the position of the event that is leaf `index`, 0 where the leaf is no event."""
    run = _last_run(connection, number, _runs.c.first_index <= index)
    return run.position_of(index) if run else 0


def size_until(connection: Connection, number: int, position: int) -> int:
    """Return how many leaves a log has up to and with a position, which may be that of no event."""
    run = _last_run(connection, number, _runs.c.first_position <= position)
    if run is None:
        return 0
    return min(run.index_of(position) + 1, _end_of(connection, number, run))


def runs(connection: Connection, number: int) -> list[Run]:
    """Return every run of a log, in order."""
    query = select(_runs.c.first_position, _runs.c.first_index).where(_runs.c.log_number == number)
    rows = connection.execute(query.order_by(_runs.c.first_position))
    return [Run(*row) for row in rows]


def _last_run(connection: Connection, number: int, condition: Any) -> Run | None:
    query = (
        select(_runs.c.first_position, _runs.c.first_index)
        .where(_runs.c.log_number == number, condition)
        .order_by(_runs.c.first_position.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return Run(*row) if row is not None else None


def _end_of(connection: Connection, number: int, run: Run) -> int:
    """Return the index after the last one of a run."""
    later = select(func.min(_runs.c.first_index)).where(
        _runs.c.log_number == number, _runs.c.first_position > run.first_position
    )
    following: int | None = connection.execute(later).scalar_one()
    if following is not None:
        return following
    size = select(_state.c.size).where(_state.c.log_number == number)
    return int(connection.execute(size).scalar_one())


def _read(row: Any) -> LogState:
    try:
        frontier = Frontier.from_bytes(row.size, row.frontier)
    except FrontierError as error:
        raise LogContradictedError(
            f"log_state of log {row.log_number} is not the edge of a tree: {error}",
            remedy="restore the database from a copy",
        ) from error
    return LogState(row.log_number, row.origin, row.position, frontier, row.closed_at)
