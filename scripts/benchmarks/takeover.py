"""How long after a `kill -9` of the process that publishes does another publish in its place?

Two processes do the background work, one of which leads; a third one answers HTTP. The leader is
killed, and what would start it again is held until the other has published: a change made right
after the kill must then be in the list that everybody fetches.
"""

import signal
import time
from collections.abc import Callable, Iterator, Sequence

from registry.domain.securing import Mechanism
from scripts.benchmarks.concurrent_changes import Entry, set_in
from scripts.benchmarks.databases import postgres, version
from scripts.benchmarks.live import Background, Client, NotServedError, in_background, served
from scripts.benchmarks.measuring import Effort
from scripts.benchmarks.registries import new_registry
from scripts.benchmarks.results import Goal, Of, Result
from scripts.benchmarks.single_changes import BODY, issued

MECHANISM = Mechanism.EDDSA_RDFC_2022
GOAL = Goal(Of.MEDIAN, 5, lower=False)
WORK = "lists/0-of-1"
TRIED_EVERY_SECONDS = 0.5
"""How often a process tries to lead: the kills are spread over that time."""

MOST_SECONDS = 60
LOOK_SECONDS = 0.01


class TooLateError(Exception):
    """What is waited for did not come in time."""


def measure(effort: Effort) -> Iterator[Result]:
    """Kill the one that leads, bring it back, kill the other, and so on."""
    with (
        postgres() as server,
        new_registry(server.create_database(), [MECHANISM]) as measured,
        served(measured, "--role", "api") as live,
        in_background(measured) as one,
        in_background(measured) as another,
    ):
        client, runs = live.client(), []
        before, *entries = [Entry.of(measured, each) for each in issued(measured, effort.runs + 1)]
        _publish(client, before)
        for number, entry in enumerate(entries):
            leader = _leader([one, another])
            time.sleep(TRIED_EVERY_SECONDS * number / effort.runs)
            leader.process.send_signal(signal.SIGSTOP)
            leader.worker().kill()
            runs.append(_publish(client, entry))
            leader.process.send_signal(signal.SIGCONT)
        note = f"{version(server)}, fsync on, a change made right after the kill"
    yield Result("takeover", "s", runs, goal=GOAL, note=note)


def _leader(processes: Sequence[Background]) -> Background:
    """Return the one that leads once all are there."""
    _wait(lambda: all(each.is_there() for each in processes))
    return next(each for each in processes if WORK in each.leads())


def _publish(client: Client, entry: Entry) -> float:
    """Change a credential; return after how many seconds that is published."""
    began = time.perf_counter()
    client.post(f"/v1/credentials/{entry.credential_id}/revoke", BODY)
    _wait(lambda: _is_published(client, entry))
    return time.perf_counter() - began


def _is_published(client: Client, entry: Entry) -> bool:
    try:
        return bool(set_in(client, [entry]))
    except NotServedError:
        return False  # Not even the list is there yet.


def _wait(holds: Callable[[], bool]) -> None:
    began = time.perf_counter()
    while not holds():
        if time.perf_counter() - began > MOST_SECONDS:
            raise TooLateError
        time.sleep(LOOK_SECONDS)
