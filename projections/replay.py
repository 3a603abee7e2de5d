"""Replay: fold the whole history from zero, without any private key, and compare.

The stored events are held against the signed log first: what follows goes by them. Then every row
of every view, every bit of every list, and the published bytes of each list's versions are made
again from the events and held against what is there. The first difference is named with the event
it goes back to.
"""

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import Connection

from projections.comparison import Comparison, hold_tables
from projections.differences import Difference, Outcome
from projections.fold import Fold, in_memory
from projections.history import History, Recorded
from projections.log_tables import LogTables
from projections.projection import Projection
from projections.publish_folder import PublishFolder
from projections.rows import MemoryRows
from projections.scratch import Scratch
from projections.standby import wait_for_leaves
from projections.transparency.floor import LogFolder
from projections.transparency.tampering import EventsAndLog
from projections.transparency.trusted_checkpoints import (
    NOTHING_BROUGHT,
    Brought,
    Trusted,
    check_never_logged,
    trusted,
)
from registry.store.database import Database

OnEvent = Callable[[int], None]
OnProgress = Callable[[str, int, int], None]
"""Hears what is being gone through, how many of them are done, and how many there are."""


@dataclass(frozen=True)
class Replay:
    """Replays one registry's history."""

    database: Database
    history: History
    folder: PublishFolder
    public_url: str
    projections: Iterable[Projection]
    log_folder: LogFolder
    shard: str | None = None

    def until(self, position: int, *, on_event: OnEvent = lambda _: None) -> Fold[MemoryRows]:
        """Return the state as of `position`; unreadable events are passed over."""
        fold = in_memory(self.projections)
        for item in self.history.all(stop=position):
            if isinstance(item, Recorded):
                fold.apply(item.event, item.position)
            on_event(item.position)
        return fold

    def verify(
        self,
        *,
        all_versions: bool = False,
        brought: Brought = NOTHING_BROUGHT,
        on_progress: OnProgress = lambda *_: None,
    ) -> Outcome:
        """Hold the events against the log, then everything against the events.

        Stops at the first event that was changed, or else at the first difference, which what the
        database says of the log comes first in, and the documents kept come last in. The views are
        compared as of the position they stand at. With `all_versions` every version ever published
        is made again, otherwise each list's last. Raises FloorDamagedError where the log's folder
        is what was changed, UntrustedCheckpointError for a checkpoint that does not fit,
        StandbyBehindError for a standby that does not get as far as what is signed.
        """
        # What is signed is in the database already, so it is asked for the events afterwards.
        against = trusted(self.log_folder, self.public_url, brought, shard=self.shard)
        if against is not None and self.database.is_standby:
            wait_for_leaves(self.database, against.files.number, size=against.newest.size)
        with self.database.snapshot(patient=True) as connection:
            # Before the log, which takes long: a view may be rebuilt meanwhile.
            hold_tables(connection, self.projections)
            outcome = self._held_against(against, connection, on_progress)
            if outcome.tampered is None:
                outcome.difference = self._in_log_tables(against, connection)
            if outcome.identical:
                self._compare(
                    connection, outcome, all_versions=all_versions, on_progress=on_progress
                )
        return outcome

    def _held_against(
        self, against: Trusted | None, connection: Connection, on_progress: OnProgress
    ) -> Outcome:
        """Return an outcome that says what became of the events themselves."""
        outcome = Outcome()
        if against is None:
            check_never_logged(self.log_folder, connection)
            return outcome
        size = outcome.leaves = against.newest.size
        outcome.believed_leaves = against.believed.size if against.believed else None
        both = EventsAndLog(connection, against.files, against.newest)
        outcome.tampered = both.first_tampered(lambda done: on_progress("leaves", done, size))
        outcome.unlogged = 0 if outcome.tampered else both.newer_events()
        return outcome

    def _in_log_tables(self, against: Trusted | None, connection: Connection) -> Difference | None:
        if against is None:
            return None
        tables = LogTables(connection, against.files, self.public_url, self.shard)
        return next(tables.differences(covered=against.newest.size), None)

    def _compare(
        self,
        connection: Connection,
        outcome: Outcome,
        *,
        all_versions: bool,
        on_progress: OnProgress,
    ) -> None:
        with closing(Scratch(self.projections)) as scratch:
            comparison = Comparison(
                self.history,
                self.folder,
                self.public_url,
                projections=self.projections,
                connection=connection,
                scratch=scratch,
                outcome=outcome,
                on_progress=on_progress,
                shard=self.shard,
            )
            with closing(comparison.differences(all_versions=all_versions)) as differences:
                outcome.difference = next(differences, None)
