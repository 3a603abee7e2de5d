"""Walk two tables side by side in order of their keys, holding a few rows of each at a time."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, Text, collate, select

BATCH = 1000

Values = tuple[Any, ...]


def names_key_first(table: Table) -> list[str]:
    """Return the names of a table's columns, those of its primary key in front."""
    key = [column.name for column in table.primary_key]
    return key + [column.name for column in table.columns if column.name not in key]


def in_order(connection: Connection, table: Table, names: Sequence[str]) -> Iterator[Values]:
    """Yield what each row holds in the columns `names`, in ascending order of the primary key.

    Texts are ordered by code point on both databases, as Python compares them.
    """
    order = [_by_code_point(connection, column) for column in table.primary_key]
    query = select(*(table.c[name] for name in names)).order_by(*order)
    with connection.execution_options(yield_per=BATCH).execute(query) as rows:
        yield from map(tuple, rows)


def _by_code_point(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, Text) and connection.dialect.name == "postgresql":
        return collate(column, "C")
    return column


def unequal(
    expected: Iterator[Values], found: Iterator[Values], *, key_length: int
) -> Iterator[tuple[Values | None, Values | None]]:
    """Yield what differs between two series of rows, None for the side that lacks the row.

    Both are in ascending order of their keys, the first `key_length` values of each row.
    """
    ours, theirs = next(expected, None), next(found, None)
    while ours is not None or theirs is not None:
        if ours == theirs:
            ours, theirs = next(expected, None), next(found, None)
        elif theirs is None or (ours is not None and ours[:key_length] < theirs[:key_length]):
            yield ours, None
            ours = next(expected, None)
        elif ours is None or theirs[:key_length] < ours[:key_length]:
            yield None, theirs
            theirs = next(found, None)
        else:
            yield ours, theirs
            ours, theirs = next(expected, None), next(found, None)
