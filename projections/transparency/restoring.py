"""Put back into a restored database the events that the log's folder holds and it lacks.

Every event that the database does hold must be the beginning of what the folder holds, and the
leaves must hash to the tree that was signed; else nothing is changed. Events get the positions
they had, so that what was said of a position stays true.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from eventsourcing.persistence import Notification
from psycopg.errors import InsufficientPrivilege
from sqlalchemy.exc import ProgrammingError

from projections.transparency.errors import EventsNotRestorableError, LogContradictedError
from projections.transparency.floor import LogFiles
from projections.transparency.growing_files import damaged
from projections.transparency.runs import Runs
from projections.transparency.stored_leaves import stored_leaves
from registry.formats.tlog.leaves import EventLeaf, LeafError, SuccessionLeaf, read_leaf
from registry.formats.tlog.merkle import Frontier, leaf_hashes
from registry.store.database import Database
from registry.store.restored_events import PAGE, events_after, lock_events, put_back

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Known:
    """Up to where database and log are known to agree: the last position, and the tree there."""

    position: int
    frontier: Frontier


@dataclass
class Restored:
    """What a restoration went through: (position, index) of each event, how many were put back."""

    pairs: list[tuple[int, int]] = field(default_factory=list)
    count: int = 0

    @property
    def position(self) -> int:
        """The position of the last event, 0 for none."""
        return self.pairs[-1][0] if self.pairs else 0


def restore_events(
    database: Database, files: LogFiles, known: Known, *, size: int, root: bytes
) -> Restored:
    """Make the leaves after those `known` events of the database, up to a tree that was signed.

    Raises LogContradictedError where the database holds another event, FloorDamagedError where
    the leaves are not those of the tree, EventsNotRestorableError where a right is missing; then
    nothing was changed.
    """
    try:
        with database.writing(patient=True) as connection:
            lock_events(connection)
            present = events_after(connection, known.position)
            restoring = _Restoring(files, known, present)
            for page in restoring.missing(size):
                put_back(connection, page)
            if restoring.frontier.root() != root:
                raise damaged(f"the leaves in {files.path} do not hash to the signed tree")
    except ProgrammingError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        raise EventsNotRestorableError(
            "the database does not let this role put events back",
            remedy="set REGISTRY_OWNER_DATABASE_URL to the URL of the role that owns the tables, "
            "then run: registry log restore",
        ) from error
    if count := restoring.restored.count:
        log.error("events were put back from the log's folder", events=count)
    return restoring.restored


class _Restoring:
    """Goes through leaves and the events there are side by side."""

    def __init__(self, files: LogFiles, known: Known, present: Iterator[Notification]) -> None:
        self._files = files
        self._present = present
        self._runs = Runs(files.runs())
        self._position = known.position
        self.frontier = known.frontier
        self.restored = Restored()

    def missing(self, size: int) -> Iterator[Sequence[Notification]]:
        """Yield the events that are missing of a tree of `size` leaves, in pages."""
        for page in _pages(self._files.leaves(self.frontier.size, size)):
            lacking = [event for event in self._lacking(page) if event is not None]
            self.frontier = self.frontier.append_all(leaf_hashes(page))
            if lacking:
                self.restored.count += len(lacking)
                yield lacking

    def _lacking(self, page: Sequence[bytes]) -> Iterator[Notification | None]:
        for index, leaf in enumerate(page, self.frontier.size):
            read = _read(leaf, self._files)
            if isinstance(read, EventLeaf):
                yield self._lacking_one(read, leaf, index)

    def _lacking_one(self, read: EventLeaf, leaf: bytes, index: int) -> Notification | None:
        event = next(self._present, None)
        if event is not None and stored_leaves([event])[0].leaf != leaf:
            raise LogContradictedError(
                f"the event at position {event.id} is not leaf {index} of the signed log",
                remedy="find out what happened; only then: registry log reopen",
            )
        had = self._runs.position_of(index) or 0
        self._position = event.id if event else max(self._position + 1, had)
        self.restored.pairs.append((self._position, index))
        return None if event else _notification(read, self._position)


def _pages(leaves: Iterable[bytes]) -> Iterator[list[bytes]]:
    page = list[bytes]()
    for leaf in leaves:
        page.append(leaf)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _read(leaf: bytes, files: LogFiles) -> EventLeaf | SuccessionLeaf:
    try:
        return read_leaf(leaf)
    except LeafError as error:
        raise damaged(f"a leaf in {files.path} is none: {error}") from error


def _notification(leaf: EventLeaf, position: int) -> Notification:
    return Notification(
        originator_id=UUID(leaf.stream),
        originator_version=leaf.version,
        topic=leaf.topic,
        state=leaf.state,
        id=position,
    )
