"""With a million credentials and a bulk issuing under way: how fresh are lists, how big the server?

The registry serves, publishes, and carries out a job of many rows; one client changes credentials
of the million one after the other, and polls the list of each until the change is in it.
"""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import quantiles
from uuid import UUID, uuid4

from sqlalchemy import select

from registry.domain import events as e
from registry.domain.job import ENDED, JobState
from registry.domain.securing import Mechanism
from registry.store.tables import jobs
from scripts.benchmarks.databases import postgres, version
from scripts.benchmarks.entries import Entry, wait_until_set
from scripts.benchmarks.live import Client, Live, served
from scripts.benchmarks.measuring import Effort
from scripts.benchmarks.registries import Measured, new_registry
from scripts.benchmarks.results import Goal, Of, Result
from scripts.benchmarks.sample_history import LIST_SIZE, list_of_credentials, stored_in_pages

MECHANISM = Mechanism.EDDSA_RDFC_2022
LARGE_LIST = 1_048_576
KNOWN_OF_A_PAGE = 100
LONGEST_PAUSE_SECONDS = 0.2
FRESH = {"p50": Goal(Of.MEDIAN, 150, lower=False), "p99": Goal(Of.MEDIAN, 1000, lower=False)}
SMALL = Goal(Of.MEDIAN, 300, lower=False)


def measure(effort: Effort) -> Iterator[Result]:
    """Measure with lists of the least size, and with as many credentials in lists of a million."""
    for entries in (LIST_SIZE, LARGE_LIST):
        if entries in effort.list_entries:
            yield from _measure(effort, entries)


def _measure(effort: Effort, entries: int) -> Iterator[Result]:
    with ExitStack() as stack:
        server = stack.enter_context(postgres())
        made = new_registry(server.create_database(), [MECHANISM])
        measured = stack.enter_context(made)
        known = _fill(measured, effort.replayed, entries)
        live = stack.enter_context(served(measured))
        _order(live, measured.achievements[MECHANISM], rows=effort.events)
        runs = [_run(live, known, effort.looked_for, seed) for seed in range(effort.runs)]
        beside = f"a job of {effort.events:,} rows running"
        if not _is_under_way(measured):
            beside += ", which ended before the last run did"
        where = version(server)
    note = (
        f"{where}, fsync on, {effort.replayed:,} credentials in lists of {entries:,} entries, "
        f"{beside}; {effort.looked_for} changes a run"
    )
    name = f"at_scale.{entries}_entries"
    for percentile, goal in FRESH.items():
        at = int(percentile[1:]) - 1
        found = [quantiles(delays, n=100, method="inclusive")[at] for delays, _ in runs]
        stated = goal if entries == LIST_SIZE else None
        yield Result(f"{name}.{percentile}", "ms", found, goal=stated, note=note)
    yield Result(f"{name}.memory", "MiB", [mib for _, mib in runs], goal=SMALL, note=note)


def _fill(measured: Measured, size: int, entries: int) -> list[Entry]:
    """Record credentials in as many lists as they fill, fold and publish; return some of them."""
    known, issuer = list[Entry](), UUID(measured.issuer_id)
    for number, first in enumerate(range(0, size, entries), 1):
        count = min(entries, size - first)
        events = list_of_credentials(issuer, count, seed=number, entries=entries)
        for page in stored_in_pages(measured.registry.recorder, events):
            known += map(_entry, page[-KNOWN_OF_A_PAGE:])
    measured.registry.catch_up.run()
    measured.registry.publisher.tick()
    return known


def _entry(event: e.Event) -> Entry:
    if not isinstance(event, e.CredentialIssued):
        raise TypeError(event)
    return Entry(str(event.originator_id), "suspension", event.list_id, event.list_index or 0)


def _order(live: Live, achievement_id: str, *, rows: int) -> None:
    """Order a mass issuing to learners nobody has met before."""
    body = "\n".join(["email", *(f"{uuid4().hex}@example.org" for _ in range(rows))])
    live.client().upload(f"/v1/issuing-jobs?achievement_id={achievement_id}", body)


def _is_under_way(measured: Measured) -> bool:
    """Return whether the mass issuing goes on."""
    with measured.registry.database.reading() as connection:
        return JobState(connection.execute(select(jobs.c.state)).scalar_one()) not in ENDED


def _run(live: Live, known: list[Entry], changes: int, seed: int) -> tuple[list[float], float]:
    """Change some credentials; return the milliseconds each took to be seen, and the memory."""
    source, client = random.Random(seed), live.client()  # noqa: S311 - only to be out of step
    delays = [_delay_ms(client, known.pop(), source) for _ in range(min(changes, len(known)))]
    return delays, live.memory_mib()


def _delay_ms(client: Client, entry: Entry, source: random.Random) -> float:
    time.sleep(source.uniform(0, LONGEST_PAUSE_SECONDS))
    client.post(f"/v1/credentials/{entry.credential_id}/suspend", {"reason": "other"})
    acknowledged = time.perf_counter()
    wait_until_set(client, entry)
    return (time.perf_counter() - acknowledged) * 1000
