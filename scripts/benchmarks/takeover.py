"""How long after a `kill -9` of the process that publishes does another publish in its place?

Two processes do the background work, one of which leads; a third one answers HTTP. What leads is
killed with whatever would start it again, as if its machine were gone. A change that is made right
after must then be in the list that everybody fetches.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import psutil

from registry.domain.securing import Mechanism
from scripts.benchmarks.concurrent_changes import Entry, set_in
from scripts.benchmarks.databases import postgres, version
from scripts.benchmarks.live import Client, NotServedError, in_background, served
from scripts.benchmarks.measuring import Effort
from scripts.benchmarks.registries import new_registry
from scripts.benchmarks.results import Goal, Of, Result
from scripts.benchmarks.single_changes import BODY, issued

MECHANISM = Mechanism.EDDSA_RDFC_2022
GOAL = Goal(Of.MEDIAN, 5, lower=False)
MOST_SECONDS = 60
LOOK_SECONDS = 0.01
TRIED_EVERY_SECONDS = 0.5
"""How often a process tries to lead: the kills are spread over that time."""


class NobodyTookOverError(Exception):
    """The change was not published in time."""


def measure(effort: Effort) -> Iterator[Result]:
    """Kill one leader after the other."""
    with (
        postgres() as server,
        new_registry(server.create_database(), [MECHANISM]) as measured,
        served(measured, "--role", "api") as live,
        ExitStack() as started,
    ):
        leader, client = started.enter_context(in_background(measured)), live.client()
        seconds = []
        for number in range(effort.runs):
            entries = iter([Entry.of(measured, each) for each in issued(measured, 2)])
            _publish(client, next(entries))
            other = started.enter_context(in_background(measured))
            time.sleep(TRIED_EVERY_SECONDS * number / effort.runs)
            _kill(leader)
            seconds.append(_publish(client, next(entries)))
            leader = other
        note = f"{version(server)}, fsync on, a change made right after the kill"
    yield Result("takeover", "s", seconds, goal=GOAL, note=note)


def _publish(client: Client, entry: Entry) -> float:
    """Change a credential; return after how many seconds that is published."""
    began = time.perf_counter()
    client.post(f"/v1/credentials/{entry.credential_id}/revoke", BODY)
    while not _is_published(client, entry):
        if time.perf_counter() - began > MOST_SECONDS:
            raise NobodyTookOverError
        time.sleep(LOOK_SECONDS)
    return time.perf_counter() - began


def _is_published(client: Client, entry: Entry) -> bool:
    try:
        return bool(set_in(client, [entry]))
    except NotServedError:
        return False  # Not even the list is there yet.


def _kill(process: psutil.Process) -> None:
    """Kill a process before what it started, so that nothing is started again."""
    for each in (process, *process.children(recursive=True)):
        each.kill()
