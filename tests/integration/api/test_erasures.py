"""Erasing over HTTP: one operator asks, another confirms, and the learner is found nowhere."""

import sqlite3
from typing import Any

import httpx
import pytest

from api import bootstrap
from api.settings import Settings
from registry.store.api_keys import Role
from registry.store.folders import read_file
from tests.integration.api.test_faults import metrics
from tests.integration.api.world import Issuer, World, new_token
from tests.waiting import wait_until

CANARY = "kanarek7351"
EMAIL = f"{CANARY}@student.example"
LEARNER = {"email": EMAIL, "name": CANARY.title()}
REASON = {"reason": "learner-request"}


@pytest.fixture(scope="module")
def second(world: World) -> httpx.Client:
    """Another operator."""
    registry = bootstrap.build(Settings.read(**world.server.settings))
    try:
        return world.server.client(new_token(registry, Role.OPERATOR))
    finally:
        registry.close()


def ask(world: World, credential: dict[str, Any], **more: Any) -> httpx.Response:
    body = {"subject_ref": credential["subject_ref"], **REASON, **more}
    return world.operator.post("/v1/erasures", json=body)


def asked(world: World, credential: dict[str, Any]) -> str:
    [erasure] = ask(world, credential).raise_for_status().json()["items"]
    return f"/v1/erasures/{erasure['erasure_id']}"


def document(issuer: Issuer, credential: dict[str, Any]) -> httpx.Response:
    return issuer.client.get(f"/v1/credentials/{credential['credential_id']}/document")


def test_erased_learner_is_in_no_file_answer_or_log(
    world: World, issuer: Issuer, second: httpx.Client
) -> None:
    key = {"Idempotency-Key": "one-time"}
    issued = issuer.client.post(
        "/v1/credentials", json=issuer.order() | {"learner": LEARNER}, headers=key
    )
    credential = issued.raise_for_status().json()["credential"]
    issuer.change(credential, "suspend", note=f"{CANARY} asked for it").raise_for_status()
    wait_until(lambda: issuer.bit(credential, "suspension") == 1)

    path = asked(world, credential)
    confirmed = second.post(f"{path}/confirm").raise_for_status()
    assert confirmed.json()["state"] in ("pending", "completed")
    assert document(issuer, credential).status_code == 410
    wait_until(lambda: world.operator.get(path).json()["state"] == "completed")

    again = issuer.client.post(
        "/v1/credentials", json=issuer.order() | {"learner": LEARNER}, headers=key
    )
    assert again.status_code == 410
    lookup = issuer.client.post("/v1/subjects/lookup", json={"learner": {"email": EMAIL}})
    assert lookup.status_code == 404
    shown = issuer.client.get(f"/v1/credentials/{credential['credential_id']}").json()
    assert shown["status"] == "suspended"
    assert issuer.bit(credential, "suspension") == 1

    answers = [
        world.operator.get("/v1/erasures"),
        world.auditor().get("/v1/events", params={"limit": 1000}),
        issuer.client.get(f"/v1/credentials/{credential['credential_id']}"),
    ]
    assert not any(CANARY in answer.text.lower() for answer in answers)
    files = [file for file in world.server.folder.rglob("*") if file.is_file()]
    assert {"registry.db", "erasures.journal"} <= {file.name for file in files}
    # The server replaces files meanwhile: one that is gone by now holds nothing.
    bodies = {file: read_file(file) or b"" for file in files}
    assert [file for file, body in bodies.items() if CANARY.encode() in body.lower()] == []
    assert (world.server.folder / "erasures.journal").stat().st_mode & 0o077 == 0


def test_new_credential_for_the_erased_person_has_a_new_reference(
    world: World, issuer: Issuer, second: httpx.Client
) -> None:
    first = issuer.issue("jan@student.example")
    second.post(f"{asked(world, first)}/confirm").raise_for_status()
    fresh = issuer.issue("jan@student.example")
    assert fresh["subject_ref"] != first["subject_ref"]
    assert document(issuer, fresh).status_code == 200


def test_who_asked_may_decline_but_not_confirm(world: World, issuer: Issuer) -> None:
    credential = issuer.issue("ewa@student.example")
    path = asked(world, credential)
    refused = world.operator.post(f"{path}/confirm")
    assert (refused.status_code, refused.json()["type"].split("/")[-1]) == (403, "four-eyes")
    body = {"reason": "asked-in-error"}
    assert world.operator.post(f"{path}/decline", json=body).json()["state"] == "declined"
    assert document(issuer, credential).status_code == 200


def test_hold_and_duty_refuse_with_reason_date_and_remedy(
    world: World, second: httpx.Client
) -> None:
    issuer = world.issuer()
    credential = issuer.issue()
    reference = credential["subject_ref"]
    hold = {"subject_ref": reference, "reason": "inquiry", "until": "2099-01-31T12:00:00Z"}
    assert world.operator.post("/v1/legal-holds", json=hold).status_code == 201
    refused = ask(world, credential)
    assert (refused.status_code, refused.json()["type"].split("/")[-1]) == (409, "legal-hold")
    assert "2099-01-31" in refused.json()["detail"]
    assert "lift" in refused.json()["remedy"]
    lifted = {"reason": "settled"}
    world.operator.post(f"/v1/legal-holds/{reference}/lift", json=lifted).raise_for_status()
    assert world.operator.get(f"/v1/legal-holds/{reference}").json()["reason"] is None

    path = asked(world, credential)
    duty = {"days": 3650, "legal_basis": "kategoria archiwalna B50"}
    world.operator.post(
        f"/v1/issuers/{issuer.issuer_id}/retention-duty", json=duty
    ).raise_for_status()
    refused = second.post(f"{path}/confirm")
    assert (refused.status_code, refused.json()["type"].split("/")[-1]) == (409, "retention-duty")
    assert "B50" in refused.json()["detail"]
    assert document(issuer, credential).status_code == 200


def test_person_is_erased_at_every_issuer_or_asked_for_at_none(
    world: World, issuer: Issuer, second: httpx.Client
) -> None:
    other = world.issuer()
    here, there = issuer.issue("ola@student.example"), other.issue("ola@student.example")
    hold = {"subject_ref": there["subject_ref"], "reason": "court-order"}
    world.operator.post("/v1/legal-holds", json=hold).raise_for_status()
    wait_until(lambda: world.server.lag_events() == 0)
    before = len(world.operator.get("/v1/erasures", params={"limit": 200}).json()["items"])
    assert ask(world, here, person=True).status_code == 409
    wait_until(lambda: world.server.lag_events() == 0)
    after = world.operator.get("/v1/erasures", params={"limit": 200}).json()["items"]
    assert len(after) == before
    path = f"/v1/legal-holds/{there['subject_ref']}/lift"
    world.operator.post(path, json={"reason": "settled"}).raise_for_status()
    items = ask(world, here, person=True).raise_for_status().json()["items"]
    assert {each["issuer_id"] for each in items} == {issuer.issuer_id, other.issuer_id}
    for each in items:
        second.post(f"/v1/erasures/{each['erasure_id']}/confirm").raise_for_status()
    assert document(issuer, here).status_code == document(other, there).status_code == 410


def test_repeat_is_answered_as_at_first_once_the_person_is_erased(
    world: World, issuer: Issuer, second: httpx.Client
) -> None:
    other = world.issuer()
    here, there = issuer.issue("ula@student.example"), other.issue("ula@student.example")
    body = {"subject_ref": here["subject_ref"], "person": True, **REASON}
    key = {"Idempotency-Key": "person-once"}
    first = world.operator.post("/v1/erasures", json=body, headers=key).raise_for_status().json()
    references = [each["subject_ref"] for each in first["items"]]
    assert references == [here["subject_ref"], there["subject_ref"]]
    for each in first["items"]:
        second.post(f"/v1/erasures/{each['erasure_id']}/confirm").raise_for_status()
    again = world.operator.post("/v1/erasures", json=body, headers=key)
    assert (again.status_code, again.json()) == (201, first)
    alone = world.operator.post("/v1/erasures", json=body | {"person": False}, headers=key)
    assert alone.json()["type"].endswith("/problems/idempotency-conflict")


def test_hold_is_changed_only_at_the_version_that_was_read(world: World, issuer: Issuer) -> None:
    reference = issuer.issue("iza@student.example")["subject_ref"]
    hold = {"subject_ref": reference, "reason": "inquiry"}
    placed = world.operator.post("/v1/legal-holds", json=hold).raise_for_status()
    path = placed.headers["Location"]
    world.operator.post("/v1/legal-holds", json=hold | {"reason": "court-order"})
    stale = {"If-Match": placed.headers["ETag"]}
    refused = world.operator.post(f"{path}/lift", json={"reason": "settled"}, headers=stale)
    assert refused.status_code == 412
    read = world.operator.get(path)
    assert read.headers["ETag"] == f'"{read.json()["version"]}"'


def test_erasures_are_listed_by_state_in_pages(world: World, issuer: Issuer) -> None:
    paths = {asked(world, issuer.issue(f"page-{number}@student.example")) for number in range(3)}
    wait_until(lambda: world.server.lag_events() == 0)
    found: set[str] = set()
    params: dict[str, str | int] = {"state": "requested", "limit": 2}
    while True:
        page = world.auditor().get("/v1/erasures", params=params).raise_for_status().json()
        found |= {f"/v1/erasures/{each['erasure_id']}" for each in page["items"]}
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert paths <= found


def test_open_erasures_are_counted_without_saying_whose(world: World, issuer: Issuer) -> None:
    asked(world, issuer.issue("ala@student.example"))
    wait_until(lambda: world.server.lag_events() == 0)
    lines = [each for each in metrics(world.server).splitlines() if "erasures_open{" in each]
    counts = dict(each.rsplit(" ", 1) for each in lines)
    assert float(counts['registry_erasures_open{state="requested"}']) >= 1
    assert float(counts['registry_erasures_open{state="pending"}']) == 0


def test_damaged_document_is_not_answered_as_an_erased_one(world: World, issuer: Issuer) -> None:
    credential = issuer.issue("ina@student.example")
    with sqlite3.connect(world.server.folder / "registry.db", timeout=10) as database:
        change = "UPDATE documents SET ciphertext = zeroblob(900) WHERE credential_id = ?"
        database.execute(change, (credential["credential_id"],))
    database.close()
    answer = document(issuer, credential)
    assert answer.status_code == 500
    assert answer.json()["type"].endswith("/problems/vault-damaged")


def test_only_operators_erase(world: World, issuer: Issuer) -> None:
    credential = issuer.issue("iga@student.example")
    body = {"subject_ref": credential["subject_ref"], **REASON}
    for client in (issuer.client, world.auditor()):
        assert client.post("/v1/erasures", json=body).status_code == 403
    unknown = {"subject_ref": "018f0000-0000-7000-8000-000000000000", **REASON}
    assert world.operator.post("/v1/erasures", json=unknown).status_code == 404
    free_text = body | {"reason": f"{CANARY} asked"}
    refused = world.operator.post("/v1/erasures", json=free_text)
    assert refused.status_code == 422
    assert CANARY not in refused.text


def test_operator_makes_itself_no_second_pair_of_eyes(world: World) -> None:
    refused = world.operator.post("/v1/api-keys", json={"role": "operator", "label": "me again"})
    assert (refused.status_code, refused.json()["type"].split("/")[-1]) == (403, "role")
    assert "api-key create" in refused.json()["remedy"]
