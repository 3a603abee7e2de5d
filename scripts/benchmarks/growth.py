"""Does an operation cost more, the more credentials there are?

One registry for each size, on one PostgreSQL, filled with the same events that issuing records but
without documents; then the sizes take turns, so that whatever else the machine does falls upon all
alike. `python -m scripts.benchmarks.growth 100000 1000000 10000000` measures other sizes.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from statistics import median
from uuid import UUID

from sqlalchemy import text

from api.as_of_answers import credential_answer_as_of
from projections import queries
from projections.past.moments import Question
from projections.queries import CredentialFilter, Window
from registry.domain.securing import Mechanism
from registry.domain.subject import IdentityType
from registry.issuance import Learner, Order
from registry.requests import StatusChange
from scripts.benchmarks.databases import postgres, version
from scripts.benchmarks.measuring import FULL, Effort
from scripts.benchmarks.registries import CALLER, Measured, new_registry
from scripts.benchmarks.report import print_table
from scripts.benchmarks.results import Goal, Of, Result
from scripts.benchmarks.sample_history import LIST_SIZE, list_of_credentials, stored_in_pages

MECHANISM = Mechanism.EDDSA_RDFC_2022
FLAT = Goal(Of.RATIO, 1.3, lower=False)
KEPT_OF_A_PAGE = 500
FEWER = 10
"""Publishing is done so many times less often."""

REST_SECONDS = 0.11
"""A list is not published again before."""

Operation = Callable[["_Grown"], object]


@dataclass
class _Grown:
    """A registry with many credentials, some of which are known by their ids."""

    measured: Measured
    size: int
    ids: list[str] = field(default_factory=list)
    source: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - all alike
    learners: Iterator[int] = field(default_factory=count)

    def some(self) -> str:
        """Return a credential that nobody changed yet."""
        return self.ids.pop(self.source.randrange(len(self.ids)))

    def fold(self) -> None:
        self.measured.registry.catch_up.run()


def measure(effort: Effort) -> Iterator[Result]:
    """Measure at a tenth of the largest size and at the largest."""
    yield from measure_sizes((effort.replayed // 10, effort.replayed), effort)


def measure_sizes(sizes: Sequence[int], effort: Effort) -> Iterator[Result]:
    """Fill a registry for each size, then do the same things in each of them."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres())
        grown = {
            size: _fill(
                stack.enter_context(new_registry(server.create_database(), [MECHANISM])), size
            )
            for size in sizes
        }
        for name, (operation, prepare, fewer) in OPERATIONS.items():
            found: dict[int, list[float]] = {size: [] for size in sizes}
            times = max(effort.looked_for // fewer, 2)
            for _ in range(effort.runs):
                for size, taken in _run(grown, operation, prepare, times=times).items():
                    found[size].append(median(taken) * 1000)
            yield from _results(name, found, note=f"{version(server)}, fsync on")


def _results(name: str, found: dict[int, list[float]], *, note: str) -> Iterator[Result]:
    smallest = min(found)
    for size, milliseconds in found.items():
        of_size = f"growth.{name}.{size}"
        if size == smallest:
            yield Result(of_size, "ms", milliseconds, note=note)
        else:
            beside = {f"{smallest:,} credentials": found[smallest]}
            yield Result(of_size, "ms", milliseconds, beside, FLAT, note=note)


def _run(
    grown: Mapping[int, _Grown], operation: Operation, prepare: Operation, *, times: int
) -> dict[int, list[float]]:
    """Return how long an operation took at each size, each time made ready for apart from it."""
    taken: dict[int, list[float]] = {size: [] for size in grown}
    for _ in range(times):
        for size, registry in grown.items():
            prepare(registry)
            started = time.perf_counter()
            operation(registry)
            taken[size].append(time.perf_counter() - started)
    for registry in grown.values():
        registry.fold()
    return taken


def _fill(measured: Measured, size: int) -> _Grown:
    """Record the lists and credentials, fold them, publish every list, and let statistics know."""
    print(f"filling in {size:,} credentials", file=sys.stderr, flush=True)
    grown, recorder = _Grown(measured, size), measured.registry.recorder
    issuer = UUID(measured.issuer_id)
    for number, first in enumerate(range(0, size, LIST_SIZE), 1):
        events = list_of_credentials(issuer, min(LIST_SIZE, size - first), seed=number)
        for page in stored_in_pages(recorder, events):
            grown.ids += [str(event.originator_id) for event in page[-KEPT_OF_A_PAGE:]]
    grown.fold()
    measured.registry.publisher.tick()
    with measured.registry.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    return grown


def _change(grown: _Grown) -> None:
    measured = grown.measured
    measured.registry.application.suspend(
        CALLER, measured.issuer_id, grown.some(), StatusChange("other")
    )


def _issue(grown: _Grown) -> None:
    measured = grown.measured
    learner = Learner(IdentityType.EMAIL_ADDRESS, f"{next(grown.learners)}@example.org")
    order = Order(measured.achievements[MECHANISM], learner)
    measured.registry.application.issue(CALLER, measured.issuer_id, [order])


def _as_of(grown: _Grown) -> None:
    measured, credential = grown.measured, grown.source.choice(grown.ids)
    with measured.registry.database.snapshot() as connection:
        question = Question(position=grown.source.randrange(grown.size))
        credential_answer_as_of(connection, credential, question, issuer_id=measured.issuer_id)


def _page(grown: _Grown) -> None:
    wanted = CredentialFilter(issuer_id=grown.measured.issuer_id)
    queries.credentials(grown.measured.registry.database, wanted, Window(100))


def _search(grown: _Grown) -> None:
    wanted = CredentialFilter(issuer_id=grown.measured.issuer_id, status="suspended")
    queries.credentials(grown.measured.registry.database, wanted, Window(100))


def _publish(grown: _Grown) -> None:
    grown.measured.registry.publisher.tick()


def _fold(grown: _Grown) -> None:
    grown.fold()


def _change_and_fold(grown: _Grown) -> None:
    time.sleep(REST_SECONDS)
    _change(grown)
    grown.fold()


def _nothing(_: _Grown) -> None:
    """Make nothing ready."""


OPERATIONS: dict[str, tuple[Operation, Operation, int]] = {
    "status_change": (_change, _nothing, 1),
    "fold_a_change": (_fold, _change, 1),
    "issue": (_issue, _nothing, 1),
    "as_of": (_as_of, _nothing, 1),
    "page": (_page, _nothing, 1),
    "search_by_status": (_search, _nothing, 1),
    "publish_a_list": (_publish, _change_and_fold, FEWER),
}
"""What is measured, what is made ready for it each time, and how many times less often."""


if __name__ == "__main__":
    chosen = [int(size) for size in sys.argv[1:]] or [FULL.replayed // 10, FULL.replayed]
    print_table({}, list(measure_sizes(chosen, FULL)))
