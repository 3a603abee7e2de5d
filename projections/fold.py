"""The state of every view as of one position, folded from the events alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from projections.catch_up import apply
from projections.history import Recorded, Unreadable
from projections.projection import Projection
from projections.rows import MemoryRows, Rows
from projections.status_changes import ListKey
from projections.status_lists import STATUS_ARRAYS, StatusListsProjection
from registry.domain.events import Event

R = TypeVar("R", bound=Rows)


@dataclass(frozen=True)
class Fold(Generic[R]):
    """Folds events into the rows of every projection; `stops` ends some of them earlier."""

    projections: Iterable[Projection]
    rows: Mapping[str, R]
    stops: Mapping[str, int] = field(default_factory=dict)

    def apply(self, event: Event, position: int) -> Unreadable | None:
        """Fold one event into every view that has not reached its stop.

        Returns why, where a view found the event impossible.
        """
        impossible: Unreadable | None = None
        item = Recorded(position, event)
        for projection in self.projections:
            if position <= self.stops.get(projection.name, position):
                impossible = apply(projection, item, self.rows[projection.name]) or impossible
        return impossible

    def bits(self, key: ListKey) -> bytes | None:
        """Return a list's bits as of now, index 0 the most significant bit of byte 0.

        None stands for a list that no event has opened.
        """
        row = self.rows[StatusListsProjection.name].get(STATUS_ARRAYS, key)
        return None if row is None else row["bits"].tobytes()


def in_memory(projections: Iterable[Projection]) -> Fold[MemoryRows]:
    """Return an empty fold whose rows are dictionaries, for reading them freely afterwards."""
    return Fold(projections, {projection.name: MemoryRows() for projection in projections})
