"""How long from sending a file of credentials to revoke until everybody can fetch the list?

The registry serves and does all its background work meanwhile; another client goes on changing
single credentials of the same issuer, and the longest that one of those changes took is told too.
"""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Sequence
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from projections import ALL, positions
from registry.domain import events as e
from registry.domain.securing import Mechanism
from registry.formats import bitstring
from registry.store.mapper import EventMapper
from scripts.benchmarks.databases import postgres, version
from scripts.benchmarks.live import HOST, Client, Live, served
from scripts.benchmarks.measuring import Effort
from scripts.benchmarks.registries import Measured, new_registry
from scripts.benchmarks.results import Goal, Of, Result
from scripts.benchmarks.sample_history import list_of_credentials, stored_in_pages

NAME = "mass_change"
GOAL = Goal(Of.MEDIAN, 10, lower=False)
MOST_SECONDS = 300
SINGLES = 400
"""Credentials beside those of the file, for single changes."""

ORDER = "/v1/status-jobs/file?operation=revoke&reason=other&wait=false"
LOOK_SECONDS = 0.05


class NotPublishedError(Exception):
    """The change was not published in time."""


def measure(effort: Effort) -> Iterator[Result]:
    """Revoke the credentials of one list after another."""
    with postgres() as server:
        url = server.create_database()
        with (
            new_registry(url, [Mechanism.EDDSA_RDFC_2022]) as measured,
            served(measured) as live,
        ):
            runs = [_run(measured, live, effort, seed) for seed in range(1, effort.runs + 1)]
        note = f"{version(server)}, fsync on, {effort.events:,} credentials of one list a run"
    yield Result(NAME, "s", [seconds for seconds, _ in runs], goal=GOAL, note=note)
    longest = [max(singles) * 1000 for _, singles in runs if singles]
    yield Result(f"{NAME}.single_change.max", "ms", longest, note=f"{note}; meanwhile")


def _run(
    measured: Measured, live: Live, effort: Effort, seed: int
) -> tuple[float, Sequence[float]]:
    """Return how long it took, and how long single changes took meanwhile."""
    events = list_of_credentials(UUID(measured.issuer_id), effort.events + SINGLES, seed=seed)
    opened = next(events)
    measured.registry.recorder.insert_events([_stored(opened)])
    ids = _saved(measured, events)
    path = f"/status-lists/{opened.originator_id}/revocation"
    _wait_until_caught_up(measured)
    body = "\n".join(ids[SINGLES:]).encode()
    with _Singles(live, ids[:SINGLES]) as singles:
        started = time.perf_counter()
        _order(live, body)
        _wait_until_revoked(live.client(), path, effort.events)
        seconds = time.perf_counter() - started
    return seconds, singles.seconds


def _saved(measured: Measured, events: Iterator[e.Event]) -> list[str]:
    pages = stored_in_pages(measured.registry.recorder, events)
    return [str(each.originator_id) for page in pages for each in page]


def _stored(event: e.Event) -> StoredEvent:
    return EventMapper().to_stored_event(event)


class _Singles:
    """Suspends one credential after another until the block is left."""

    def __init__(self, live: Live, ids: Sequence[str]) -> None:
        self._client = live.client()
        self._ids = ids
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def seconds(self) -> Sequence[float]:
        """How long each change took."""
        return self._client.seconds

    def __enter__(self) -> "_Singles":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        for each in self._ids:
            self._client.post(f"/v1/credentials/{each}/suspend", {"reason": "other"})
            if self._stopping.wait(LOOK_SECONDS):
                return


def _order(live: Live, body: bytes) -> None:
    connection = http.client.HTTPConnection(HOST, live.port, timeout=MOST_SECONDS)
    headers = {"Authorization": f"Bearer {live.token}", "Content-Type": "text/csv"}
    connection.request("POST", ORDER, body, headers)
    answer = connection.getresponse()
    if answer.status != http.HTTPStatus.ACCEPTED:
        raise NotPublishedError(answer.read().decode())


def _wait_until_revoked(client: Client, path: str, count: int) -> None:
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline:
        document = json.loads(client.get(path))
        bits = bitstring.decode(document["credentialSubject"]["encodedList"])
        if int.from_bytes(bits, "big").bit_count() == count:
            return
        time.sleep(LOOK_SECONDS)
    raise NotPublishedError(f"{count} revocations were not published in {MOST_SECONDS} s")


def _wait_until_caught_up(measured: Measured) -> None:
    newest = measured.registry.recorder.max_notification_id() or 0
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline:
        with measured.registry.database.reading() as connection:
            reached = min(positions.live(connection, each.name).position for each in ALL)
        if reached >= newest:
            return
        time.sleep(LOOK_SECONDS)
    raise NotPublishedError(f"the views did not catch up in {MOST_SECONDS} s")
