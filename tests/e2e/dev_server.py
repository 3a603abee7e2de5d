"""`registry serve --dev` as others' test suites use it: what it prints, issues and verifies."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import ROOT, Cli, environment
from tests.e2e.live_registry import PATIENCE_SECONDS, free_port

Json = dict[str, Any]

UNSIGNED: Json = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "validFrom": "2026-01-01T00:00:00Z",
    "credentialSubject": {"id": "urn:uuid:d4ae8a5b-5d6a-4c7e-9f38-0d1c1e6e3a0b"},
}
"""A credential without issuer, under version 2.0 of the data model."""

UNSIGNED_1_1: Json = {
    "@context": ["https://www.w3.org/2018/credentials/v1"],
    "type": ["VerifiableCredential"],
    "issuanceDate": "2026-01-01T00:00:00Z",
    "credentialSubject": {"id": "urn:uuid:d4ae8a5b-5d6a-4c7e-9f38-0d1c1e6e3a0b"},
}


@dataclass(frozen=True)
class DevServer:
    """A development server that runs; `ready` is the line it printed."""

    ready: Json
    client: httpx.Client

    @property
    def issuers(self) -> dict[str, Json]:
        """The test issuers by securing mechanism."""
        return {issuer["mechanism"]: issuer for issuer in self.ready["issuers"]}

    def issue(self, mechanism: str, credential: Json, **options: Any) -> Json:
        """Have a test issuer issue a credential; return it secured."""
        issuer = self.issuers[mechanism]
        body = {"credential": {**credential, "issuer": issuer["id"]}, "options": options}
        response = self.client.post(issuer["issue"], json=body)
        assert response.status_code == 201, response.text
        secured: Json = response.json()["verifiableCredential"]
        return secured

    def verify(self, credential: Json | str) -> Json:
        """Have a credential verified; return the whole answer."""
        options = {"returnProblemDetails": True}
        return self._verified("verify", {"verifiableCredential": credential, "options": options})

    def verify_presentation(self, presentation: Json, **options: Any) -> Json:
        """Have a presentation verified; return the whole answer."""
        body = {"verifiablePresentation": presentation, "options": options}
        return self._verified("verify_presentation", body)

    def _verified(self, endpoint: str, body: Json) -> Json:
        response = self.client.post(self.ready[endpoint], json=body)
        answer: Json = response.json()
        assert response.status_code == (200 if answer.get("verified") else 400), answer
        return answer


@contextlib.contextmanager
def running(log_file: Path) -> Iterator[Json]:
    """Run a development server on a free port; give the line it prints when it is ready."""
    command = Cli().command("serve", "--dev", "--json", "--port", free_port())
    with (
        log_file.open("wb") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, cwd=ROOT, env=environment()
        ) as server,
    ):
        try:
            assert server.stdout is not None
            yield json.loads(server.stdout.readline())
        finally:
            server.terminate()
            server.wait(PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def dev_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """A development server, its certificate unchecked, as test suites leave it."""
    log_file = tmp_path_factory.mktemp("dev") / "server.log"
    with (
        running(log_file) as ready,
        httpx.Client(verify=False, trust_env=False, timeout=PATIENCE_SECONDS) as client,
    ):
        yield DevServer(ready, client)
