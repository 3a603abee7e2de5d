"""Rows of a view while a page of events is applied: in memory for a replay, in SQL for serving.

A projection sees only the `Rows` port, so that one piece of code makes both what is served and
what an audit compares it with.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Protocol

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    Table,
    Text,
    and_,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql

MANY = 20
"""From this many rows on, they are sent in the form that the database takes fastest."""

_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]

Key = tuple[Any, ...]
Row = dict[str, Any]


class Rows(Protocol):
    """Rows by table name and primary key.

    `insert` is called once a key. `change` sets columns of a row, or does nothing where there is
    none (its first event was unknown, and its stream is frozen). `get` returns the row with all
    that was done to it so far, or None.
    """

    def insert(self, table: str, key: Key, row: Row) -> None: ...

    def change(self, table: str, key: Key, values: Row) -> None: ...

    def get(self, table: str, key: Key) -> Mapping[str, Any] | None: ...


class MemoryRows:
    """All rows of all tables in dictionaries."""

    def __init__(self) -> None:
        self.tables: defaultdict[str, dict[Key, Row]] = defaultdict(dict)

    def insert(self, table: str, key: Key, row: Row) -> None:
        """Keep a new row."""
        self.tables[table][key] = row

    def change(self, table: str, key: Key, values: Row) -> None:
        """Set columns of a row."""
        if key in self.tables[table]:
            self.tables[table][key].update(values)

    def get(self, table: str, key: Key) -> Mapping[str, Any] | None:
        """Return a row or None."""
        return self.tables[table].get(key)


class SqlRows:
    """The rows one page touches, written in few statements by `flush`.

    A row that is inserted and changed in one page is written once. Changes of the same columns
    go to the database together.
    """

    def __init__(self, connection: Connection, tables: Mapping[str, Table]) -> None:
        self._connection = connection
        self._tables = tables
        self._inserted: defaultdict[str, dict[Key, Row]] = defaultdict(dict)
        self._changed: defaultdict[str, dict[Key, Row]] = defaultdict(dict)
        self._loaded: dict[tuple[str, Key], Row] = {}

    def insert(self, table: str, key: Key, row: Row) -> None:
        """Keep a new row until `flush`."""
        self._inserted[table][key] = row

    def change(self, table: str, key: Key, values: Row) -> None:
        """Keep new values until `flush`."""
        if key in self._inserted[table]:
            self._inserted[table][key].update(values)
            return
        self._changed[table].setdefault(key, {}).update(values)
        if (table, key) in self._loaded:
            self._loaded[table, key].update(values)

    def get(self, table: str, key: Key) -> Mapping[str, Any] | None:
        """Return a row as this page leaves it so far, reading it at most once."""
        if key in self._inserted[table]:
            return self._inserted[table][key]
        if (table, key) not in self._loaded:
            row = self._select(self._tables[table], key)
            if row is None:
                return None
            self._loaded[table, key] = row | self._changed[table].get(key, {})
        return self._loaded[table, key]

    def flush(self) -> None:
        """Write everything."""
        for name, rows in self._inserted.items():
            if rows:
                self._write_rows(self._tables[name], list(rows.values()))
        for name, changes in self._changed.items():
            self._write_changes(self._tables[name], changes)

    def _select(self, table: Table, key: Key) -> Row | None:
        found = self._connection.execute(select(table).where(having(table, key))).mappings()
        row = found.one_or_none()
        return dict(row) if row is not None else None

    def _write_rows(self, table: Table, rows: list[Row]) -> None:
        if len(rows) < MANY or not all(map(_is_plain, table.columns)):
            self._connection.execute(insert(table), rows)
        elif self._connection.dialect.name == "postgresql":
            self._write_columns(table, rows)
        else:
            self._write_tuples(table, rows)

    def _write_tuples(self, table: Table, rows: list[Row]) -> None:
        """Insert many rows as SQLite's driver takes them: half of the time of making them ready."""
        names = [column.name for column in table.columns]
        marks = ", ".join("?" for _ in names)
        # The names are the projection's own constants, the values are parameters.
        statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608
        # Of one name alone it would give the bare value, but a table has a key and more.
        values = itemgetter(*names)
        self._connection.exec_driver_sql(statement, list(map(values, rows)))

    def _write_columns(self, table: Table, rows: list[Row]) -> None:
        """Insert many rows as one array a column: a third of the time of one message a row."""
        names = [column.name for column in table.columns]
        # The names are the projection's own constants, the values are parameters.
        statement = (
            f"INSERT INTO {table.name} ({', '.join(names)}) "  # noqa: S608
            f"SELECT * FROM unnest({_arrays(table.columns)})"
        )
        self._connection.exec_driver_sql(statement, _columns(names, rows))

    def _write_changes(self, table: Table, changes: Mapping[Key, Row]) -> None:
        alike: defaultdict[tuple[str, ...], list[Row]] = defaultdict(list)
        keys = [f"key_{column.name}" for column in table.primary_key]
        for key, values in changes.items():
            alike[tuple(sorted(values))].append(dict(zip(keys, key, strict=True)) | values)
        for names, rows in alike.items():
            columns = [table.c[name] for name in names]
            is_many = len(rows) >= MANY and self._connection.dialect.name == "postgresql"
            if is_many and all(map(_is_plain, columns)):
                self._change_columns(table, columns, rows)
            else:
                self._change_rows(table, columns, rows)

    def _change_rows(self, table: Table, columns: Sequence[Column[Any]], rows: list[Row]) -> None:
        matches = [column == bindparam(f"key_{column.name}") for column in table.primary_key]
        values: Row = {column.name: bindparam(column.name) for column in columns}
        self._connection.execute(update(table).where(*matches).values(values), rows)

    def _change_columns(
        self, table: Table, columns: Sequence[Column[Any]], rows: list[Row]
    ) -> None:
        """Change many rows as `_write_columns` inserts them."""
        keys = list(table.primary_key)
        names = [f"key_{column.name}" for column in keys] + [column.name for column in columns]
        values = ", ".join(f"{column.name} = new.{column.name}" for column in columns)
        matches = " AND ".join(f"old.{column.name} = new.key_{column.name}" for column in keys)
        statement = (
            f"UPDATE {table.name} AS old SET {values} "  # noqa: S608 - as above
            f"FROM unnest({_arrays([*keys, *columns])}) AS new ({', '.join(names)}) WHERE {matches}"
        )
        self._connection.exec_driver_sql(statement, _columns(names, rows))


def having(table: Table, key: Key) -> ColumnElement[bool]:
    """Return the condition that a row has this primary key."""
    return and_(*(column == value for column, value in zip(table.primary_key, key, strict=True)))


def _arrays(columns: Iterable[Column[Any]]) -> str:
    """Return the parameters of a statement that takes one array a column."""
    types = (column.type.compile(dialect=_POSTGRESQL) for column in columns)
    return ", ".join(f"%b::{each}[]" for each in types)


def _columns(names: Iterable[str], rows: list[Row]) -> tuple[list[Any], ...]:
    return tuple(list(map(itemgetter(name), rows)) for name in names)


def _is_plain(column: Column[Any]) -> bool:
    return isinstance(column.type, Text | Integer | Boolean)
