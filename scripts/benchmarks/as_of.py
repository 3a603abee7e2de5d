"""How long does an answer about the past take at a million events, and of what does that depend?"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import median, quantiles

from sqlalchemy import Connection, text

from projections.catch_up import CatchUp
from projections.history import PAGE, History
from projections.past import as_of
from projections.past.intervals import IntervalsProjection
from projections.past.moments import Question, resolve
from projections.positions import prepare
from projections.queries import Window
from registry.domain import events as e
from registry.domain.instants import instant
from registry.store.database import Database
from registry.store.mapper import EventMapper
from registry.store.recorders import EventRecorder, open_recorder
from scripts.benchmarks.databases import empty, migrated
from scripts.benchmarks.measuring import Effort
from scripts.benchmarks.results import Goal, Of, Result
from scripts.benchmarks.sample_history import sample_events

START = datetime(2026, 1, 1, tzinfo=UTC)
GAP = timedelta(milliseconds=5)
QUESTIONS = 200
ROWS = 100
GOAL = Goal(Of.MEDIAN, 10, lower=False)

Asking = Callable[[Connection, random.Random], object]


@dataclass(frozen=True)
class _Sample:
    """What there is to ask about."""

    events: int
    issuer_id: str
    list_id: str
    credentials: list[str]


def measure(effort: Effort) -> Iterator[Result]:
    """Ask about random credentials, pages of the issuer and a list, as of random times."""
    with empty(effort.databases) as urls:
        for kind, url in urls.items():
            with migrated(url) as database:
                sample = _fill(database, effort.replayed)
                yield from _ask_all(database, sample, effort, kind)


def _ask_all(database: Database, sample: _Sample, effort: Effort, kind: str) -> Iterator[Result]:
    note = f"median of {QUESTIONS} questions a run, {sample.events:,} events"
    for name, ask, goal in (
        ("credential", _credential(sample), GOAL),
        ("issuer_page", _issuer_page(sample), None),
        ("list", _list(sample), None),
    ):
        asked = [_ask(database, ask, seed=run) for run in range(effort.runs)]
        runs = [median(found) for found in asked]
        p99 = median(quantiles(found, n=100)[-1] for found in asked)
        said = f"{note}; 99 of 100 within {p99:.1f} ms"
        yield Result(f"as_of.{name}.{kind}", "ms", runs, goal=goal, note=said)


def _ask(database: Database, ask: Asking, *, seed: int) -> list[float]:
    """Return how many milliseconds each of the questions took."""
    source = random.Random(seed)  # noqa: S311 - every run asks the same
    found = []
    for _ in range(QUESTIONS):
        started = time.perf_counter()
        with database.snapshot() as connection:
            ask(connection, source)
        found.append((time.perf_counter() - started) * 1000)
    return found


def _some_time(sample: _Sample, source: random.Random) -> datetime:
    return START + GAP * source.randrange(sample.events)


def _credential(sample: _Sample) -> Asking:
    def ask(connection: Connection, source: random.Random) -> object:
        question = Question(at=_some_time(sample, source), effective_at=_some_time(sample, source))
        found = resolve(connection, question)
        known = as_of.spans(connection, source.choice(sample.credentials), found)
        return as_of.span_at(known, found.effective_at)

    return ask


def _issuer_page(sample: _Sample) -> Asking:
    def ask(connection: Connection, source: random.Random) -> object:
        found = resolve(connection, Question(at=_some_time(sample, source)))
        return as_of.issuer_statuses(connection, sample.issuer_id, found, Window(ROWS))

    return ask


def _list(sample: _Sample) -> Asking:
    def ask(connection: Connection, source: random.Random) -> object:
        position = source.randrange(sample.events)
        return as_of.set_entries(connection, sample.list_id, "revocation", position=position)

    return ask


def _fill(database: Database, count: int) -> _Sample:
    projections = [IntervalsProjection()]
    prepare(database, projections)
    recorder = open_recorder(database)
    credentials = _record(recorder, count)
    CatchUp(database, History(recorder), projections).run()
    # As autovacuum would a minute after a mass of events; or the statistics know of none.
    with database.engine.connect() as connection:
        statement = "ANALYZE" if database.is_sqlite else "VACUUM ANALYZE"
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(statement))
    first = credentials[0]
    return _Sample(
        events=count,
        issuer_id=first.issuer_id,
        list_id=first.list_id or "",
        credentials=[str(event.originator_id) for event in credentials],
    )


def _record(recorder: EventRecorder, count: int) -> list[e.CredentialIssued]:
    """Store the history, each event a little later; return some of its credentials."""
    mapper, kept = EventMapper(), []
    events = (
        replace(event, recorded_at=instant(START + GAP * number))
        for number, event in enumerate(sample_events(count))
    )
    while page := list(islice(events, PAGE)):
        recorder.insert_events([mapper.to_stored_event(event) for event in page])
        kept += [event for event in page[::100] if isinstance(event, e.CredentialIssued)]
    return kept
