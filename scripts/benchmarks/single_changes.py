"""How many single status changes a second does one process take from 16 clients at once?

Beside it stands what the event sourcing library's own recorder saves of single events from as many
threads, with a connection for each: the change is the whole of it, from loading the credential to
the answer.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles
from uuid import uuid4

from eventsourcing.persistence import ApplicationRecorder, StoredEvent

from registry.domain.securing import Mechanism
from registry.domain.subject import IdentityType
from registry.issuance import Learner, Order
from registry.requests import StatusChange
from scripts.benchmarks.databases import postgres, version
from scripts.benchmarks.events_appended import stock_recorder
from scripts.benchmarks.live import Live, change_all, served
from scripts.benchmarks.measuring import Effort, Work, rate
from scripts.benchmarks.registries import CALLER, Measured, new_registry
from scripts.benchmarks.results import Goal, Of, Result

MECHANISM = Mechanism.EDDSA_RDFC_2022
CLIENTS = 16
BATCH = 500
BODY = {"reason": "other"}
AS_FAST = Goal(Of.RATIO, 1)
PROMPT = Goal(Of.MEDIAN, 50, lower=False)
STOCK = "stock recorder's saves"
EVENT_BYTES = 700


class RefusedError(Exception):
    """A change that should have been accepted was not."""


def measure(effort: Effort) -> Iterator[Result]:
    """Change as many credentials through the use case and over HTTP, and save as many events."""
    with postgres() as server:
        url = server.create_database()
        with (
            new_registry(url, [MECHANISM]) as measured,
            stock_recorder(url, connections=CLIENTS) as stock,
        ):
            inside, saved = [], []
            for _ in range(effort.runs):
                inside.append(rate(_inside(measured, issued(measured, effort.changes))))
                saved.append(rate(_saving(stock, effort.changes)) if stock else 0.0)
            with served(measured) as live:
                runs = [_over_http(measured, live, effort) for _ in range(effort.runs)]
        note = f"{version(server)}, fsync on, {CLIENTS} clients, {effort.changes:,} changes a run"
    beside = {STOCK: saved} if all(saved) else {}
    yield Result("single_changes.use_case", "changes/s", inside, beside, AS_FAST, note=note)
    rates = [len(run) / seconds for run, seconds in runs]
    yield Result("single_changes.http", "changes/s", rates, beside, AS_FAST, note=note)
    for name, percentile, goal in (("p50", 50, None), ("p99", 99, PROMPT)):
        found = [quantiles(run, n=100)[percentile - 1] * 1000 for run, _ in runs]
        yield Result(f"single_changes.http.{name}", "ms", found, goal=goal, note=note)


def issued(measured: Measured, count: int) -> list[str]:
    """Issue credentials to learners nobody has met before; return their ids."""
    found: list[str] = []
    while len(found) < count:
        orders = [
            Order(measured.achievements[MECHANISM], _learner())
            for _ in range(min(BATCH, count - len(found)))
        ]
        done = measured.registry.application.issue(CALLER, measured.issuer_id, orders)
        found += [str(one.credential.id) for one in done]
    return found


def _learner() -> Learner:
    return Learner(IdentityType.EMAIL_ADDRESS, f"{uuid4().hex}@example.org")


def _inside(measured: Measured, credentials: Sequence[str]) -> Work:
    application, change = measured.registry.application, StatusChange("other")

    def work() -> int:
        def one(credential_id: str) -> None:
            application.suspend(CALLER, measured.issuer_id, credential_id, change)

        with ThreadPoolExecutor(CLIENTS) as threads:
            list(threads.map(one, credentials))
        return len(credentials)

    return work


def _over_http(measured: Measured, live: Live, effort: Effort) -> tuple[Sequence[float], float]:
    """Return how long each answer took, and how long all of them."""
    paths = [f"/v1/credentials/{each}/suspend" for each in issued(measured, effort.changes)]
    changed = change_all(live, paths, BODY, clients=CLIENTS)
    if changed.accepted < len(paths):
        raise RefusedError(f"{len(paths) - changed.accepted} of {len(paths)} changes")
    return changed.latencies, changed.seconds


def _saving(recorder: ApplicationRecorder, count: int) -> Work:
    events = [StoredEvent(uuid4(), 1, "event-v1", bytes(EVENT_BYTES)) for _ in range(count)]

    def work() -> int:
        with ThreadPoolExecutor(CLIENTS) as threads:
            list(threads.map(lambda event: recorder.insert_events([event]), events))
        return count

    return work
