"""The transparency log as a projection: new events become leaves, leaves come under checkpoints.

The order for a page of events: leaves and tiles are on the disk of the log's folder; then the
tree's state and position move in one transaction of the database; then a checkpoint is signed.
A crash at any point leaves a log that goes on: what is written again are the same bytes, and what
a checkpoint covers is never written again.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import structlog
from eventsourcing.persistence import ApplicationRecorder
from sqlalchemy import Connection, text

from projections.transparency import tree_state
from projections.transparency.checkpoint_signing import CheckpointSigning
from projections.transparency.errors import LogMovedError, NotDurableError
from projections.transparency.floor import LogFiles, LogFolder
from projections.transparency.log_signers import LogSigners, OpenKeys
from projections.transparency.origins import origin_of
from projections.transparency.runs import runs_between
from projections.transparency.settling import Settling
from projections.transparency.stored_leaves import StoredLeaves
from projections.transparency.tree_state import LogState
from registry.domain.errors import RegistryError
from registry.formats.tlog.merkle import leaf_hashes
from registry.store.database import Database, StoreUnavailableError
from registry.store.standby_confirmation import unsafe_commit

log = structlog.get_logger(__name__)

WAIT_SECONDS = 30.0
"""How long a command waits for its turn with the log's folder."""


class TransparencyLog:
    """One registry's log; any number of processes may tick it, one at a time does."""

    def __init__(  # noqa: PLR0913 - each by name
        self,
        *,
        database: Database,
        recorder: ApplicationRecorder,
        folder: LogFolder,
        public_url: str,
        open_keys: OpenKeys,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        owners_database: Callable[[], Database] | None = None,
        shard: str | None = None,
    ) -> None:
        self.folder = folder
        self._database = database
        self._public_url, self._shard = public_url, shard
        self._stored = StoredLeaves(recorder)
        self.signers = LogSigners(open_keys, folder)
        self._signing = CheckpointSigning(self.signers, monotonic=monotonic)
        self._settling = Settling(
            database,
            self._stored,
            folder,
            public_url=public_url,
            signers=self.signers,
            clock=clock,
            owners_database=owners_database or (lambda: database),
            shard=shard,
        )
        self._settled: LogState | None = None
        self._confirmed: LogState | None = None
        self.alarm: str | None = None
        """Why the log does not go on, None while it does."""

    @property
    def current(self) -> int:
        """The number of the log that grows."""
        return max(self.folder.newest, 1)

    @property
    def files(self) -> LogFiles:
        """The files of the log that grows."""
        return self.folder.log(self.current)

    @property
    def origin(self) -> str:
        """The origin of the log that grows."""
        return origin_of(self._public_url, self.current, self._shard)

    @property
    def size(self) -> int:
        """How many leaves a signed checkpoint covers."""
        return self.files.covered()

    def checkpoint(self) -> bytes | None:
        """Return the newest signed checkpoint, None before the first."""
        return self.files.checkpoint()

    @property
    def is_resting(self) -> bool:
        """Whether leaves may wait for the shortest time between two checkpoints to pass."""
        state = self._settled
        return self._signing.is_resting and state is not None and state.size > self.size

    def index_of(self, position: int) -> int | None:
        """Return the leaf that the event at a position is in the log that grows, or None."""
        with self._database.reading() as connection:
            return tree_state.index_of(connection, self.current, position)

    def covered_position(self) -> int:
        """Return the position of the last event under a signed checkpoint, 0 for none."""
        covered = self.size
        with self._database.reading() as connection:
            if not covered:
                return 0
            return tree_state.position_of(connection, self.current, covered - 1)

    def tick(self) -> int:
        """Make leaves of a page of events and sign what is due; return how many leaves came.

        Raises TransparencyError, LogKeyError or StoreUnavailableError, and signs nothing then.
        """
        with self.folder.locked() as is_ours:
            if not is_ours:
                return 0
            before = self._settle()
            after = self._grow(before)
            if not self._signing.is_resting:
                self._confirm(after)
                self._signing.sign(self.folder.log(after.number), after)
        return after.size - before.size

    def tend(self) -> int:
        """Tick, but turn a failure into an alarm: lists are published whatever becomes of this."""
        return self._tended(self.tick)

    def prepare(self) -> None:
        """Settle database and folder before anything is changed; a failure becomes an alarm.

        Raises StoreUnavailableError.
        """
        try:
            self.restore(truncated_too=False)
        except StoreUnavailableError:
            raise
        except (RegistryError, LogMovedError, OSError) as error:
            self._report(error)

    def restore(self, *, truncated_too: bool = True) -> LogState:
        """Put back what the database or the folder lacks; raises TransparencyError."""
        with self._our_turn():
            self._settled = self._settling.settle(truncated_too=truncated_too)
        return self._settled

    def reopen(self, make_key: Callable[[], object]) -> LogState:
        """Close the log and begin the next, with every event of the database and another key.

        `make_key` is called where no key is there that signed no log yet, while nothing can be
        signed; raises what it raises, LogKeyError or TransparencyError.
        """
        with self._our_turn():
            # The log that is closed is the last one with a checkpoint, so the next is beyond it.
            if not self.signers.has_new(self.current + 1):
                make_key()
            following = origin_of(self._public_url, self.current + 1, self._shard)
            self.signers.of(self.current + 1, following)
            self._settled = self._settling.reopen()
        return self._settled

    def disagreement(self) -> str | None:
        """Say what keeps database and folder from agreeing, None where nothing does."""
        return self._settling.disagreement()

    def run(self) -> int:
        """Make leaves of every event there is and sign a checkpoint; return how many leaves.

        Raises as `tick` does.
        """
        count = 0
        while True:
            # Asked before the tick: a rest that ends after the tick has looked leaves it unsigned.
            is_resting = self.is_resting
            grown = self.tick()
            count += grown
            if not grown and not is_resting:
                return count
            if not grown:
                time.sleep(0.01)

    def finish(self) -> None:
        """Run, but turn a failure into an alarm: what a command has changed stays changed."""
        self._tended(self.run)

    @contextmanager
    def _our_turn(self) -> Iterator[None]:
        """Wait for the log's folder; raises StoreUnavailableError where another keeps it."""
        with self.folder.locked(wait_seconds=WAIT_SECONDS) as is_ours:
            if not is_ours:
                raise StoreUnavailableError(f"another process holds {self.folder.root}")
            yield

    def _tended(self, work: Callable[[], int]) -> int:
        try:
            count = work()
        except LogMovedError:
            return 0
        except Exception as error:  # noqa: BLE001 - lists must go on whatever happens here
            self._report(error)
            return 0
        self.alarm = None
        return count

    def _settle(self) -> LogState:
        with self._database.reading() as connection:
            state = tree_state.newest(connection)
        if state is None or state != self._settled:
            state = self._settled = self._settling.settle()
        return state

    def _grow(self, before: LogState) -> LogState:
        page = self._stored.page(before.position)
        first = [self._settling.succession(before)] if before.number > 1 > before.size else []
        leaves = [*first, *(each.leaf for each in page)]
        if not leaves:
            return before
        self._signing.require_key(before)
        hashes = leaf_hashes(leaves)
        places = [(each.position, i) for i, each in enumerate(page, before.size + len(first))]
        runs = runs_between(places, after=before.position)
        files = self.folder.log(before.number)
        files.append(before.size, leaves, hashes)
        files.put_runs(runs, size=before.size)
        after = replace(
            before,
            position=page[-1].position if page else before.position,
            frontier=before.frontier.append_all(hashes),
        )
        with self._database.writing() as connection:
            _check_durable(connection)
            tree_state.advance(connection, before, after, runs)
        self._settled = self._confirmed = after
        return after

    def _confirm(self, state: LogState) -> None:
        """Return once the database keeps a state for good that it shows, as its standby may not.

        What we committed ourselves was confirmed by that; what another process did, or what
        came back with a crashed primary, need not have been.
        """
        if state != self._confirmed:
            with self._database.reading() as connection:
                _check_durable(connection)
            self._database.confirm()
            self._confirmed = state

    def _report(self, error: Exception) -> None:
        reason = _reason(error)
        if reason != self.alarm:
            remedy = getattr(error, "remedy", None)
            level = log.error if isinstance(error, RegistryError) else log.exception
            level("the transparency log does not go on", reason=reason, remedy=remedy)
        self.alarm = reason


def _reason(error: Exception) -> str:
    match error:
        case RegistryError(reason=reason):
            return reason
        case OSError(strerror=str(reason)):
            return reason
    return type(error).__name__


def _check_durable(connection: Connection) -> None:
    """Raise NotDurableError where COMMIT does not wait for the disk.

    What is committed before our own COMMIT is on the disk with it, for the log of the database is
    written in order; so it is this connection's setting that counts.
    """
    if connection.dialect.name == "sqlite":
        return
    names = ("synchronous_commit", "synchronous_standby_names")
    settings = [connection.execute(text(f"SHOW {name}")).scalar_one() for name in names]
    if (reason := unsafe_commit(*settings)) is not None:
        raise NotDurableError(
            reason, remedy="ALTER ROLE … SET synchronous_commit = on, then restart the registry"
        )
