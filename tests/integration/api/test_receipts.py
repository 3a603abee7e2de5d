"""Receipts over HTTP: who reads them, when they are there, and that anybody can check them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import founding, opening
from api.settings import Settings
from projections.transparency.origins import origin_of
from registry.formats.canonical import jcs
from registry.formats.document_digest import document_digest
from registry.formats.tlog.notes import NoteSigner
from registry.formats.tlog.policies import Policy, PolicyNotMetError
from registry.formats.tlog.proofs import Proof
from registry.formats.tlog.receipts import check_receipt
from scripts.answers import CANNOT_BE_TOLD
from tests.e2e.conftest import CliWithin
from tests.integration.api.world import PUBLIC_URL, Issuer, Server, World
from tests.waiting import wait_until
from tests.witness import Witness, new_witness, policy_of, serving


def receipt_of(client: httpx.Client, credential: dict[str, Any]) -> httpx.Response:
    """Fetch a receipt as soon as it is there."""
    path = f"/v1/credentials/{credential['credential_id']}/receipt"
    wait_until(lambda: client.get(path).status_code != 503)
    return client.get(path)


def policy_from(server: Server) -> Policy:
    """Return the policy of whoever believes what the log says of itself."""
    (log,) = httpx.get(f"{server.url}/log").json()["logs"]
    lines = [f"log {key}" for key in log["keys"]]
    return Policy.parse("\n".join([*lines, "quorum none", ""]).encode())


@pytest.fixture(scope="module")
def credential(issuer: Issuer) -> dict[str, Any]:
    return issuer.issue()


def test_receipt_proves_the_document_that_was_issued(world: World, issuer: Issuer) -> None:
    answer = issuer.client.post("/v1/credentials", json=issuer.order()).json()

    receipt = receipt_of(issuer.client, answer["credential"])

    assert receipt.headers["Content-Type"] == "text/plain; charset=utf-8"
    name = f'{answer["credential"]["credential_id"]}.tlog-proof"'
    assert receipt.headers["Content-Disposition"].endswith(name)
    digest = document_digest(jcs(answer["document"]))
    verdict = check_receipt(digest, Proof.parse(receipt.content), policy_from(world.server))
    assert verdict.leaf.stream == answer["credential"]["credential_id"]


def test_issuing_answers_with_the_link_to_the_receipt(credential: dict[str, Any]) -> None:
    path = f"/v1/credentials/{credential['credential_id']}/receipt"

    assert credential["receipt_url"] == PUBLIC_URL + path
    assert credential["receipt"] is None


def test_credential_is_read_with_its_receipt_once_logged(
    issuer: Issuer, credential: dict[str, Any]
) -> None:
    receipt_of(issuer.client, credential)

    read = issuer.client.get(f"/v1/credentials/{credential['credential_id']}").json()

    assert Proof.parse(read["receipt"]).extra is not None


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_operators_and_auditors_read_receipts(
    world: World, credential: dict[str, Any], role: str
) -> None:
    client = world.operator if role == "operator" else world.auditor()

    assert receipt_of(client, credential).status_code == 200


def test_another_issuer_reads_no_receipt(world: World, credential: dict[str, Any]) -> None:
    answer = receipt_of(world.issuer().client, credential)

    assert answer.status_code == 404
    assert answer.json()["type"].endswith("/unknown-credential")


def test_receipt_needs_a_key(world: World, credential: dict[str, Any]) -> None:
    assert receipt_of(world.server.client(), credential).status_code == 401


def test_receipt_of_a_list_proves_what_is_served_to_everyone(
    world: World, issuer: Issuer, credential: dict[str, Any]
) -> None:
    entry = credential["status_lists"][0]
    wait_until(lambda: issuer.bit(credential, entry["purpose"]) == 0)
    url = entry["url"].replace(PUBLIC_URL, world.server.url)
    wait_until(lambda: httpx.get(f"{url}/receipt").status_code == 200)

    answer = httpx.get(f"{url}/receipt")

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-cache"
    digest = document_digest(httpx.get(url).content)
    verdict = check_receipt(digest, Proof.parse(answer.content), policy_from(world.server))
    assert verdict.leaf.topic == "status-list-published-v1"
    first = httpx.get(f"{url}/receipt", params={"version": 1})
    assert Proof.parse(first.content).index == Proof.parse(answer.content).index


def test_receipt_of_a_list_names_nobody_and_no_credential(
    world: World, issuer: Issuer, credential: dict[str, Any]
) -> None:
    entry = credential["status_lists"][0]
    url = entry["url"].replace(PUBLIC_URL, world.server.url)
    wait_until(lambda: httpx.get(f"{url}/receipt").status_code == 200)

    leaf = Proof.parse(httpx.get(f"{url}/receipt").content).extra or b""

    event = json.loads(leaf)["event"]
    assert event["actor"] == "registry"
    assert not {"subject_ref", "credential_id", "list_index"} & event.keys()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("00000000-0000-8000-8000-000000000000/revocation/receipt", 404),
        ("00000000-0000-8000-8000-000000000000/revocation/receipt?version=1", 404),
        ("00000000-0000-8000-8000-000000000000/revocation/receipt?version=0", 422),
        ("00000000-0000-8000-8000-000000000000/message/receipt", 422),
    ],
)
def test_receipt_of_no_list_is_refused(world: World, path: str, status: int) -> None:
    assert httpx.get(f"{world.server.url}/status-lists/{path}").status_code == status


def test_served_log_is_audited_from_outside(world: World, tmp_path: Path) -> None:
    issuer = world.issuer()
    credential = issuer.issue()
    path = f"/v1/credentials/{credential['credential_id']}"
    wait_until(lambda: issuer.client.get(f"{path}/receipt").status_code == 200)
    (log,) = httpx.get(f"{world.server.url}/log").json()["logs"]
    policy, key = tmp_path / "policy", tmp_path / "key"
    policy.write_text("".join(f"log {vkey}\n" for vkey in log["keys"]) + "quorum none\n")
    key.write_text(world.token("auditor") + "\n")
    within = CliWithin()
    at = ("--url", log["url"].replace(PUBLIC_URL, world.server.url))

    audited = within("log", "verify", *at, "--policy", policy, "--entries", "--token-file", key)
    refused = within("log", "verify", *at, "--policy", policy, "--entries")
    proved = within("log", "prove", *at, "--leaf", 0, "--token-file", key)

    assert audited.code == 0, audited.out + audited.err
    assert refused.code == CANNOT_BE_TOLD
    assert "auditor's key" in refused.err
    assert proved.out.startswith("c2sp.org/tlog-proof@v1\n")


def test_list_and_its_receipt_are_checked_from_outside(world: World, tmp_path: Path) -> None:
    issuer = world.issuer()
    credential = issuer.issue()
    url = credential["status_lists"][0]["url"].replace(PUBLIC_URL, world.server.url)
    wait_until(lambda: httpx.get(f"{url}/receipt").status_code == 200)
    (log,) = httpx.get(f"{world.server.url}/log").json()["logs"]
    files = {name: tmp_path / name for name in ("list", "receipt", "policy")}
    files["list"].write_bytes(httpx.get(url).content)
    files["receipt"].write_bytes(httpx.get(f"{url}/receipt").content)
    files["policy"].write_text(f"log {log['keys'][0]}\nquorum none\n")

    ran = CliWithin()(
        "receipt", "verify", files["list"], files["receipt"], "--policy", files["policy"]
    )

    assert ran.code == 0, ran.out
    assert "no later version was" in ran.out


@dataclass
class Witnessed:
    """A served registry whose receipts need a witness, which does not know the log yet."""

    world: World
    witness: Witness
    policy: Policy

    def is_cosigned(self) -> bool:
        """Say whether the checkpoint that is served meets the quorum."""
        served = httpx.get(f"{self.world.server.url}/log/checkpoint").content
        try:
            return len(self.policy.check(served).cosignatures) == 2
        except PolicyNotMetError:
            return False


@pytest.fixture
def witnessed(tmp_path: Path) -> Iterator[Witnessed]:
    file = tmp_path / "policy"
    server = Server(tmp_path, more={"log_policy": str(file)})
    settings = Settings.read(**server.settings)
    founding.initialise(settings)
    key = NoteSigner(origin_of(PUBLIC_URL, 1), opening.open_log_keys(settings)[0]).verifier_key
    witness = new_witness(tmp_path, "w1", logs=[], kinds="ed25519 and mldsa44")
    with serving(witness):
        file.write_bytes(policy_of([key], [witness]))
        token = server.initialise()
        server.start()
        try:
            world = World(server, server.client(token))
            yield Witnessed(world, witness, Policy.parse(file.read_bytes()))
        finally:
            server.stop()


def test_with_a_policy_receipts_wait_for_the_witnesses(witnessed: Witnessed) -> None:
    server, issuer = witnessed.world.server, witnessed.world.issuer()
    credential = issuer.issue()
    path = f"/v1/credentials/{credential['credential_id']}/receipt"
    early = issuer.client.get(path)
    assert (early.status_code, early.headers["Retry-After"]) == (503, "1")
    assert early.json()["type"].endswith("/not-logged-yet")
    assert issuer.client.get(path.removesuffix("/receipt")).json()["receipt"] is None
    wait_until(lambda: "it does not know the log" in " ".join(server.warnings()))

    metrics = httpx.get(f"http://127.0.0.1:{server.metrics_port}/metrics").text
    assert "\nregistry_witnesses_failing 1.0" in metrics
    assert "\nregistry_witnesses_disagreeing 0.0" in metrics

    (log,) = witnessed.policy.logs
    witnessed.witness.logs.append(log.key)

    receipt = Proof.parse(receipt_of(issuer.client, credential).content)
    assert len(witnessed.policy.check(receipt.checkpoint).cosignatures) == 2
    wait_until(witnessed.is_cosigned)
    wait_until(lambda: server.warnings() == [])
