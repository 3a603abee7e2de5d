"""How long after a `kill -9` of the process that publishes does another publish in its place?

Two processes do the background work, one of which leads; a third one answers HTTP. The leader is
killed, and what would start it again is held until the other has published: a change made right
after the kill must then be in the list that everybody fetches.
"""

import signal
import time
from collections.abc import Iterator, Sequence

from registry.domain.securing import Mechanism
from registry.store.leadership import TRY_SECONDS
from scripts.benchmarks.databases import postgres, version
from scripts.benchmarks.entries import Entry, revocation_entry, wait_until_set
from scripts.benchmarks.live import Background, Client, in_background, served
from scripts.benchmarks.measuring import Effort
from scripts.benchmarks.registries import new_registry
from scripts.benchmarks.results import Goal, Of, Result
from scripts.benchmarks.single_changes import BODY, issued

MECHANISM = Mechanism.EDDSA_RDFC_2022
GOAL = Goal(Of.MEDIAN, 5, lower=False)
WORK = "lists/0-of-1"


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
        ids = issued(measured, effort.runs + 1)
        before, *entries = [revocation_entry(measured, each) for each in ids]
        _publish(client, before)
        for number, entry in enumerate(entries):
            leader = _leader([one, another])
            time.sleep(TRY_SECONDS * number / effort.runs)  # The kills are spread between tries.
            leader.process.send_signal(signal.SIGSTOP)
            leader.worker().kill()
            runs.append(_publish(client, entry))
            leader.process.send_signal(signal.SIGCONT)
        note = f"{version(server)}, fsync on, a change made right after the kill"
    yield Result("takeover", "s", runs, goal=GOAL, note=note)


def _leader(processes: Sequence[Background]) -> Background:
    """Return the one that leads once all are there."""
    for each in processes:
        each.wait_until_ready()
    return next(each for each in processes if WORK in each.leads())


def _publish(client: Client, entry: Entry) -> float:
    """Change a credential; return after how many seconds that is published."""
    began = time.perf_counter()
    client.post(f"/v1/credentials/{entry.credential_id}/revoke", BODY)
    wait_until_set(client, entry)
    return time.perf_counter() - began
