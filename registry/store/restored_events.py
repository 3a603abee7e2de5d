"""Put back events that a restored database lacks, at the positions they had."""

from collections.abc import Iterator, Sequence

from eventsourcing.persistence import Notification
from sqlalchemy import Connection, insert, select

from registry.store.tables import stored_events
from registry.store.view_owners import hide_schema

PAGE = 1000


def lock_events(connection: Connection) -> None:
    """Keep others from appending until the transaction ends; on SQLite it began so.

    From then on no other table's name is known: this may be the owner's connection, see
    `view_owners`.
    """
    if connection.dialect.name != "sqlite":
        schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
        quoted = hide_schema(connection.exec_driver_sql)
        connection.exec_driver_sql(f"LOCK TABLE {quoted}.{stored_events.name} IN EXCLUSIVE MODE")
        connection.execution_options(schema_translate_map={None: schema})


def events_after(connection: Connection, position: int) -> Iterator[Notification]:
    """Yield the events after a position, in their order."""
    columns = stored_events.c
    while True:
        query = select(stored_events).where(columns.notification_id > position)
        page = connection.execute(query.order_by(columns.notification_id).limit(PAGE)).all()
        for row in page:
            yield Notification(
                originator_id=row.originator_id,
                originator_version=row.originator_version,
                topic=row.topic,
                state=bytes(row.state),
                id=row.notification_id,
            )
        if not page:
            return
        position = page[-1].notification_id


def put_back(connection: Connection, events: Sequence[Notification]) -> None:
    """Insert events with the ids they had, and let new ones count on from the last of them."""
    is_sqlite = connection.dialect.name == "sqlite"
    rows = [
        {
            "notification_id": event.id,
            "originator_id": str(event.originator_id) if is_sqlite else event.originator_id,
            "originator_version": event.originator_version,
            "topic": event.topic,
            "state": event.state,
        }
        for event in events
    ]
    connection.execute(insert(stored_events), rows)
    if not is_sqlite:
        # Counted is in the sequence of the table that the lock was taken on.
        schema = connection.get_execution_options()["schema_translate_map"][None]
        quote = connection.dialect.identifier_preparer.quote
        counter = "SELECT setval(pg_get_serial_sequence(%(table)s, 'notification_id'), %(last)s)"
        table = f"{quote(schema)}.{stored_events.name}"
        connection.exec_driver_sql(counter, {"table": table, "last": events[-1].id})
