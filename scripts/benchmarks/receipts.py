"""How long does one receipt take to make, in a log of very many leaves?"""

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from statistics import quantiles
from uuid import UUID

from api import bootstrap, founding
from api.settings import Settings
from projections.transparency.receipts import Receipts
from registry.domain.events import CredentialIssued
from registry.store.mapper import EventMapper
from registry.store.recorders import EventRecorder
from scripts.benchmarks.databases import empty
from scripts.benchmarks.measuring import Effort
from scripts.benchmarks.registries import PUBLIC_URL
from scripts.benchmarks.results import Goal, Of, Result
from scripts.benchmarks.sample_history import sample_events

PAGE = 5000
RECEIPTS = 200
"""Made in each run, of events from all over the log."""
GOAL = Goal(Of.MEDIAN, 5, lower=False)
MILLISECONDS = 1000


def measure(effort: Effort) -> Iterator[Result]:
    """Fill a log on each database, then ask for the receipts of events here and there in it."""
    with empty(effort.databases) as urls:
        for name, url in urls.items():
            with tempfile.TemporaryDirectory() as folder:
                settings = Settings(folder=Path(folder), database_url=url, public_url=PUBLIC_URL)
                founding.initialise(settings)
                with closing(bootstrap.build(settings)) as registry:
                    streams = _append(registry.recorder, effort.replayed)
                    registry.transparency.run()
                    runs = [_made(registry.receipts, streams) for _ in range(effort.runs)]
            note = f"{effort.replayed:,} events; a run is {RECEIPTS} receipts of random events"
            half, most = [p50 for p50, _ in runs], [p99 for _, p99 in runs]
            yield Result(f"receipts.{name}.p50", "ms", half, goal=GOAL, note=note)
            # Without a goal: on a machine that does other things it says more of those.
            yield Result(f"receipts.{name}.p99", "ms", most, note=note)


def _append(recorder: EventRecorder, count: int) -> list[UUID]:
    """Record a history; return the streams of some credentials in it."""
    mapper, events, streams = EventMapper(), sample_events(count), list[UUID]()
    while page := list(islice(events, PAGE)):
        recorder.insert_events([mapper.to_stored_event(event) for event in page])
        issued = [each.originator_id for each in page if isinstance(each, CredentialIssued)]
        streams += issued[:: max(1, len(issued) // RECEIPTS)]
    return streams


def _made(receipts: Receipts, streams: list[UUID]) -> tuple[float, float]:
    """Return the milliseconds that half of the receipts took at most, and 99 in a hundred."""
    wanted = random.sample(streams, min(RECEIPTS, len(streams)))
    taken = []
    for stream in wanted:
        started = time.perf_counter()
        receipts.for_event(stream, 1).to_text()
        taken.append((time.perf_counter() - started) * MILLISECONDS)
    percentiles = quantiles(taken, n=100)
    return percentiles[49], percentiles[98]
