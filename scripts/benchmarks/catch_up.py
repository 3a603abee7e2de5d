"""How fast does each view take in a history on PostgreSQL, beside only reading the history?"""

from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import text, update

from projections import ALL
from projections.catch_up import CatchUp
from projections.history import PAGE, History
from projections.positions import live, prepare
from projections.projection import Projection
from registry.store import tables
from registry.store.database import Database
from registry.store.mapper import EventMapper
from registry.store.recorders import EventRecorder, open_recorder
from scripts.benchmarks.databases import migrated, postgres, version
from scripts.benchmarks.measuring import Effort, Work, rates
from scripts.benchmarks.results import Goal, Of, Result
from scripts.benchmarks.sample_history import sample_events

READING = "select_notifications"
TOGETHER = "all_together"
GOAL = Goal(Of.MEDIAN, 20_000)
"""Of each by itself; what all of them may take is the question of `rebuilding`."""


def measure(effort: Effort) -> Iterator[Result]:
    """Fold the same history into each projection alone, and into all of them together."""
    groups: dict[str, Sequence[Projection]] = {p.name: [p] for p in ALL} | {TOGETHER: ALL}
    with postgres() as server, migrated(server.create_database()) as database:
        prepare(database, ALL)
        recorder = open_recorder(database)
        _fill(recorder, effort.events)
        history = History(recorder)
        works = {READING: _reading(recorder)}
        works |= {name: CatchUp(database, history, group).run for name, group in groups.items()}
        found = rates(effort.runs, works, before=lambda: _rewind(database))
        note = f"{version(server)}, fsync on, {effort.events:,} events in pages of {PAGE:,}"
    reading = found.pop(READING)
    for name, runs in found.items():
        goal = None if name == TOGETHER else GOAL
        yield Result(f"catch_up.{name}", "events/s", runs, {READING: reading}, goal, note=note)


def _fill(recorder: EventRecorder, count: int) -> None:
    mapper = EventMapper()
    events = (mapper.to_stored_event(event) for event in sample_events(count))
    while save := list(islice(events, PAGE)):
        recorder.insert_events(save)
    # As autovacuum would a minute after a mass of events; or the statistics know of none.
    with recorder.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))


def _reading(recorder: EventRecorder) -> Work:
    def work() -> int:
        read, after = 0, 0
        while page := recorder.select_notifications(after, PAGE, inclusive_of_start=False):
            read, after = read + len(page), page[-1].id
        return read

    return work


def _rewind(database: Database) -> int:
    """Empty every view and set it back to the beginning of the history."""
    with database.writing() as connection:
        for projection in ALL:
            generation = live(connection, projection.name).generation
            for table in generation.tables(projection.tables).values():
                connection.execute(text(f"TRUNCATE {table.name}"))
        connection.execute(update(tables.projections).values(position=0))
    return 0
