"""Run things several times, in turns, and count how many a second were done."""

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

Work = Callable[[], int]
"""Does the work of one run and returns how many things it did."""


@dataclass(frozen=True)
class Effort:
    """How much is measured, and on which databases; medians are always of at least five runs."""

    runs: int
    events: int
    replayed: int
    appended: int
    credentials: int
    demonstrated: int
    load_seconds: int
    list_entries: tuple[int, ...]
    changes: int
    looked_for: int
    databases: tuple[str, ...]


FULL = Effort(
    runs=5,
    events=100_000,
    replayed=1_000_000,
    appended=50_000,
    credentials=200,
    demonstrated=400,
    load_seconds=5,
    list_entries=(131_072, 1_048_576, 8_388_608),
    changes=2_000,
    looked_for=40,
    databases=("sqlite", "postgres"),
)
QUICK = Effort(
    runs=5,
    events=8_000,
    replayed=10_000,
    appended=10_000,
    credentials=40,
    demonstrated=40,
    load_seconds=1,
    list_entries=(131_072,),
    changes=160,
    looked_for=10,
    databases=("postgres",),
)


def rate(work: Work) -> float:
    """Return how many things a second one run did."""
    started = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - started)


def rates(
    runs: int, works: Mapping[str, Work], *, before: Work = lambda: 0
) -> dict[str, list[float]]:
    """Return the rates of each work, `before` each of which something may be put in order.

    The works take turns, so that whatever else the machine does meanwhile falls upon all alike.
    """
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            before()
            found[name].append(rate(work))
    return found


@contextmanager
def settled() -> Iterator[None]:
    """Leave what there is already out of garbage collections, as the server does once it is up."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
