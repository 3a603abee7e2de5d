"""Statements over a thousand rows: PostgreSQL is sent an array a column, SQLite a row at a time.

One statement with arrays costs PostgreSQL and its driver a fraction of a statement a row, and its
text is the same for any number of rows, so that it stays prepared.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, Dialect, Table, any_, literal
from sqlalchemy.dialects import sqlite


def among(
    connection: Connection, column: Column[Any], values: Collection[Any]
) -> ColumnElement[bool]:
    """Return the condition that a column has one of the values."""
    if connection.dialect.name == "sqlite":
        return column.in_(values)
    return column == any_(literal(list(values), ARRAY(column.type)))


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that name the same columns; one whose key is taken is left out."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(sqlite.insert(table).on_conflict_do_nothing(), list(map(dict, rows)))
        return
    names = tuple(rows[0])
    columns = tuple([row[name] for row in rows] for name in names)
    connection.exec_driver_sql(_from_arrays(table, names, connection.dialect), columns)


@lru_cache
def _from_arrays(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    """Return the statement; %b sends an array in binary, half as long as the text of bytes."""
    arrays = ", ".join(f"%b::{table.c[name].type.compile(dialect)}[]" for name in names)
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) "
        f"SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"
    )
