"""Of changes that were accepted from several clients at once, how many are in the published list?

Three open status servers, measured with four clients, lost 13 to 69 of 100 changes that they had
accepted: each client read the list, changed its bit, and wrote the whole list back.
"""

import time
from collections.abc import Iterator

from scripts.benchmarks.databases import postgres, version
from scripts.benchmarks.entries import Entry, count_set, revocation_entry
from scripts.benchmarks.live import Live, change_all, served
from scripts.benchmarks.measuring import Effort
from scripts.benchmarks.registries import Measured, new_registry
from scripts.benchmarks.results import Goal, Of, Result
from scripts.benchmarks.single_changes import BODY, MECHANISM, issued

CLIENTS = (4, 16)
NOTHING = Goal(Of.MEDIAN, 0, lower=False)
WAITED = 5


def measure(effort: Effort) -> Iterator[Result]:
    """Revoke over HTTP from several clients, then count the bits of the lists they stand in."""
    with (
        postgres() as server,
        new_registry(server.create_database(), [MECHANISM]) as measured,
        served(measured) as live,
    ):
        for clients in CLIENTS:
            yield from _measure(effort, measured, live, clients, version(server))


def _measure(
    effort: Effort, measured: Measured, live: Live, clients: int, where: str
) -> Iterator[Result]:
    runs = [_run(effort, measured, live, clients) for _ in range(effort.runs)]
    note = f"{where}, over HTTP, {effort.changes:,} revocations a run, looked for {WAITED} s"
    name = f"concurrent_changes.{clients}_clients"
    yield Result(f"{name}.accepted", "changes", [accepted for accepted, _ in runs], note=note)
    yield Result(f"{name}.visible", "changes", [visible for _, visible in runs], note=note)
    lost = [accepted - visible for accepted, visible in runs]
    yield Result(f"{name}.lost", "changes", lost, goal=NOTHING, note=note)


def _run(effort: Effort, measured: Measured, live: Live, clients: int) -> tuple[int, int]:
    ids = issued(measured, effort.changes)
    entries = [revocation_entry(measured, each) for each in ids]
    paths = [f"/v1/credentials/{each}/revoke" for each in ids]
    changed = change_all(live, paths, BODY, clients=clients)
    return changed.accepted, _visible(live, entries, changed.accepted)


def _visible(live: Live, entries: list[Entry], accepted: int) -> int:
    """Return how many entries are set as soon as all accepted ones are, or after some seconds."""
    client, deadline = live.client(), time.monotonic() + WAITED
    while (found := count_set(client, entries)) < accepted and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
