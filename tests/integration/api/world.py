"""A registry served by a process of its own, and clients who talk to it over HTTP."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from api import bootstrap, founding
from api.settings import Settings
from registry.formats import bitstring
from registry.store.api_keys import Role
from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]
PUBLIC_URL = "https://registry.example"
COMPLETE = json.loads((ROOT / "tests/samples/python-data-analysis.json").read_text())
START_SECONDS = 40
SERVE = (
    "import json, sys; from api.server import serve; from api.settings import Settings; "
    "serve(Settings.read(**json.loads(sys.argv[1])))"
)


def free_port() -> int:
    with socket.socket() as candidate:
        candidate.bind(("127.0.0.1", 0))
        port: int = candidate.getsockname()[1]
        return port


@dataclass
class Server:
    """A served registry in a folder; `database_url` of None means SQLite in that folder."""

    folder: Path
    database_url: str | None = None
    port: int = field(default_factory=free_port)
    metrics_port: int = field(default_factory=free_port)
    more: dict[str, Any] = field(default_factory=dict)
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, Any]:
        """What the process is started with."""
        return {
            "folder": str(self.folder),
            "database_url": self.database_url,
            "public_url": PUBLIC_URL,
            "port": self.port,
            "metrics_port": self.metrics_port,
            **self.more,
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_file(self) -> Path:
        return self.folder / "server.log"

    @property
    def log(self) -> list[dict[str, Any]]:
        """What was logged, every line of it a JSON object."""
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]

    def initialise(self) -> str:
        """Make the registry, and return an operator's token."""
        settings = Settings.read(**self.settings)
        founding.initialise(settings)
        registry = bootstrap.build(settings)
        try:
            return new_token(registry, Role.OPERATOR)
        finally:
            registry.close()

    def start(self, *, wait: bool = True) -> Self:
        with self.log_file.open("ab") as log:
            command = [sys.executable, "-c", SERVE, json.dumps(self.settings)]
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        if wait:
            self._wait_until_alive()
        return self

    def stop(self) -> int:
        """End the process as an operator would, and return its exit code."""
        self.close_clients()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def kill(self) -> None:
        """End the process as a crash would, its worker with it."""
        self.process.kill()
        self.process.wait(20)
        # The worker ends a moment after its parent, and would answer for the one that comes next.
        wait_until(self._is_silent)

    def _is_silent(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return True
        return False

    def close_clients(self) -> None:
        for client in self.clients:
            client.close()

    def client(self, token: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.clients.append(httpx.Client(base_url=self.url, headers=headers, timeout=20))
        return self.clients[-1]

    def lag_events(self) -> int:
        views = httpx.get(f"{self.url}/readyz").json()["projections"]
        return int(max(view["lag_events"] for view in views))

    def warnings(self) -> list[str]:
        return list(httpx.get(f"{self.url}/readyz").json()["warnings"])

    def published(self, url: str) -> httpx.Response:
        """Fetch what is published under a public URL."""
        return httpx.get(url.replace(PUBLIC_URL, self.url))

    def _wait_until_alive(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/healthz").status_code == 200:
                    return
            time.sleep(0.05)
        self.process.kill()
        self.process.wait(20)
        raise AssertionError(self.log_file.read_text())


@dataclass
class World:
    """A server with an operator's client, and issuers as the tests need them."""

    server: Server
    operator: httpx.Client

    def auditor(self) -> httpx.Client:
        return self.server.client(self.token("auditor"))

    def token(self, role: str, **more: Any) -> str:
        body = {"role": role, "label": "test", **more}
        answer = self.operator.post("/v1/api-keys", json=body).raise_for_status()
        return str(answer.json()["token"])

    def issuer(self) -> "Issuer":
        """Register an issuer with a key, an achievement that is complete, and an API key."""
        body = {
            "name": {"pl": "Uczelnia", "en": "University"},
            "country": "PL",
            "url": "https://uczelnia.example",
        }
        issuer_id = (
            self.operator.post("/v1/issuers", json=body).raise_for_status().json()["issuer_id"]
        )
        self.operator.post(f"/v1/issuers/{issuer_id}/keys").raise_for_status()
        client = self.server.client(self.token("issuer", issuer_id=issuer_id))
        achievement = client.post("/v1/achievements", json={"definition": COMPLETE})
        return Issuer(
            self.server, client, issuer_id, achievement.raise_for_status().json()["achievement_id"]
        )


@dataclass
class Issuer:
    """What one issuer's staff do."""

    server: Server
    client: httpx.Client
    issuer_id: str
    achievement_id: str

    def order(self, email: str = "learner@student.example", **more: Any) -> dict[str, Any]:
        return {"achievement_id": self.achievement_id, "learner": {"email": email}, **more}

    def issue(self, email: str = "learner@student.example", **more: Any) -> dict[str, Any]:
        """Issue a credential, and return it."""
        answer = self.client.post("/v1/credentials", json=self.order(email, **more))
        issued: dict[str, Any] = answer.raise_for_status().json()["credential"]
        return issued

    def change(self, credential: dict[str, Any], verb: str, **more: Any) -> httpx.Response:
        path = f"/v1/credentials/{credential['credential_id']}/{verb}"
        return self.client.post(path, json={"reason": "other", **more})

    def imports(self, body: bytes) -> httpx.Response:
        return self.client.post(
            "/v1/credentials/import",
            params={"achievement_id": self.achievement_id},
            content=body,
            headers={"Content-Type": "text/csv"},
        )

    def count(self) -> int:
        """Return how many credentials the issuer has, once the view has caught up."""
        wait_until(lambda: self.server.lag_events() == 0)
        return len(self.client.get("/v1/credentials", params={"limit": 200}).json()["items"])

    def bit(self, credential: dict[str, Any], purpose: str) -> int:
        """Return the published bit of a credential."""
        [entry] = [e for e in credential["status_lists"] if e["purpose"] == purpose]
        answer = self.server.published(entry["url"])
        if answer.status_code != 200:
            return -1
        bits = bitstring.decode(answer.json()["credentialSubject"]["encodedList"])
        return bitstring.value(bits, entry["index"])


def new_token(registry: bootstrap.Registry, role: Role) -> str:
    _, token = registry.api_keys.create(
        role,
        issuer_id=None,
        label="test",
        at="2026-01-01T00:00:00.000000Z",
        expires_at="2126-01-01T00:00:00.000000Z",
    )
    return token


@contextmanager
def served(folder: Path, database_url: str | None = None, **more: Any) -> Iterator[World]:
    """Serve a new registry while the block runs, with `more` settings."""
    server = Server(folder, database_url, more=more)
    token = server.initialise()
    server.start()
    try:
        yield World(server, server.client(token))
    finally:
        if server.process.poll() is None:
            server.stop()
