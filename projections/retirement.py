"""Which status lists nobody needs any more: closed, and every credential ended long ago."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, MetaData, func, select

from projections.credentials import VIEW, credentials_table
from projections.homes import elsewhere
from projections.status_lists import STATUS_ARRAYS, status_arrays_table
from registry.domain.instants import parse_instant

_arrays = status_arrays_table(MetaData(), STATUS_ARRAYS)
_credentials = credentials_table(MetaData(), VIEW)


class Retirement:
    """Finds lists whose last credential ended longer than `retention` ago.

    A list that holds a credential without an end never retires. Another process may still spend
    a block it reserved before the list was closed, so an end is worked out again before it counts.
    """

    def __init__(
        self, *, snapshot: Callable[[], Any], retention: timedelta, shard: str | None = None
    ) -> None:
        self._snapshot = snapshot
        self._shard = shard
        self._retention = retention
        self._ends: dict[str, datetime | None] = {}

    def due(self, now: datetime) -> list[str]:
        """Return the ids of the lists to retire."""
        with self._snapshot() as connection:
            closed = _closed(connection, self._shard)
            unknown = [list_id for list_id in closed if list_id not in self._ends]
            self._ends |= {list_id: _end(connection, list_id) for list_id in unknown}
            over = [list_id for list_id in closed if self._is_over(list_id, now)]
            self._ends |= {list_id: _end(connection, list_id) for list_id in over}
        return [list_id for list_id in over if self._is_over(list_id, now)]

    def _is_over(self, list_id: str, now: datetime) -> bool:
        end = self._ends[list_id]
        return end is not None and end + self._retention <= now


def _closed(connection: Connection, shard: str | None) -> list[str]:
    query = select(_arrays.c.list_id).where(
        _arrays.c.closed,
        _arrays.c.retired.is_(False),
        _arrays.c.issuer_id.not_in(elsewhere(shard)),
    )
    return list(connection.execute(query.distinct()).scalars())


def _end(connection: Connection, list_id: str) -> datetime | None:
    """Return when the last credential of a list ends, None where one has no end."""
    ends = (
        func.count(),
        func.count(_credentials.c.valid_until),
        func.max(_credentials.c.valid_until),
    )
    query = select(*ends).where(_credentials.c.list_id == list_id)
    issued, ending, last = connection.execute(query).one()
    return parse_instant(last) if issued == ending and last is not None else None
