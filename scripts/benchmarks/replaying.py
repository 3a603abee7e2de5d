"""How long does `registry replay --verify` take, and how much memory, from the log to the views?"""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from sqlalchemy import MetaData, func, insert, literal, select

from api import bootstrap, founding
from api.settings import Settings
from projections.credentials import VIEW, credentials_table
from registry.store.database import Database
from registry.store.mapper import EventMapper
from registry.store.recorders import EventRecorder
from registry.store.tables import documents, subjects
from scripts.benchmarks import child
from scripts.benchmarks.databases import empty
from scripts.benchmarks.measuring import Effort
from scripts.benchmarks.registries import PUBLIC_URL
from scripts.benchmarks.results import Goal, Of, Result
from scripts.benchmarks.sample_history import sample_events

PAGE = 5000
VERIFY = ("replay", "--verify")
SPEED_GOAL = Goal(Of.MEDIAN, 1_000_000 / 180)
MEMORY_GOAL = Goal(Of.MEDIAN, 1024, lower=False)


def measure(effort: Effort) -> Iterator[Result]:
    """Verify the same history on both databases, each time in a process of its own."""
    with empty(effort.databases) as urls:
        for name, url in urls.items():
            with tempfile.TemporaryDirectory() as folder:
                settings = Settings(folder=Path(folder), database_url=url, public_url=PUBLIC_URL)
                fill(settings, effort.replayed)
                runs = [child.run(settings, VERIFY) for _ in range(effort.runs)]
            note = f"{effort.replayed:,} events, their log, every view; a process of its own"
            rates = [effort.replayed / each.seconds for each in runs]
            memory = [each.mib for each in runs]
            yield Result(f"replaying.{name}", "events/s", rates, goal=SPEED_GOAL, note=note)
            yield Result(f"replaying.{name}.memory", "MiB", memory, goal=MEMORY_GOAL, note=note)


def fill(settings: Settings, count: int) -> None:
    """Make a registry with a history of so many events, its views, its log and its documents."""
    founding.initialise(settings)
    with closing(bootstrap.build(settings)) as registry:
        _append(registry.recorder, count)
        registry.catch_up.run()
        registry.transparency.run()
        _keep_documents(registry.database)


def _append(recorder: EventRecorder, count: int) -> None:
    mapper = EventMapper()
    events = (mapper.to_stored_event(event) for event in sample_events(count))
    while save := list(islice(events, PAGE)):
        recorder.insert_events(save)


def _keep_documents(database: Database) -> None:
    """Keep something as the document of each credential, under the digest its event names."""
    issued = credentials_table(MetaData(), VIEW).c
    sealed = literal(b"sealed")
    learners = select(
        issued.subject_ref, func.min(issued.issuer_id), issued.subject_ref, sealed, literal("")
    ).group_by(issued.subject_ref)
    kept = select(
        issued.credential_id, issued.document_digest, issued.subject_ref, sealed, issued.issued_at
    )
    with database.writing() as connection:
        for table, rows in ((subjects, learners), (documents, kept)):
            connection.execute(insert(table).from_select(list(table.c.keys()), rows))
