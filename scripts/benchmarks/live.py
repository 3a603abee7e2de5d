"""A registry served by processes of their own, and clients who talk to it over HTTP.

The clients run in this process, one thread and one connection each.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psutil

from api.clock import now
from projections.process_roles import BACKGROUND
from registry.domain.instants import instant
from registry.store.api_keys import DEFAULT_LIFETIME, Role
from scripts.benchmarks.registries import Measured

HOST = "127.0.0.1"
START_SECONDS, STOP_SECONDS = 60, 35


class NotServedError(Exception):
    """The server did not start, or did not answer as it should."""


@dataclass(frozen=True)
class Live:
    """A served registry: where it answers, and a token of its issuer."""

    port: int
    token: str
    process: psutil.Process

    def client(self) -> "Client":
        """Return a new client, with a connection of its own."""
        return Client(self)

    def memory_mib(self) -> float:
        """Return what all its processes hold of memory, shared pages counted once."""
        processes = [self.process, *self.process.children(recursive=True)]
        return float(sum(each.memory_full_info().pss for each in processes)) / 2**20


@dataclass
class Client:
    """One connection, as one thread uses it; `seconds` is how long each answer took."""

    live: Live
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(HOST, self.live.port, timeout=STOP_SECONDS)

    def post(self, path: str, body: dict[str, Any]) -> int:
        """Send a request and return the status of its answer."""
        return self._send(path, json.dumps(body), "application/json")

    def upload(self, path: str, file: str) -> None:
        """Send a file of CSV; raises NotServedError unless it is taken."""
        status = self._send(path, file, "text/csv")
        if status != http.HTTPStatus.ACCEPTED:
            raise NotServedError(f"{path} was answered with {status}")

    def _send(self, path: str, body: str, media_type: str) -> int:
        headers = {"Authorization": f"Bearer {self.live.token}", "Content-Type": media_type}
        started = time.perf_counter()
        self._connection.request("POST", path, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        self.seconds.append(time.perf_counter() - started)
        return answer.status

    def get(self, path: str) -> bytes:
        """Fetch what is public; raises NotServedError for any answer but 200."""
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise NotServedError(f"{path} was answered with {answer.status}")
        return body


@dataclass(frozen=True)
class Changed:
    """How many changes were accepted in how many seconds, and how long each answer took."""

    accepted: int
    seconds: float
    latencies: Sequence[float]


@contextmanager
def served(measured: Measured, *options: str) -> Iterator[Live]:
    """Serve a registry over plain HTTP, with options of `registry serve`."""
    port = _free_port()
    with _running(measured, "--port", str(port), "--metrics-port", "0", *options) as process:
        _wait_until_ready(process, port)
        yield Live(port, _token(measured), psutil.Process(process.pid))


@dataclass(frozen=True)
class Background:
    """A process that starts again, whenever it ends, the one that does the background work."""

    port: int
    process: subprocess.Popen[bytes]

    def worker(self) -> psutil.Process:
        """Return the process that does the work."""
        (worker,) = psutil.Process(self.process.pid).children()
        return worker

    def wait_until_ready(self) -> None:
        """Return once it is at work; raises NotServedError."""
        _wait_until_ready(self.process, self.port)

    def leads(self) -> Sequence[str]:
        """Return the pieces of work that this one leads."""
        leads: list[str] = json.loads(_answer(self.port, "/readyz").read())["leads"]
        return leads


@contextmanager
def in_background(measured: Measured) -> Iterator[Background]:
    """Do all the work of a registry that needs no HTTP, beside others who do."""
    port, roles = _free_port(), [f"--role={role}" for role in sorted(BACKGROUND)]
    with _running(measured, "--metrics-port", str(port), *roles) as process:
        yield Background(port, process)


@contextmanager
def _running(measured: Measured, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    settings = measured.registry.settings
    given = {
        "REGISTRY_FOLDER": str(settings.folder),
        "REGISTRY_DATABASE_URL": settings.effective_database_url,
        "REGISTRY_PUBLIC_URL": measured.registry.public_url,
    }
    command = [sys.executable, "-m", "scripts.cli", "serve", *options]
    with (settings.folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, env=os.environ | given, stdout=log, stderr=log)  # noqa: S603 - our own
    try:
        yield process
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def change_all(live: Live, paths: Sequence[str], body: dict[str, Any], *, clients: int) -> Changed:
    """Send a change to each path, the paths dealt out to clients who all begin at once."""
    ready = threading.Barrier(clients + 1)

    def work(number: int) -> tuple[list[int], list[float]]:
        client = live.client()
        ready.wait()
        return [client.post(path, body) for path in paths[number::clients]], client.seconds

    with ThreadPoolExecutor(clients) as threads:
        found = [threads.submit(work, number) for number in range(clients)]
        ready.wait()
        started = time.perf_counter()
        answers = [each.result() for each in found]
        seconds = time.perf_counter() - started
    statuses = [status for statuses, _ in answers for status in statuses]
    latencies = [latency for _, each in answers for latency in each]
    return Changed(sum(each == http.HTTPStatus.OK for each in statuses), seconds, latencies)


def _token(measured: Measured) -> str:
    at = now()
    _, token = measured.registry.api_keys.create(
        Role.ISSUER,
        issuer_id=measured.issuer_id,
        label="benchmark",
        at=instant(at),
        expires_at=instant(at + DEFAULT_LIFETIME),
    )
    return token


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError):
            if _answer(port, "/healthz").status == http.HTTPStatus.OK:
                return
        time.sleep(0.05)
    raise NotServedError(f"{process.args!r} did not start")


def _answer(port: int, path: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    connection.request("GET", path)
    return connection.getresponse()


def _free_port() -> int:
    with socket.socket() as candidate:
        candidate.bind((HOST, 0))
        port: int = candidate.getsockname()[1]
    return port
