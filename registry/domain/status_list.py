"""The status list: which counters are given out, in blocks, each to one worker and for ever."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

from registry.domain.aggregate import Aggregate, Command, ForeignEventError
from registry.domain.errors import ConflictError, StatusListFullError
from registry.domain.events import (
    Event,
    IndexesReserved,
    IndexesReturned,
    StatusListClosed,
    StatusListHistoryClosed,
    StatusListHistoryOpened,
    StatusListOpened,
    StatusListRetired,
)
from registry.domain.profiles import purposes_of


@dataclass(frozen=True)
class Shelf:
    """The lists of one issuer that are secured and filled the same way, one after the other."""

    issuer_id: str
    cryptosuite: str
    profile: str

    def list_id(self, sequence: int) -> UUID:
        """Return the id of list number `sequence` (from 0).

        It is derived, so that two workers who open the same list collide in the event store
        instead of opening two.
        """
        return uuid5(UUID(self.issuer_id), f"{self.cryptosuite}/{self.profile}/{sequence}")


@dataclass(frozen=True)
class Range:
    """Counters first..first+count-1."""

    first: int
    count: int


def publication_id(list_id: str, purpose: str) -> UUID:
    """Return the id of the stream that holds the published versions of one list and purpose."""
    return uuid5(UUID(list_id), purpose)


class StatusList(Aggregate):
    """Folds the events of one list."""

    shelf: Shelf
    size: int
    sequence: int
    purposes: list[str]

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.frontier = 0
        self.returned: list[Range] = []
        self.closed = False
        self.retired = False
        self.history_is_public = False

    @property
    def remaining(self) -> int:
        """How many counters are not reserved."""
        return self.size - self.frontier + sum(block.count for block in self.returned)

    def open(self, command: Command, *, shelf: Shelf, sequence: int, size: int) -> None:
        """Open list number `sequence` of the shelf with `size` entries."""
        self.record(
            StatusListOpened,
            command,
            issuer_id=shelf.issuer_id,
            cryptosuite=shelf.cryptosuite,
            profile=str(shelf.profile),
            purposes=list(purposes_of(shelf.profile)),
            size=size,
            sequence=sequence,
        )

    def reserve(self, command: Command, *, count: int) -> Range:
        """Reserve up to `count` counters and return them; raises StatusListFullError at zero."""
        if self.closed or not self.remaining:
            raise StatusListFullError("every index of the list is given out")
        if self.returned:
            offered = self.returned[0]
        else:
            offered = Range(self.frontier, self.size - self.frontier)
        block = Range(offered.first, min(count, offered.count))
        self.record(IndexesReserved, command, first=block.first, count=block.count)
        return block

    def give_back(self, command: Command, block: Range) -> None:
        """Return counters that a worker has reserved and not used; nothing once closed."""
        if block.count and not self.closed:
            self.record(IndexesReturned, command, first=block.first, count=block.count)

    def close(self, command: Command) -> None:
        """Close a list that has nothing left."""
        if self.remaining:
            raise ConflictError(f"the list has {self.remaining} indexes left")
        if not self.closed:
            self.record(StatusListClosed, command)

    def retire(self, command: Command) -> None:
        """End the publication of a closed list; the caller knows that nothing needs it."""
        if not self.closed:
            raise ConflictError("only a closed list can be retired")
        if not self.retired:
            self.record(StatusListRetired, command)

    def open_history(self, command: Command) -> None:
        """Let everyone fetch the list's past versions; nothing where everyone may already."""
        if not self.history_is_public:
            self.record(StatusListHistoryOpened, command)

    def close_history(self, command: Command) -> None:
        """Keep the list's past versions for auditors again."""
        if self.history_is_public:
            self.record(StatusListHistoryClosed, command)

    def when(self, event: Event) -> None:
        """Apply one event."""
        match event:
            case StatusListOpened():
                self.shelf = Shelf(event.issuer_id, event.cryptosuite, event.profile)
                self.size, self.sequence = event.size, event.sequence
                self.purposes = event.purposes
            case IndexesReserved():
                self._take(Range(event.first, event.count))
            case IndexesReturned():
                self.returned.append(Range(event.first, event.count))
            case StatusListClosed():
                self.closed = True
            case StatusListRetired():
                self.retired = True
            case StatusListHistoryOpened():
                self.history_is_public = True
            case StatusListHistoryClosed():
                self.history_is_public = False
            case _:
                raise ForeignEventError(f"not a status list's event: {event!r}")

    def _take(self, block: Range) -> None:
        if self.returned and self.returned[0].first == block.first:
            offered = self.returned.pop(0)
            rest = Range(block.first + block.count, offered.count - block.count)
            if rest.count:
                self.returned.insert(0, rest)
        else:
            self.frontier = block.first + block.count
