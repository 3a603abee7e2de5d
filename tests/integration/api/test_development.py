"""The development server: ready in one line, open at the VC API alone, for this machine alone."""

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.dev_server import MECHANISMS
from tests.integration.api.vc_api import V2
from tests.integration.api.world import ROOT, free_port

Json = dict[str, Any]
COMMAND = [sys.executable, "-P", "-m", "scripts.cli", "serve", "--dev"]


def environment(temporary: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}


@contextmanager
def running(temporary: Path, *more: str) -> Iterator[tuple[subprocess.Popen[bytes], Json]]:
    """Start the server and give it with the line it prints when it is ready."""
    command = [*COMMAND, "--json", "--port", str(free_port()), *more]
    with (
        (temporary / "log").open("wb") as log,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(temporary),
        ) as process,
    ):
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(20)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Json]:
    with running(tmp_path_factory.mktemp("dev")) as (_, line):
        yield line


@pytest.fixture
def client(ready: Json) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=ready["ca_file"])
    with httpx.Client(verify=context, trust_env=False, timeout=20) as client:
        yield client


def test_the_line_names_an_issuer_for_every_way_of_securing(ready: Json) -> None:
    assert {"base_url", "issuers", "verify", "verify_presentation"} <= ready.keys()
    suites = [each["suite"] for each in ready["issuers"]]
    assert [each["mechanism"] for each in ready["issuers"]][: len(MECHANISMS)] == MECHANISMS
    assert {"bitstring-status-list", "vcdm-2.0", "vc-api"} <= set(suites)
    assert suites.count("ecdsa-rdfc-2019") == suites.count("ecdsa-jcs-2019") == 2
    assert all(each["id"].startswith("did:key:z") for each in ready["issuers"])


def unsigned(issuer: Json) -> Json:
    return {
        "@context": [V2],
        "id": f"urn:example:{issuer['suite']}",
        "type": ["VerifiableCredential"],
        "issuer": issuer["id"],
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:learner"},
    }


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_each_issues_without_a_key_and_what_it_issues_is_verified_until_it_is_revoked(
    ready: Json, client: httpx.Client, mechanism: str
) -> None:
    issuer = next(each for each in ready["issuers"] if each["mechanism"] == mechanism)
    credential = {**unsigned(issuer), "id": f"urn:example:{mechanism}"}
    issued = client.post(issuer["issue"], json={"credential": credential})
    assert issued.status_code == 201, issued.text
    assert client.post(ready["verify"], json=issued.json()).json()["verified"] is True
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
    revoking = {"credentialId": credential["id"], "credentialStatus": entry, "status": True}
    assert client.post(issuer["status"], json=revoking).status_code == 200
    assert client.post(ready["verify"], json=issued.json()).json()["verdict"] == "revoked"


def test_the_certificate_is_good_for_both_names_of_this_machine(
    ready: Json, client: httpx.Client
) -> None:
    port = ready["base_url"].rpartition(":")[2]
    assert client.get(f"https://127.0.0.1:{port}/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/v1/issuers", "/v1/api-keys", "/v1/issuer", "/v1/events"])
def test_nothing_but_the_vc_api_is_open(ready: Json, client: httpx.Client, path: str) -> None:
    assert client.get(f"{ready['base_url']}{path}").status_code == 401


def test_no_other_issuer_than_the_test_issuers_is_there(ready: Json, client: httpx.Client) -> None:
    url = f"{ready['base_url']}/issuers/{'0' * 36}/credentials/issue"
    assert client.post(url, json={"credential": {}}).status_code == 404


@pytest.mark.parametrize("ending", ["SIGTERM", "SIGINT", "the parent's end"])
def test_it_ends_cleanly_and_leaves_nothing(tmp_path: Path, ending: str) -> None:
    more = ["--until-stdin-closes"] if ending == "the parent's end" else []
    with running(tmp_path, *more) as (process, line):
        assert Path(line["ca_file"]).exists()
        if more:
            assert process.stdin is not None
            process.stdin.close()
        else:
            process.send_signal(signal.Signals[ending])
        process.wait(20)
        assert process.stdout is not None
        assert process.stdout.read() == b""
    assert [each.name for each in tmp_path.iterdir()] == ["log"]
    assert (tmp_path / "log").read_text().startswith("DEVELOPMENT SERVER")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "registry.example"])
def test_it_does_not_listen_where_others_could_reach_it(tmp_path: Path, host: str) -> None:
    command = [*COMMAND, "--host", host]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=30, env=environment(tmp_path), check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "this machine alone" in done.stderr
    assert list(tmp_path.iterdir()) == []
