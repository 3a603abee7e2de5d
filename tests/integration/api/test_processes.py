"""Several processes of one registry on PostgreSQL: one leads, another takes over."""

import itertools
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from projections.process_roles import BACKGROUND
from tests.integration.api.world import Issuer, Server, World, served
from tests.waiting import wait_until


@contextmanager
def beside(first: Server) -> Iterator[Server]:
    """Run a second process of the same registry that answers no HTTP."""
    second = Server(first.folder, first.database_url, more={"roles": sorted(BACKGROUND)})
    second.start(wait=False)
    try:
        wait_until(lambda: told(second) is not None, seconds=40)
        yield second
    finally:
        assert second.stop() == 0


def told(server: Server) -> dict[str, Any] | None:
    """Return what a background process says of itself, None while there is none."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{server.metrics_port}/readyz")
    except httpx.TransportError:
        return None
    body: dict[str, Any] = answer.json()
    return body


def leads_lists(server: Server) -> bool:
    return "lists/0-of-1" in (told(server) or {}).get("leads", [])


def metrics(server: Server) -> str:
    return httpx.get(f"http://127.0.0.1:{server.metrics_port}/metrics").text


def background_of(server: Server) -> psutil.Process:
    """Return the process that does the background work: the one that listens for Prometheus."""
    for process in psutil.Process(server.process.pid).children(recursive=True):
        listening = [c for c in process.net_connections("tcp") if c.status == "LISTEN"]
        if server.metrics_port in [connection.laddr.port for connection in listening]:
            return process
    raise AssertionError(f"nobody listens on {server.metrics_port}")


def worker_of(server: Server) -> psutil.Process:
    """Return a process that answers HTTP: a child of the one that started several."""
    for process in psutil.Process(server.process.pid).children():
        workers = process.children()
        if len(workers) > 1:
            return workers[0]
    raise AssertionError("there are no workers")


@dataclass
class Client:
    """Suspends and reinstates one credential until told to stop, each until it is answered."""

    issuer: Issuer
    credential: dict[str, Any]
    token: str
    stopping: threading.Event
    acknowledged: list[str] = field(default_factory=list)

    def run(self) -> None:
        for verb in itertools.cycle(["suspend", "reinstate"]):
            if self.stopping.wait(0.05):
                return
            self._change(verb)
            self.acknowledged.append(verb)

    def _change(self, verb: str) -> None:
        path = f"/v1/credentials/{self.credential['credential_id']}/{verb}"
        key = {"Idempotency-Key": f"{len(self.acknowledged)}"}
        for _ in range(100):
            # A worker that is killed takes its connections with it.
            with suppress(httpx.TransportError), self.issuer.server.client(self.token) as client:
                answer = client.post(path, json={"reason": "other"}, headers=key)
                answer.raise_for_status()
                return
            time.sleep(0.05)
        raise AssertionError("no answer")


@dataclass
class Reader:
    """Follows one list and keeps each version that it sees, with the moment."""

    path: Path
    stopping: threading.Event
    seen: list[tuple[float, int]] = field(default_factory=list)

    def run(self) -> None:
        while not self.stopping.wait(0.01):
            version = int(self.path.readlink().name.partition(".")[0])
            if not self.seen or version != self.seen[-1][1]:
                self.seen.append((time.monotonic(), version))


@pytest.mark.timeout(120)
def test_after_a_kill_of_the_leader_another_process_publishes_and_nothing_is_lost(
    tmp_path: Path, postgres_url: str
) -> None:
    with served(tmp_path, postgres_url, workers=2) as world, beside(world.server) as other:
        issuer = world.issuer()
        credentials = [issuer.issue(f"{n}@student.example") for n in range(2)]
        wait_until(lambda: issuer.bit(credentials[0], "suspension") == 0)
        first, second = (
            (world.server, other) if leads_lists(world.server) else (other, world.server)
        )
        assert not leads_lists(second), "one process leads at a time"
        assert 'registry_leads{work="lists/0-of-1"} 1.0' in metrics(first)
        with working(world, issuer, credentials) as (clients, reader):
            time.sleep(0.5)
            worker_of(world.server).send_signal(signal.SIGKILL)
            time.sleep(0.5)
            killed, parent = background_of(first), psutil.Process(first.process.pid)
            parent.suspend()  # It would start again what is killed, which might lead again.
            at = time.monotonic()
            killed.send_signal(signal.SIGKILL)
            wait_until(lambda: reader.seen[-1][0] > at + 0.2)
            wait_until(lambda: leads_lists(second))
            parent.resume()
            wait_until(lambda: told(first) is not None, seconds=40)
        assert [version for _, version in reader.seen] == sorted(
            {version for _, version in reader.seen}
        )
        assert_whole(issuer, clients)
        assert_none_outlives(world.server)


@contextmanager
def working(
    world: World, issuer: Issuer, credentials: list[dict[str, Any]]
) -> Iterator[tuple[list[Client], Reader]]:
    """Let clients change the credentials, and a reader follow the list, meanwhile."""
    stopping = threading.Event()
    token = world.token("issuer", issuer_id=issuer.issuer_id)
    clients = [Client(issuer, each, token, stopping) for each in credentials]
    [entry] = [e for e in credentials[0]["status_lists"] if e["purpose"] == "suspension"]
    name = entry["url"].partition("/status-lists/")[2]
    reader = Reader(world.server.folder / "published/status-lists" / name, stopping)
    works = (*(client.run for client in clients), reader.run)
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield clients, reader
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def assert_none_outlives(server: Server) -> None:
    """Kill the process that started all others, and see them end."""
    children = psutil.Process(server.process.pid).children(recursive=True)
    assert len(children) == 4, "the server of HTTP, its two workers and the background"
    server.close_clients()
    server.kill()
    assert not psutil.wait_procs(children, timeout=15)[1]


def assert_whole(issuer: Issuer, clients: list[Client]) -> None:
    """Each acknowledged change is one event, and what is published is the last of them."""
    for client in clients:
        path = f"/v1/credentials/{client.credential['credential_id']}"
        version = client.issuer.client.get(path).raise_for_status().json()["version"]
        assert version == 1 + len(client.acknowledged)
        bit = int(client.acknowledged[-1] == "suspend")
        wait_until(lambda: issuer.bit(client.credential, "suspension") == bit)  # noqa: B023
