"""The rows of a replay in a temporary database, so that a long history needs little memory.

The tables are made by the projections' own makers and written by the `SqlRows` that write what is
served; beside each row stands the event that wrote it last. The file is SQLite's own temporary
one: it has no name, lies under TMPDIR or /var/tmp, and is gone when the process ends, however it
ends.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    Table,
    create_engine,
    func,
    select,
)
from sqlalchemy.pool import StaticPool

from projections.projection import Projection
from projections.rows import Key, Row, SqlRows, having
from projections.side_by_side import Values, in_order, names_key_first

SPILL_AFTER = 5000
"""So many events are held in memory before their rows are written."""

CACHE_KIB = 65_536
WRITTEN_BY = "written_by_position"
"""The column that names the event that wrote a row last."""


class Scratch:
    """The tables of some projections, empty at first; `rows` are theirs by projection's name."""

    def __init__(self, projections: Iterable[Projection]) -> None:
        self._engine = create_engine("sqlite://", creator=_open, poolclass=StaticPool)
        self._connection = self._engine.connect()
        self.rows = {p.name: ScratchRows(self._connection, _tables(p)) for p in projections}
        self._events = 0

    def begin(self, position: int) -> None:
        """Say which event writes from now on."""
        self._events += 1
        for rows in self.rows.values():
            rows.position = position
            if self._events % SPILL_AFTER == 0:
                rows.spill()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
        self._engine.dispose()


class ScratchRows:
    """The rows of one projection, each marked with the `position` that stood when it changed."""

    def __init__(self, connection: Connection, tables: Mapping[str, Table]) -> None:
        self._connection = connection
        self._tables = tables
        self._page = SqlRows(connection, tables)
        self.position = 0
        for table in tables.values():
            table.create(connection)

    def insert(self, table: str, key: Key, row: Row) -> None:
        """Add a row."""
        self._page.insert(table, key, row | {WRITTEN_BY: self.position})

    def change(self, table: str, key: Key, values: Row) -> None:
        """Set columns of a row."""
        self._page.change(table, key, values | {WRITTEN_BY: self.position})

    def get(self, table: str, key: Key) -> Mapping[str, Any] | None:
        """Return a row as it is by now, or None."""
        return self._page.get(table, key)

    def spill(self) -> None:
        """Write what is held in memory."""
        self._page.flush()
        self._page = SqlRows(self._connection, self._tables)

    def ordered(self, table: str, names: Sequence[str]) -> Iterator[Values]:
        """Yield what each row holds in the columns `names`, in order of the primary key."""
        self.spill()
        return in_order(self._connection, self._tables[table], names)

    def each(self, table: str, names: Sequence[str] = ()) -> Iterator[Row]:
        """Yield each row with the columns `names`, or all, in order of the primary key."""
        names = names or [n for n in names_key_first(self._tables[table]) if n != WRITTEN_BY]
        for values in self.ordered(table, names):
            yield dict(zip(names, values, strict=True))

    def count(self) -> int:
        """Return how many rows there are in all tables."""
        self.spill()
        counts = (select(func.count()).select_from(table) for table in self._tables.values())
        return sum(self._connection.execute(query).scalar_one() for query in counts)

    def written_by(self, table: str, key: Key) -> int | None:
        """Return the position of the event that wrote a row last, or None where none did."""
        self.spill()
        source = self._tables[table]
        query = select(source.c[WRITTEN_BY]).where(having(source, key))
        return self._connection.execute(query).scalar_one_or_none()


def _open() -> sqlite3.Connection:
    connection = sqlite3.connect("", check_same_thread=False)
    # Nothing is ever rolled back, and what a crash leaves is no use.
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    return connection


def _tables(projection: Projection) -> dict[str, Table]:
    metadata = MetaData()
    tables = {name: make(metadata, name) for name, make in projection.tables.items()}
    for table in tables.values():
        # Nobody searches here by anything but the key.
        table.indexes.clear()
        table.append_column(Column(WRITTEN_BY, BigInteger, nullable=False))
    return tables
