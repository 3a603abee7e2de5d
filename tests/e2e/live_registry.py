"""A registry that really runs: `registry serve` with TLS on a free port, and badges it issued.

What there is was asked for over HTTP, as issuers do. Every badge is named after its status.
"""

import base64
import contextlib
import json
import random
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from registry.formats import bitstring
from scripts.demo_tls import TlsFiles, make_tls_files
from tests.e2e.conftest import ROOT, Cli, environment
from tests.waiting import wait_until

# Below the ports that the kernel hands out by itself, and above those of the tests' PostgreSQL.
PORTS = range(30_000, 32_768)
PATIENCE_SECONDS = 30
SAMPLE = ROOT / "tests/samples/python-data-analysis.json"

Json = dict[str, Any]


@dataclass(frozen=True)
class Badge:
    """A credential that was issued: its document, its id at the API, and the bits of its lists."""

    document: Json
    credential_id: str
    statuses: Mapping[str, bool]

    @property
    def credential(self) -> Json:
        """What its issuer says: the document, or what the JWT in it says."""
        return credential_of(self.document)

    @property
    def lists(self) -> dict[str, str]:
        """The URL of each of its status lists, by purpose."""
        return {entry["statusPurpose"]: entry["statusListCredential"] for entry in self.entries}

    @property
    def entries(self) -> list[Json]:
        """Its status entries."""
        status = self.credential["credentialStatus"]
        return status if isinstance(status, list) else [status]


@dataclass(frozen=True)
class LiveRegistry:
    """A server that runs, and its badges by name; `ca_file` is the authority behind it."""

    base_url: str
    ca_file: Path
    badges: dict[str, Badge] = field(default_factory=dict)

    def fetch(self, url: str) -> bytes:
        """Fetch as anybody can, trusting this registry's authority alone."""
        context = ssl.create_default_context(cafile=self.ca_file)
        response = httpx.get(url, verify=context, trust_env=False)
        response.raise_for_status()
        return response.content

    def documents(self) -> dict[str, Json]:
        """Return the document of every badge."""
        return {name: badge.document for name, badge in self.badges.items()}


class Issuer:
    """An issuer's office: issues badges over HTTP and changes their status."""

    def __init__(self, client: httpx.Client, issuer_id: str, token: str) -> None:
        self._client, self.issuer_id = client, issuer_id
        self._headers = {"Authorization": f"Bearer {token}"}
        self._count = 0

    def post(self, path: str, body: Json) -> Any:
        response = self._client.post(f"/v1/{path}", json=body, headers=self._headers)
        assert response.is_success, response.text
        return response.json()

    def define(self, **terms: str) -> str:
        """Define a micro-credential; return its id."""
        definition = json.loads(SAMPLE.read_text(encoding="utf-8"))
        return str(self.post("achievements", {"definition": definition, **terms})["achievement_id"])

    def issue(self, achievement_id: str, *changes: str, **order: Any) -> Badge:
        """Issue to a new learner, and change the status by these verbs in turn."""
        self._count += 1
        learner = {"email": f"learner-{self._count}@student.example"}
        issued = self.post(
            "credentials", {"achievement_id": achievement_id, "learner": learner, **order}
        )
        credential_id = issued["credential"]["credential_id"]
        for verb in changes:
            self.post(f"credentials/{credential_id}/{verb}", {"reason": "other"})
        return Badge(issued["document"], credential_id, _bits(issued["document"], changes))


def _bits(document: Json, changes: tuple[str, ...]) -> dict[str, bool]:
    """Return what each status list must say after these changes."""
    status = credential_of(document)["credentialStatus"]
    entries = status if isinstance(status, list) else [status]
    last = [verb for verb in changes if verb != "revoke"][-1:]
    bits = {"revocation": "revoke" in changes, "suspension": last == ["suspend"]}
    return {entry["statusPurpose"]: bits[entry["statusPurpose"]] for entry in entries}


def token_of(envelope: Json) -> str:
    """Return the compact JWT in an EnvelopedVerifiableCredential."""
    return str(envelope["id"]).partition(",")[2]


def credential_of(document: Json) -> Json:
    """Return a credential, out of its envelope where it is in one."""
    if document["type"] != "EnvelopedVerifiableCredential":
        return document
    payload = token_of(document).split(".")[1]
    credential: Json = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return credential


@contextlib.contextmanager
def running(folder: Path) -> Iterator[tuple[LiveRegistry, httpx.Client]]:
    """Give a new registry that runs, and a client of its operator; stop it afterwards."""
    tls, port = make_tls_files(folder / "tls", now=datetime.now(UTC)), free_port()
    base_url = f"https://localhost:{port}"
    cli = Cli(folder / "registry")
    token = cli("--json", "init", "--public-url", base_url).json["operator_api_key"]
    context = ssl.create_default_context(cafile=tls.ca)
    headers = {"Authorization": f"Bearer {token}"}
    with (
        _served(cli, tls, folder / "server.log"),
        httpx.Client(base_url=base_url, verify=context, trust_env=False, headers=headers) as client,
    ):
        wait_until(lambda: _is_ready(client))
        yield LiveRegistry(base_url, tls.ca), client


@contextlib.contextmanager
def _served(cli: Cli, tls: TlsFiles, log_file: Path) -> Iterator[None]:
    options = ("--certfile", tls.certificate, "--keyfile", tls.key, "--metrics-port", 0)
    command = cli.command("serve", *options, "--until-stdin-closes")
    with (
        log_file.open("wb") as log,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=ROOT, env=environment()
        ) as server,
    ):
        try:
            yield
        finally:
            server.communicate(timeout=PATIENCE_SECONDS)


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False


def free_port() -> int:
    """Return a port that nobody listens on."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as candidate, contextlib.suppress(OSError):
            candidate.bind(("127.0.0.1", port))
            return port


def new_issuer(client: httpx.Client, *, did_method: str) -> Issuer:
    """Admit an issuer with a key; return its office."""
    name = {"pl": "Uczelnia Przykładowa", "en": "Example University"}
    body = {"name": name, "country": "PL", "url": "https://uczelnia.example"}
    made = client.post("/v1/issuers", json={**body, "did_method": did_method})
    issuer_id = made.json()["issuer_id"]
    if did_method == "web":
        add_key(client, issuer_id)
    key = {"role": "issuer", "issuer_id": issuer_id, "label": "office"}
    token = client.post("/v1/api-keys", json=key).json()["token"]
    return Issuer(client, issuer_id, token)


def add_key(client: httpx.Client, issuer_id: str, **key: str) -> str:
    """Give an issuer a key that signs from now on; return it."""
    response = client.post(f"/v1/issuers/{issuer_id}/keys", json=key)
    assert response.is_success, response.text
    return str(response.json()["key"])


def issue_badges(client: httpx.Client) -> dict[str, Badge]:
    """Issue one badge of each kind, and change the keys of one issuer on the way."""
    web, key = (new_issuer(client, did_method=method) for method in ("web", "key"))
    usual, strict = web.define(), web.define(profile="ob-strict")
    badges = {
        "valid": web.issue(usual, valid_until="2099-12-31T23:59:59Z", grade="5.0"),
        "suspended": web.issue(usual, "suspend"),
        "reinstated": web.issue(usual, "suspend", "reinstate"),
        "revoked": web.issue(usual, "revoke"),
        "suspended and revoked": web.issue(usual, "suspend", "revoke"),
        "strict": web.issue(strict),
        "strict revoked": web.issue(strict, "revoke"),
        "English": web.issue(web.define(language="en")),
    }
    add_key(client, web.issuer_id)
    own = key.define()
    return badges | {
        "by the next key": web.issue(usual),
        "by the next key, revoked": web.issue(usual, "revoke"),
        "of did:key": key.issue(own),
        "of did:key, suspended": key.issue(own, "suspend"),
        "of did:key, revoked": key.issue(own, "revoke"),
        "jcs": web.issue(web.define(cryptosuite="eddsa-jcs-2022")),
        "jcs revoked": web.issue(web.define(cryptosuite="eddsa-jcs-2022"), "revoke"),
    }


def is_published(registry: LiveRegistry, badge: Badge) -> bool:
    """Return whether a badge's lists say what they must."""
    return all(
        _bit(registry, entry) == badge.statuses[entry["statusPurpose"]] for entry in badge.entries
    )


def _bit(registry: LiveRegistry, entry: Json) -> bool | None:
    try:
        document = json.loads(registry.fetch(entry["statusListCredential"]))
    except httpx.HTTPStatusError:
        return None
    bits = bitstring.decode(document["credentialSubject"]["encodedList"])
    return bool(bitstring.value(bits, int(entry["statusListIndex"])))


@pytest.fixture(scope="module")
def live_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A registry that runs, once every status of its badges is published."""
    with running(tmp_path_factory.mktemp("live")) as (registry, client):
        registry.badges.update(issue_badges(client))
        for badge in registry.badges.values():
            wait_until(lambda badge=badge: is_published(registry, badge))  # type: ignore[misc]
        yield registry
