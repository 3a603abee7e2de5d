"""The state of every view as of one position, folded in memory from the events alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from projections.catch_up import apply
from projections.history import Recorded, Unreadable
from projections.projection import Projection
from projections.rows import Key, MemoryRows, Row
from projections.status_changes import ListKey
from projections.status_lists import PUBLICATIONS, STATUS_ARRAYS, StatusListsProjection
from registry.domain.events import Event


@dataclass
class Fold:
    """Folds events into the rows of every projection; `stops` ends some of them earlier.

    `touched` names the event that wrote each row last.
    """

    projections: Iterable[Projection]
    stops: Mapping[str, int] = field(default_factory=dict)
    rows: dict[str, MemoryRows] = field(default_factory=dict)
    touched: dict[tuple[str, Key], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows = {projection.name: MemoryRows() for projection in self.projections}

    def apply(self, event: Event, position: int) -> Unreadable | None:
        """Fold one event into every view that has not reached its stop.

        Returns why, where a view found the event impossible.
        """
        impossible: Unreadable | None = None
        for projection in self.projections:
            if position <= self.stops.get(projection.name, position):
                rows = _WatchedRows(self.rows[projection.name], self.touched, position)
                impossible = apply(projection, Recorded(position, event), rows) or impossible
        return impossible

    def is_retired(self, key: ListKey) -> bool:
        """Return whether a list is published no more."""
        row = self.rows[StatusListsProjection.name].tables[STATUS_ARRAYS][key]
        return bool(row["retired"])

    def publishing_issuers(self) -> set[str]:
        """Return the issuers of whom a list was published."""
        tables = self.rows[StatusListsProjection.name].tables
        return {tables[STATUS_ARRAYS][key]["issuer_id"] for key in tables[PUBLICATIONS]}

    def bits(self, key: ListKey) -> bytes:
        """Return a list's bits as of now, index 0 the most significant bit of byte 0."""
        row = self.rows[StatusListsProjection.name].tables[STATUS_ARRAYS][key]
        data: bytes = row["bits"].tobytes()
        return data


@dataclass(frozen=True)
class _WatchedRows:
    """Rows that note which event touched each of them last."""

    rows: MemoryRows
    touched: dict[tuple[str, Key], int]
    position: int

    def insert(self, table: str, key: Key, row: Row) -> None:
        self.touched[table, key] = self.position
        self.rows.insert(table, key, row)

    def change(self, table: str, key: Key, values: Row) -> None:
        self.touched[table, key] = self.position
        self.rows.change(table, key, values)

    def get(self, table: str, key: Key) -> Mapping[str, Any] | None:
        return self.rows.get(table, key)
