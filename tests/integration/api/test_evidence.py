"""Evidence over HTTP: who reads it, and that it holds in anybody's hands."""

import json
from typing import Any

import httpx
import pytest

from registry.formats.evidence.checks import check_evidence
from tests.evidence import HOLDS, verdict
from tests.integration.api.world import Issuer, World
from tests.waiting import wait_until


def evidence_of(client: httpx.Client, credential: dict[str, Any]) -> httpx.Response:
    """Fetch evidence as soon as it is there."""
    path = f"/v1/credentials/{credential['credential_id']}/evidence"
    wait_until(lambda: client.get(path).status_code != 503)
    return client.get(path)


@pytest.fixture(scope="module")
def credential(issuer: Issuer) -> dict[str, Any]:
    return issuer.issue()


def test_issuer_reads_evidence_of_its_credential(
    issuer: Issuer, credential: dict[str, Any]
) -> None:
    answer = evidence_of(issuer.client, credential)

    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store"
    name = f'{credential["credential_id"]}.evidence.zip"'
    assert answer.headers["Content-Disposition"].endswith(name)
    assert verdict(answer.content) == HOLDS
    document = check_evidence(answer.content).document
    assert json.loads(document or b"")["id"].endswith(credential["credential_id"])


def test_auditor_and_operator_read_it_too(
    world: World, issuer: Issuer, credential: dict[str, Any]
) -> None:
    for client in (world.auditor(), world.operator):
        assert verdict(evidence_of(client, credential).content) == HOLDS


def test_evidence_follows_a_revocation(issuer: Issuer) -> None:
    credential = issuer.issue("revoked@student.example")
    issuer.change(credential, "revoke").raise_for_status()
    wait_until(lambda: issuer.bit(credential, "revocation") == 1)

    def are_both_there() -> bool:
        evidence = check_evidence(evidence_of(issuer.client, credential).content)
        versions = [
            published.version
            for published in evidence.published.values()
            if published.event["purpose"] == "revocation"
        ]
        return len(evidence.chains["credential"]) == 2 and max(versions) > 1

    wait_until(are_both_there)


def test_another_issuer_is_told_nothing(world: World, credential: dict[str, Any]) -> None:
    answer = world.issuer().client.get(f"/v1/credentials/{credential['credential_id']}/evidence")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (
        404,
        "unknown-credential",
    )


def test_nobody_without_a_key_reads_it(world: World, credential: dict[str, Any]) -> None:
    answer = world.server.client().get(f"/v1/credentials/{credential['credential_id']}/evidence")
    assert answer.status_code == 401
