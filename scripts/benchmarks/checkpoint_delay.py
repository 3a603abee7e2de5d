"""How long after it is stored does an event stand under a signed checkpoint?

The background work of a process runs as it does in a server: lists are published meanwhile. Events
are stored at moments that do not fall in step with it, alone or while another thread issues batch
after batch.
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from statistics import quantiles

from registry.domain.securing import Mechanism
from registry.domain.subject import IdentityType
from registry.issuance import Learner, Order
from scripts.benchmarks.databases import empty
from scripts.benchmarks.measuring import Effort
from scripts.benchmarks.registries import CALLER, Measured, new_registry
from scripts.benchmarks.results import Goal, Of, Result

MECHANISM = Mechanism.EDDSA_JCS_2022
GOALS = {"p50": None, "p99": Goal(Of.MEDIAN, 2000, lower=False)}
LOOK_AGAIN_SECONDS = 0.001
LONGEST_PAUSE_SECONDS = 0.1
BATCH = 100
SEED = 20261122


def measure(effort: Effort) -> Iterator[Result]:
    """Measure on both databases, on a registry at rest and on one that issues without a pause."""
    with empty(effort.databases) as urls:
        for kind, url in urls.items():
            with new_registry(url, [MECHANISM]) as measured:
                measured.registry.runner.start()
                issuer = _Issuer(measured)
                yield from _results(effort, issuer, f"{kind}.at_rest")
                with issuer.busy():
                    yield from _results(effort, issuer, f"{kind}.issuing")


def _results(effort: Effort, issuer: "_Issuer", where: str) -> Iterator[Result]:
    runs = [issuer.delays_ms(effort.looked_for) for _ in range(effort.runs)]
    note = f"fsync on; {effort.looked_for} events a run, from stored to checkpoint in the folder"
    for name, goal in GOALS.items():
        percentile = int(name[1:]) - 1
        found = [quantiles(delays, n=100, method="inclusive")[percentile] for delays in runs]
        yield Result(f"checkpoint_delay.{where}.{name}", "ms", found, goal=goal, note=note)


class _Issuer:
    """Issues credentials, each to a learner nobody has met before."""

    def __init__(self, measured: Measured) -> None:
        self._registry = measured.registry
        self._issuer_id = measured.issuer_id
        self._achievement_id = measured.achievements[MECHANISM]
        self._learners = count()
        self._random = random.Random(SEED)  # noqa: S311 - only to be out of step

    def delays_ms(self, events: int) -> list[float]:
        """Issue credentials one by one; return how long each waited for its checkpoint."""
        return [self._delay_ms() for _ in range(events)]

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Issue batches in another thread until leaving."""
        stopping = threading.Event()

        def issue() -> None:
            while not stopping.is_set():
                self._issue(BATCH)

        thread = threading.Thread(target=issue)
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join()

    def _delay_ms(self) -> float:
        time.sleep(self._random.uniform(0, LONGEST_PAUSE_SECONDS))
        self._issue(1)
        stored, position = time.perf_counter(), self._registry.history.end()
        while self._registry.transparency.covered_position() < position:
            time.sleep(LOOK_AGAIN_SECONDS)
        return (time.perf_counter() - stored) * 1000

    def _issue(self, credentials: int) -> None:
        learners = [f"learner-{next(self._learners)}@example.org" for _ in range(credentials)]
        orders = [
            Order(self._achievement_id, Learner(IdentityType.EMAIL_ADDRESS, email))
            for email in learners
        ]
        self._registry.application.issue(CALLER, self._issuer_id, orders)
