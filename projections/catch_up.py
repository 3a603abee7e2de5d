"""Bring views up to date: read a page of events, apply it, commit rows and position together.

The same loop serves production, rebuilding and tests. Two processes that run it for the same
projection do no harm: the position moves only from where it was read, the slower one starts anew.
"""

from collections.abc import Sequence

import structlog
from sqlalchemy import Connection

from projections import positions
from projections.history import History, Recorded, Unreadable
from projections.positions import FrozenStream, PositionMovedError, Progress
from projections.projection import ImpossibleEventError, Projection
from projections.rows import Rows, SqlRows
from registry.store.database import Database

log = structlog.get_logger(__name__)


class CatchUp:
    """Folds new events into the live generation of some projections."""

    def __init__(
        self, database: Database, history: History, projections: Sequence[Projection]
    ) -> None:
        self._database = database
        self._history = history
        self.projections = projections

    def run(self) -> int:
        """Apply every event there is; return how many were applied to the one most behind."""
        applied = 0
        while count := self.step():
            applied += count
        return applied

    def step(self, projections: Sequence[Projection] | None = None) -> int:
        """Apply one page to the projections that are most behind; return its length.

        Those of `projections` alone, where they are given.
        """
        wanted = self.projections if projections is None else projections
        if not wanted:
            return 0
        progress = self._progress(wanted)
        after = min(place.position for place in progress.values())
        page = self._history.page(after)
        behind = [p for p in wanted if progress[p.name].position == after]
        if page:
            self._apply_all(behind, progress, page)
        return len(page)

    def _progress(self, projections: Sequence[Projection]) -> dict[str, Progress]:
        with self._database.reading() as connection:
            return {p.name: positions.live(connection, p.name) for p in projections}

    def _apply_all(
        self,
        behind: Sequence[Projection],
        progress: dict[str, Progress],
        page: Sequence[Recorded | Unreadable],
    ) -> None:
        # One transaction for all of them costs one sync of the disk instead of several.
        try:
            with self._database.writing() as connection:
                for projection in behind:
                    place = progress[projection.name]
                    apply_page(connection, projection, place, page, history=self._history)
        except PositionMovedError:
            log.info("positions moved by another process")


def apply_page(
    connection: Connection,
    projection: Projection,
    place: Progress,
    page: Sequence[Recorded | Unreadable],
    *,
    history: History,
) -> None:
    """Apply a page that follows `place` to one generation, within the caller's transaction.

    Raises PositionMovedError where another process was faster; the caller then rolls back.
    """
    positions.advance(connection, place, to=page[-1].position)
    rows = SqlRows(connection, place.generation.tables(projection.tables))
    for item in page:
        unreadable = item if isinstance(item, Unreadable) else apply(projection, item, rows)
        if unreadable is not None:
            _freeze(connection, place, unreadable, history)
    rows.flush()


def apply(projection: Projection, item: Recorded, rows: Rows) -> Unreadable | None:
    """Apply one event, or return it as unreadable where it is impossible."""
    try:
        projection.apply(item.event, position=item.position, rows=rows)
    except ImpossibleEventError as error:
        stream, topic = item.event.originator_id, item.event.TOPIC
        return Unreadable(item.position, stream, topic, f"{topic} cannot be applied: {error}")
    return None


def _freeze(connection: Connection, place: Progress, item: Unreadable, history: History) -> None:
    issuer_id = history.issuer_of(item.originator_id)
    frozen = FrozenStream(
        item.position, str(item.originator_id), issuer_id, item.topic, item.reason
    )
    log.error(
        "unreadable event, its issuer's lists are frozen",
        position=item.position,
        topic=item.topic,
        issuer_id=issuer_id or "unknown: every list is frozen",
        projection=place.generation.projection,
        remedy="upgrade the registry, then: registry projections rebuild "
        + place.generation.projection,
    )
    positions.freeze(connection, place.generation, frozen)
