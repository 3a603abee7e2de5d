"""Bring database and log's folder to the same history: at the start, and when either moved.

What the folder holds under a signed checkpoint and the database lacks goes back into the database;
what the database holds and the folder lacks is made again from the events: the same bytes.
Anything else is a contradiction. It stops the log, and only an operator ends it, by closing the
log and beginning another: a process must not fork history by itself.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from projections.transparency import tree_state
from projections.transparency.checkpoint_signing import check_own, check_tree
from projections.transparency.errors import FloorDamagedError, LogContradictedError
from projections.transparency.floor import LogFiles, LogFolder, checkpoint_in
from projections.transparency.log_signers import LogSigners
from projections.transparency.origins import origin_of
from projections.transparency.restoring import Known, restore_events
from projections.transparency.runs import Runs, runs_between
from projections.transparency.stored_leaves import StoredLeaves
from projections.transparency.tree_state import LogState
from registry.domain.instants import instant
from registry.formats.tlog import tiles
from registry.formats.tlog.leaves import succession_leaf
from registry.formats.tlog.merkle import leaf_hashes
from registry.store.database import Database

log = structlog.get_logger(__name__)

_REOPEN = "find out what happened; only then: registry log reopen"


class Settling:
    """Settles one registry's log; the caller has the folder's lock.

    `owners_database` gives the same database by a connection that may put events back.
    """

    def __init__(
        self,
        database: Database,
        stored: StoredLeaves,
        folder: LogFolder,
        *,
        public_url: str,
        signers: LogSigners,
        clock: Callable[[], datetime],
        owners_database: Callable[[], Database],
        shard: str | None = None,
    ) -> None:
        self._database = database
        self._owners_database = owners_database
        self._stored = stored
        self._folder = folder
        self._public_url = public_url
        self._shard = shard
        self._signers = signers
        self._clock = clock

    def settle(self, *, truncated_too: bool = False) -> LogState:
        """Return the log as it stands in both places, once they agree.

        With `truncated_too` events are also put back that went missing from behind the log's own
        record of them, which no restore of a backup does. Raises TransparencyError.
        """
        state = self._state()
        self._check_ours(state)
        if not truncated_too:
            self._check_begun_by_operator(state)
        files = self._folder.log(state.number)
        note = files.checkpoint()
        if note is not None and checkpoint_in(note).size > state.size:
            state = self._restored(files, state, note)
        self._check_end(state, files, truncated_too=truncated_too)
        if not _holds(files, state):
            self._refill(files, state)
        check_tree(files, state)
        _check_position(files, state)
        self._mark_closed(state)
        return state

    def disagreement(self) -> str | None:
        """Say what keeps database and folder from agreeing, None where nothing does."""
        with self._database.reading() as connection:
            state = tree_state.newest(connection)
        number = max(self._folder.newest, 1)
        if state is not None and state.origin != (origin := self._origin(state.number)):
            return f"the log {state.origin} is another shard's, this one has {origin}"
        if state is None or state.number < number:
            size = self._folder.log(number).covered()
            return f"the database knows nothing of log {number}" if size else None
        files = self._folder.log(state.number)
        if files.covered() > state.size:
            return f"the signed log has {files.covered()} leaves, the database {state.size}"
        if self._stored.end() < state.position:
            return f"the database lacks events up to position {state.position} that are in the log"
        return None if _holds(files, state) else f"{files.path} does not hold the database's tree"

    def reopen(self) -> LogState:
        """Close the log and begin the next, whose first leaf names the old one's checkpoint."""
        number = max(self._state().number, self._folder.newest) + 1
        if self._folder.log(number - 1).checkpoint() is None:
            raise LogContradictedError(
                f"log {number - 1} has no checkpoint in {self._folder.root} that a new log "
                "could name",
                remedy="restore the log's folder from a copy",
            )
        # The folder says so first: a row in the database alone closes no log.
        self._folder.log(number - 1).close(self._origin(number))
        return self._begin(number)

    def succession(self, state: LogState) -> bytes:
        """Return the first leaf of a log that follows another."""
        note = self._folder.log(state.number - 1).checkpoint()
        if note is None:
            raise FloorDamagedError(
                f"the checkpoint of log {state.number - 1} is missing",
                remedy="restore the log's folder from a copy",
            )
        # The log before may be another shard's: the one this shard was split off from.
        return succession_leaf(origin=checkpoint_in(note).origin, checkpoint=note)

    def _origin(self, number: int) -> str:
        return origin_of(self._public_url, number, self._shard)

    def _state(self) -> LogState:
        with self._database.reading() as connection:
            state = tree_state.newest(connection)
        newest = max(self._folder.newest, 1)
        if self._folder.log(newest).closed_by() is not None:
            newest += 1  # Reopening was cut short.
        if state is None or state.number < newest:
            return self._begin(newest)
        return state

    def _check_ours(self, state: LogState) -> None:
        """Raise LogContradictedError for the log of the shard that this one was split off from.

        Two that signed it would fork it, be it with the same leaves for a while.
        """
        if state.origin != (origin := self._origin(state.number)):
            raise LogContradictedError(
                f"the database's log is {state.origin}, and not {origin}: it is another shard's",
                remedy="begin this shard's own: registry log reopen",
            )

    def _check_begun_by_operator(self, state: LogState) -> None:
        """Raise LogContradictedError for a log that only the database says was begun."""
        if state.number > 1 and self._folder.log(state.number - 1).closed_by() is None:
            raise LogContradictedError(
                f"the database has log {state.number}, but nobody closed log {state.number - 1}",
                remedy="find out who wrote into the table log_state; where the log's folder was "
                "put back to a time before, run: registry log restore",
            )

    def _begin(self, number: int) -> LogState:
        with self._database.writing() as connection:
            return tree_state.begin(
                connection, number, self._origin(number), at=instant(self._clock())
            )

    def _restored(self, files: LogFiles, state: LogState, note: bytes) -> LogState:
        """Put events back, then let the database know the log as the folder has it."""
        check_own(note, state, self._signers)
        checkpoint = checkpoint_in(note)
        known = Known(state.position, state.frontier)
        if tiles.root(state.size, files.read_tile) != state.frontier.root():
            raise LogContradictedError("the database's log is not the signed one", remedy=_REOPEN)
        size, root = checkpoint.size, checkpoint.root
        restored = restore_events(self._owners_database(), files, known, size=size, root=root)
        frontier = tiles.frontier(size, files.read_tile)
        after = replace(state, position=restored.position or state.position, frontier=frontier)
        runs = runs_between(restored.pairs, after=state.position)
        files.put_runs(runs, size=state.size)
        with self._database.writing() as connection:
            tree_state.advance(connection, state, after, runs)
        return after

    def _check_end(self, state: LogState, files: LogFiles, *, truncated_too: bool) -> None:
        end = self._stored.end()
        if end >= state.position:
            return
        if not truncated_too:
            raise LogContradictedError(
                f"events after position {end} are gone that are in the log",
                remedy="put them back from the log's folder: registry log restore",
            )
        with self._database.reading() as connection:
            size = tree_state.size_until(connection, state.number, end)
        known = Known(end, tiles.frontier(size, files.read_tile))
        root = state.frontier.root()
        restore_events(self._owners_database(), files, known, size=state.size, root=root)

    def _refill(self, files: LogFiles, state: LogState) -> None:
        """Make the folder's leaves again from the events, from its last checkpoint on."""
        size = files.covered()
        with self._database.reading() as connection:
            position = tree_state.position_of(connection, state.number, size - 1) if size else 0
            runs = tree_state.runs(connection, state.number)
        log.error("the log's folder is filled again", log=state.origin, after=size, to=state.size)
        if size == 0 and state.number > 1:
            first = self.succession(state)
            files.append(0, [first], leaf_hashes([first]))
            size = 1
        for page in self._stored.pages(position, stop=state.position):
            leaves = [each.leaf for each in page]
            files.append(size, leaves, leaf_hashes(leaves))
            size += len(leaves)
        files.put_runs(runs, size=0)
        if not _holds(files, state):
            raise LogContradictedError(
                "the events are not those the log was made of", remedy=_REOPEN
            )

    def _mark_closed(self, state: LogState) -> None:
        for number in self._folder.numbers():
            if number < state.number:
                self._folder.log(number).close(self._origin(number + 1))


def _holds(files: LogFiles, state: LogState) -> bool:
    try:
        return tiles.root(state.size, files.read_tile) == state.frontier.root()
    except FloorDamagedError:
        return False


def _check_position(files: LogFiles, state: LogState) -> None:
    """Raise LogContradictedError where events would be logged twice, or passed over."""
    had = Runs(files.runs()).position_of(state.size - 1) if state.size else None
    if had is not None and had != state.position:
        raise LogContradictedError(
            f"the database says that leaf {state.size - 1} is the event at position "
            f"{state.position}, the log's folder says {had}",
            remedy="find out who wrote into the table log_state",
        )
