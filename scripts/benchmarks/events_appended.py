"""How fast are events appended on PostgreSQL, beside the recorder the library brings?

Beside both stands COPY into a bare table, without the lock, the index of streams, or a refusal to
change what is stored: what the server itself takes to keep as many bytes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import psycopg
from eventsourcing.persistence import ApplicationRecorder, StoredEvent
from sqlalchemy.engine import URL, make_url

from registry.store.mapper import EventMapper
from registry.store.recorders import open_recorder
from scripts.benchmarks.databases import migrated, postgres, version
from scripts.benchmarks.measuring import Effort, Work, rate
from scripts.benchmarks.results import Goal, Of, Result
from scripts.benchmarks.sample_history import sample_events

if TYPE_CHECKING:
    from eventsourcing.postgres import PostgresApplicationRecorder

# The stock recorder never returns from much larger saves: they fill the socket both ways.
SAVE = 1000
STOCK_TABLE = "stock_events"
OURS, STOCK, COPY = "ours", "stock recorder", "raw COPY"
GOAL = Goal(Of.RATIO, 2.5)
BARE = """CREATE TABLE bare_events (notification_id bigserial PRIMARY KEY, originator_id uuid,
    originator_version bigint, topic text, state bytea)"""
INTO_BARE = "COPY bare_events (originator_id, originator_version, topic, state) FROM STDIN"


def measure(effort: Effort) -> Iterator[Result]:
    """Append the same events with both recorders, with and without syncing the disk."""
    mapper = EventMapper()
    events = [mapper.to_stored_event(event) for event in sample_events(effort.appended)]
    for fsync in (True, False):
        yield _measure(effort, events, fsync=fsync)


def _measure(effort: Effort, events: Sequence[StoredEvent], *, fsync: bool) -> Result:
    with postgres(fsync=fsync) as server:
        # The table of events refuses to be emptied, so each run has a database of its own.
        runs = [_run(server.create_database(), events) for _ in range(effort.runs)]
        state = "on" if fsync else "off"
        note = f"{version(server)}, fsync {state}, {effort.appended:,} events in saves of {SAVE:,}"
    found = {name: [run[name] for run in runs] for name in runs[0]}
    if STOCK not in found:
        note += "; psycopg-pool is not installed, so the stock recorder was not measured"
    ours = found.pop(OURS)
    return Result(f"events_appended.fsync_{state}", "events/s", ours, found, GOAL, note=note)


def _run(url: str, events: Sequence[StoredEvent]) -> dict[str, float]:
    with migrated(url) as database, stock_recorder(url) as stock:
        recorders = {OURS: open_recorder(database)} | ({STOCK: stock} if stock else {})
        works = {name: _appending(each, events) for name, each in recorders.items()}
        return {name: rate(work) for name, work in (works | {COPY: _copying(url, events)}).items()}


def _copying(url: str, events: Sequence[StoredEvent]) -> Work:
    def work() -> int:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute(BARE)
            for first in range(0, len(events), SAVE):
                _copy(connection, events[first : first + SAVE])
                connection.commit()
        return len(events)

    return work


def _copy(connection: psycopg.Connection, events: Sequence[StoredEvent]) -> None:
    with connection.cursor().copy(INTO_BARE) as copy:
        for event in events:
            copy.write_row(
                (event.originator_id, event.originator_version, event.topic, event.state)
            )


def _appending(recorder: ApplicationRecorder, events: Sequence[StoredEvent]) -> Work:
    def work() -> int:
        for first in range(0, len(events), SAVE):
            recorder.insert_events(events[first : first + SAVE])
        return len(events)

    return work


@contextmanager
def stock_recorder(
    url: str | URL, *, connections: int = 1
) -> Iterator["PostgresApplicationRecorder | None"]:
    """Give the stock recorder with its own table and pool, or None where its pool is missing.

    Its pool has one connection unless told otherwise, however many threads save at once.
    """
    url = make_url(url)
    if find_spec("psycopg_pool") is None:
        yield None
        return
    # Imported late, since the module cannot be imported without the pool.
    from eventsourcing.postgres import (  # noqa: PLC0415
        PostgresApplicationRecorder,
        PostgresDatastore,
    )

    address = (str(url.database), str(url.host), str(url.port))
    user = (str(url.username), str(url.password))
    with PostgresDatastore(*address, *user, pool_size=connections) as datastore:
        recorder = PostgresApplicationRecorder(datastore, events_table_name=STOCK_TABLE)
        recorder.create_table()
        yield recorder
