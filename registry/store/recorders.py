"""Where events are stored: one table, appended to and never changed.

Contract of both recorders: `insert_events` stores all or none and is durable on return; the order
of notification ids is the order in which transactions commit, so a reader who has seen id N never
sees a smaller one later; ids may skip. A version that exists raises IntegrityError. Nothing is
retried here: after an unknown outcome of COMMIT a blind retry would meet its own rows and report
a conflict that is none.

With `unchanged` a save also rests on streams it does not write to: each is named with the version
it was read at, 0 for none. Where one has moved on, nothing is stored and StreamMovedError raised.
They are looked at after the insertion: by then nobody else can append until the transaction ends.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Notification,
    StoredEvent,
    Subscription,
)
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError as SqlIntegrityError

from registry.store.database import Database
from registry.store.group_commit import SMALL, GroupCommit, Save

TABLE = "stored_events"
STREAMS_PAGE = 1_000
APPENDED_AT_ONCE = 5_000
"""Events that one statement of a save appends: the driver copies what it sends several times."""

_COLUMNS = "originator_id, originator_version, topic, state"


class StreamMovedError(IntegrityError):
    """A stream that a save rested on has newer events; nothing was stored."""


class EventRecorder(ApplicationRecorder):
    """What both databases share; a subclass inserts and names its placeholder."""

    placeholder: str

    def __init__(self, database: Database) -> None:
        self.database = database
        self._together = GroupCommit(self._write)

    def _insert(self, connection: Connection, events: Sequence[StoredEvent]) -> list[int]:
        raise NotImplementedError

    def _key(self, originator_id: UUID | str) -> Any:
        raise NotImplementedError

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        unchanged: Mapping[UUID, int] = MappingProxyType({}),
        **_: Any,
    ) -> list[int]:
        """Append events and return their notification ids, in the order given.

        Small saves of several threads are written together, as if each were alone.
        """
        if not stored_events:
            return []
        save = Save(stored_events, unchanged)
        if len(stored_events) > SMALL:
            return self._write([save])[0]
        return self._together.save(save)

    def _write(self, saves: Sequence[Save]) -> list[list[int]]:
        """Store all of the saves in one transaction; return the ids of each."""
        events = [event for save in saves for event in save.events]
        unchanged = {stream: at for save in saves for stream, at in save.unchanged.items()}
        is_one_statement = not unchanged and len(events) <= APPENDED_AT_ONCE
        # The lock on the table is held for a shorter time where the server ends it itself.
        writing = self.database.committing_each if is_one_statement else self.database.writing
        try:
            with writing() as connection:
                ids = iter(self._insert(connection, events))
                self._check_unchanged(connection, unchanged)
        except SqlIntegrityError as error:
            raise IntegrityError(str(error.orig)) from error
        return [list(islice(ids, len(save.events))) for save in saves]

    def _check_unchanged(self, connection: Connection, unchanged: Mapping[UUID, int]) -> None:
        if not unchanged:
            return
        marks = ", ".join([self.placeholder] * len(unchanged))
        rows = connection.exec_driver_sql(
            f"SELECT originator_id, MAX(originator_version) FROM {TABLE} "
            f"WHERE originator_id IN ({marks}) GROUP BY originator_id",
            tuple(self._key(stream) for stream in unchanged),
        )
        newest = {_uuid(row[0]): row[1] for row in rows}
        for stream, version in unchanged.items():
            if (found := newest.get(_uuid(stream), 0)) != version:
                raise StreamMovedError(f"{stream} is at {found}, it was read at {version}")

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> list[StoredEvent]:
        """Read one stream, or a part of it, by version."""
        conditions = [
            ("originator_id =", self._key(originator_id)),
            ("originator_version >", gt),
            ("originator_version <=", lte),
        ]
        order = "originator_version " + ("DESC" if desc else "ASC")
        rows = self._select(_COLUMNS, conditions, order=order, limit=limit)
        return [_stored_event(row) for row in rows]

    def select_streams(self, originator_ids: Sequence[UUID]) -> dict[UUID, list[StoredEvent]]:
        """Read many streams whole, each by version; one without an event is left out.

        They are read in pages of 1,000 streams, each page by a statement of its own.
        """
        found: dict[UUID, list[StoredEvent]] = {}
        for first in range(0, len(originator_ids), STREAMS_PAGE):
            page = tuple(self._key(each) for each in originator_ids[first : first + STREAMS_PAGE])
            rows = self._select(
                _COLUMNS,
                [("originator_id", page)],
                order="originator_id, originator_version",
                limit=None,
            )
            for row in rows:
                found.setdefault(_uuid(row[0]), []).append(_stored_event(row))
        return found

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> list[Notification]:
        """Read all streams in order of notification id, from `start` to `stop` inclusive."""
        conditions: list[tuple[str, Any]] = [
            ("notification_id " + (">=" if inclusive_of_start else ">"), start),
            ("notification_id <=", stop),
            ("topic", tuple(topics) or None),
        ]
        rows = self._select(
            f"notification_id, {_COLUMNS}", conditions, order="notification_id", limit=limit
        )
        return [
            Notification(
                id=row[0],
                originator_id=_uuid(row[1]),
                originator_version=row[2],
                topic=row[3],
                state=bytes(row[4]),
            )
            for row in rows
        ]

    def max_notification_id(self) -> int | None:
        """Return the id of the newest event, or None in an empty store."""
        with self.database.reading() as connection:
            found = connection.exec_driver_sql(f"SELECT MAX(notification_id) FROM {TABLE}")
            newest: int | None = found.scalar_one()
        return newest

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[Any]:
        """Refuse: projections read pages (`projections.catch_up`), on both databases alike."""
        raise NotImplementedError("read pages with select_notifications")

    def _select(
        self,
        columns: str,
        conditions: Iterable[tuple[str, Any]],
        *,
        order: str,
        limit: int | None,
    ) -> Sequence[Any]:
        clauses, parameters = self._where(conditions)
        statement = f"SELECT {columns} FROM {TABLE}{clauses} ORDER BY {order}"
        if limit is not None:
            statement += f" LIMIT {self.placeholder}"
            parameters.append(limit)
        with self.database.reading() as connection:
            return connection.exec_driver_sql(statement, tuple(parameters)).all()

    def _where(self, conditions: Iterable[tuple[str, Any]]) -> tuple[str, list[Any]]:
        clauses: list[str] = []
        parameters: list[Any] = []
        for comparison, value in conditions:
            if value is None:
                continue
            if isinstance(value, tuple):
                clause, values = self._among(comparison, value)
            else:
                clause, values = f"{comparison} {self.placeholder}", [value]
            clauses.append(clause)
            parameters.extend(values)
        return (" WHERE " + " AND ".join(clauses) if clauses else ""), parameters

    def _among(self, column: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        """Return a condition that a column has one of some values, and its parameters."""
        return f"{column} IN ({', '.join([self.placeholder] * len(values))})", values


class SqliteEventRecorder(EventRecorder):
    """Appends under SQLite's single write lock, which makes id order commit order."""

    placeholder = "?"

    def _key(self, originator_id: UUID | str) -> str:
        return str(originator_id)

    def _insert(self, connection: Connection, events: Sequence[StoredEvent]) -> list[int]:
        connection.exec_driver_sql(
            f"INSERT INTO {TABLE} ({_COLUMNS}) VALUES (?, ?, ?, ?)",
            [(str(e.originator_id), e.originator_version, e.topic, e.state) for e in events],
        )
        # Nobody else writes meanwhile, so the ids are the last ones, without a gap.
        last = connection.exec_driver_sql(f"SELECT MAX(notification_id) FROM {TABLE}").scalar_one()
        return list(range(last - len(events) + 1, last + 1))


class PostgresEventRecorder(EventRecorder):
    """Appends a whole save in one statement, under a lock that makes id order commit order.

    The function `append_events` takes the lock (migration 0003): a role that may call it needs no
    right to lock, change or remove anything. EXCLUSIVE lets readers read; it only makes writers
    take turns.

    The stock recorder of the `eventsourcing` library sends large saves through a psycopg
    pipeline, which fills the socket's buffer and hangs with the table locked. Arrays through
    `unnest` need no pipeline and are faster (docs/performance.md).
    """

    placeholder = "%s"
    _INSERT = "SELECT append_events(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[])"

    def _key(self, originator_id: UUID | str) -> UUID:
        return _uuid(originator_id)

    def _among(self, column: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        # One array: a thousand parameters take longer to prepare than to look up.
        return f"{column} = ANY({self.placeholder})", [list(values)]

    def _insert(self, connection: Connection, events: Sequence[StoredEvent]) -> list[int]:
        parts = range(0, len(events), APPENDED_AT_ONCE)
        appended = (
            self._append(connection, events[first : first + APPENDED_AT_ONCE]) for first in parts
        )
        return [position for positions in appended for position in positions]

    def _append(self, connection: Connection, events: Sequence[StoredEvent]) -> list[int]:
        columns = (
            [_uuid(event.originator_id) for event in events],
            [event.originator_version for event in events],
            [event.topic for event in events],
            [event.state for event in events],
        )
        return [row[0] for row in connection.exec_driver_sql(self._INSERT, columns).all()]


def open_recorder(database: Database) -> EventRecorder:
    """Return the recorder that fits the database."""
    return (SqliteEventRecorder if database.is_sqlite else PostgresEventRecorder)(database)


def _stored_event(row: Any) -> StoredEvent:
    return StoredEvent(
        originator_id=_uuid(row[0]),
        originator_version=row[1],
        topic=row[2],
        state=bytes(row[3]),
    )


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
