"""Hold what the database says of the log that grows against the log's folder.

Both are written by whoever may write into the database: a wrong size or position would have events
logged twice or passed over, a wrong run would have receipts name the wrong leaf.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from projections.differences import Difference
from projections.side_by_side import unequal
from projections.transparency import tree_state
from projections.transparency.errors import FloorDamagedError, LogContradictedError
from projections.transparency.floor import LogFiles
from projections.transparency.origins import origin_of
from projections.transparency.runs import Run, Runs
from projections.transparency.tree_state import LogState
from registry.formats.tlog import tiles
from registry.store.tables import log_runs


@dataclass(frozen=True)
class LogTables:
    """The rows of `log_state` and `log_runs` beside the `files` of the log that grows."""

    connection: Connection
    files: LogFiles
    public_url: str
    shard: str | None = None

    def differences(self, *, covered: int) -> Iterator[Difference]:
        """Yield what differs; `covered` leaves were signed before the database was read."""
        try:
            state = tree_state.newest(self.connection)
        except LogContradictedError as error:
            yield Difference("log_state", None, "the edge of a tree", error.reason)
            return
        if state is None or state.number != self.files.number:
            found = "none" if state is None else f"log {state.number}"
            yield Difference("log_state", None, f"log {self.files.number}", found)
            return
        yield from self._in_state(state, covered)
        yield from self._in_runs(state)

    def _in_state(self, state: LogState, covered: int) -> Iterator[Difference]:
        number = state.number
        if state.closed_at is not None:
            yield Difference(f"closed_at of log_state {number}", None, "none", state.closed_at)
        if state.origin != (origin := origin_of(self.public_url, number, self.shard)):
            yield Difference(f"origin of log_state {number}", None, origin, state.origin)
        if state.size < covered:
            expected = f"{covered} or more leaves"
            yield Difference(f"size of log_state {number}", None, expected, str(state.size))
        if not self._holds(state):
            expected = f"the tree in {self.files.path}"
            found = f"another of {state.size} leaves"
            yield Difference(f"frontier of log_state {number}", None, expected, found)
        last = Runs(self.files.runs()).position_of(state.size - 1) or 0
        if state.position != last:
            what = f"position of log_state {number}"
            yield Difference(what, last, str(last), str(state.position))

    def _holds(self, state: LogState) -> bool:
        try:
            return tiles.root(state.size, self.files.read_tile) == state.frontier.root()
        except FloorDamagedError:
            return False

    def _in_runs(self, state: LogState) -> Iterator[Difference]:
        # The folder may be ahead by a page that the database does not know yet.
        expected = [run for run in self.files.runs() if run.first_index < state.size]
        found = tree_state.runs(self.connection, state.number)
        for pair in unequal(map(_values, expected), map(_values, found), key_length=1):
            position = next(values[0] for values in pair if values is not None)
            said = ["no row" if values is None else f"leaf {values[1]}" for values in pair]
            yield Difference(f"log_runs {state.number} {position}", position, *said)
        newest = self.connection.execute(select(func.max(log_runs.c.log_number))).scalar_one()
        if newest is not None and newest > state.number:
            what = f"log_runs {newest}"
            yield Difference(what, None, f"none after log {state.number}", "a row")


def _values(run: Run) -> tuple[int, int]:
    return run.first_position, run.first_index
