"""Issuers change over HTTP: names, successors, ends, and keys that others may have held."""

from typing import Any

import httpx
import pytest

from tests.integration.api.world import PUBLIC_URL, Issuer, World
from tests.waiting import wait_until

SINCE = "2026-01-01T00:00:00Z"


@pytest.fixture
def issuer(world: World) -> Issuer:
    """An issuer of one test, which changes it."""
    return world.issuer()


def post(world: World, issuer: Issuer, path: str, **body: Any) -> httpx.Response:
    return world.operator.post(f"/v1/issuers/{issuer.issuer_id}/{path}", json=body)


def did_document(issuer: Issuer) -> dict[str, Any]:
    """Return what is published; an issuer has no document until the publisher came by."""
    url = f"{PUBLIC_URL}/issuers/{issuer.issuer_id}/did.json"
    wait_until(lambda: issuer.server.published(url).status_code == 200)
    document: dict[str, Any] = issuer.server.published(url).json()
    return document


def key_of(world: World, issuer: Issuer) -> str:
    found = world.operator.get(f"/v1/issuers/{issuer.issuer_id}").json()
    return str(found["keys"][0]["key"])


def close(world: World, issuer: Issuer, custodian: Issuer | None = None) -> None:
    body = {"reason": "closed-down", "custodian_id": custodian and custodian.issuer_id}
    assert post(world, issuer, "close", **body).status_code == 200


def test_compromised_key_leaves_the_document_and_its_lists_are_signed_anew(
    world: World, issuer: Issuer
) -> None:
    credential, key = issuer.issue(), key_of(world, issuer)
    list_url = credential["status_lists"][0]["url"]
    wait_until(lambda: issuer.bit(credential, "revocation") == 0)
    answer = post(world, issuer, f"keys/{key}/compromise", since=SINCE)
    assert answer.status_code == 200, answer.text
    old, new = answer.json()["keys"]
    assert (old["signs"], old["compromised_since"]) == (False, "2026-01-01T00:00:00.000000Z")
    assert (new["signs"], new["compromised_since"]) == (True, None)

    def is_signed_anew() -> bool:
        method = issuer.server.published(list_url).json()["proof"]["verificationMethod"]
        return bool(method == new["verification_method"])

    wait_until(is_signed_anew)
    assert key not in str(did_document(issuer))


def test_auditor_reads_what_a_compromised_key_touched(world: World, issuer: Issuer) -> None:
    credential, key = issuer.issue(), key_of(world, issuer)
    path = f"/v1/issuers/{issuer.issuer_id}/keys/{key}/compromise"
    post(world, issuer, f"keys/{key}/compromise", since=SINCE)
    report = world.auditor().get(path).json()
    assert report["counts"]["signed"] == report["counts"]["not_proved"] == 1
    assert report["credentials"][0]["credential_id"] == credential["credential_id"]
    assert not report["credentials"][0]["reissuable"]
    assert issuer.client.get(path).status_code == 403


def test_registry_itself_does_not_know_what_a_compromised_key_signed(
    world: World, issuer: Issuer
) -> None:
    credential, key = issuer.issue(), key_of(world, issuer)
    document = issuer.client.get(f"/v1/credentials/{credential['credential_id']}/document").json()
    post(world, issuer, f"keys/{key}/compromise", since=SINCE)
    wait_until(lambda: key not in str(did_document(issuer)))
    answer = issuer.client.post("/credentials/verify", json={"verifiableCredential": document})
    assert answer.status_code == 400
    assert "key-compromised" in answer.text


@pytest.mark.parametrize(
    ("key", "since", "status"),
    [("z6MkUnknown", SINCE, 404), (None, "2999-01-01T00:00:00Z", 422), (None, "soon", 422)],
)
def test_compromise_that_cannot_be_is_refused(
    world: World, issuer: Issuer, key: str | None, since: str, status: int
) -> None:
    name = key or key_of(world, issuer)
    assert post(world, issuer, f"keys/{name}/compromise", since=since).status_code == status


def test_issuer_goes_by_another_name_and_is_known_under_its_old_site(
    world: World, issuer: Issuer
) -> None:
    name = {"pl": "Akademia", "en": "Academy"}
    renamed = post(world, issuer, "rename", name=name, url="https://akademia.example")
    assert (renamed.json()["name"], renamed.json()["url"]) == (name, "https://akademia.example")
    answer = post(world, issuer, "aliases", also_known_as="https://uczelnia.example")
    assert answer.json()["also_known_as"] == ["https://uczelnia.example"]
    wait_until(lambda: did_document(issuer).get("alsoKnownAs") == ["https://uczelnia.example"])


def test_new_credentials_bear_the_new_name(world: World, issuer: Issuer) -> None:
    name = {"pl": "Akademia", "en": "Academy"}
    post(world, issuer, "rename", name=name, url="https://akademia.example")
    answer = issuer.client.post("/v1/credentials", json=issuer.order())
    assert "Akademia" in str(answer.json()["document"]["issuer"])


def test_successor_is_another_issuer_of_the_registry(world: World, issuer: Issuer) -> None:
    other = world.issuer()
    answer = post(world, issuer, "succeed", successor_id=other.issuer_id, reason="merged")
    assert answer.json()["successor_id"] == other.issuer_id
    unknown = "00000000-0000-8000-8000-000000000000"
    refused = post(world, issuer, "succeed", successor_id=unknown, reason="merged")
    assert (refused.status_code, refused.json()["field"]) == (404, "successor_id")


def test_everybody_reads_who_came_after_an_issuer(world: World, issuer: Issuer) -> None:
    other = world.issuer()
    post(world, issuer, "succeed", successor_id=other.issuer_id, reason="merged")
    close(world, issuer, other)
    answer = issuer.server.client().get(f"/issuers/{issuer.issuer_id}")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    found = answer.json()
    assert (found["closed"], found["did"]) == (True, did_document(issuer)["id"])
    assert found["successor"] == found["custodian"] == did_document(other)["id"]
    unknown = "00000000-0000-8000-8000-000000000000"
    assert issuer.server.client().get(f"/issuers/{unknown}").status_code == 404


def test_successors_do_not_go_round_in_circles(world: World, issuer: Issuer) -> None:
    other = world.issuer()
    post(world, issuer, "succeed", successor_id=other.issuer_id, reason="merged")
    refused = post(world, other, "succeed", successor_id=issuer.issuer_id, reason="merged")
    assert (refused.status_code, refused.json()["field"]) == (422, "successor_id")


def test_closed_issuer_issues_nothing_and_its_lists_stay(world: World, issuer: Issuer) -> None:
    credential = issuer.issue()
    wait_until(lambda: issuer.bit(credential, "revocation") == 0)
    close(world, issuer)
    refused = issuer.client.post("/v1/credentials", json=issuer.order())
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (
        409,
        "issuer-closed",
    )
    assert issuer.bit(credential, "revocation") == 0
    assert did_document(issuer)["assertionMethod"]
    assert issuer.client.get(f"/v1/credentials/{credential['credential_id']}").status_code == 200


def test_repeat_of_a_request_is_answered_though_the_issuer_closed_since(
    world: World, issuer: Issuer
) -> None:
    headers = {"Idempotency-Key": "once"}
    first = issuer.client.post("/v1/credentials", json=issuer.order(), headers=headers)
    close(world, issuer)
    again = issuer.client.post("/v1/credentials", json=issuer.order(), headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())


def test_custodian_changes_statuses_in_place_of_a_closed_issuer(
    world: World, issuer: Issuer
) -> None:
    credential, custodian = issuer.issue(), world.issuer()
    path = f"/v1/credentials/{credential['credential_id']}"
    assert custodian.change(credential, "revoke").status_code == 404
    assert custodian.client.get(path).status_code == 404
    close(world, issuer, custodian)
    assert issuer.change(credential, "revoke").status_code == 409
    assert custodian.change(credential, "suspend").json()["status"] == "suspended"
    assert custodian.change(credential, "reinstate").json()["status"] == "active"
    assert custodian.change(credential, "revoke").json()["status"] == "revoked"
    assert custodian.client.get(path).json()["status"] == "revoked"
    wanted = {"issuer_id": issuer.issuer_id}
    wait_until(lambda: world.server.lag_events() == 0)
    found = custodian.client.get("/v1/credentials", params=wanted).json()["items"]
    assert [each["credential_id"] for each in found] == [credential["credential_id"]]
    wait_until(lambda: issuer.bit(credential, "revocation") == 1)


def test_custodian_of_a_custodian_that_closed_acts_in_its_place(
    world: World, issuer: Issuer
) -> None:
    credential, first, second = issuer.issue(), world.issuer(), world.issuer()
    close(world, issuer, first)
    close(world, first, second)
    assert first.change(credential, "revoke").status_code == 404
    assert second.change(credential, "revoke").status_code == 200


def test_issuer_that_is_nobodys_custodian_finds_its_own_whatever_it_asks_for(
    world: World, issuer: Issuer
) -> None:
    issuer.issue()
    issuer.count()
    other = world.issuer()
    for asked in (issuer.issuer_id, "00000000-0000-8000-8000-000000000000", "nonsense"):
        found = other.client.get("/v1/credentials", params={"issuer_id": asked})
        assert found.json()["items"] == []


def test_closed_issuer_changes_no_status_over_the_vc_api_either(
    world: World, issuer: Issuer
) -> None:
    close(world, issuer)
    status = {
        "credentialId": "urn:example:1",
        "credentialStatus": {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"},
        "status": True,
    }
    refused = issuer.client.post(f"/issuers/{issuer.issuer_id}/credentials/status", json=status)
    assert refused.status_code == 409, refused.text


def test_custodian_does_not_read_the_learners_document(world: World, issuer: Issuer) -> None:
    credential, custodian = issuer.issue(), world.issuer()
    close(world, issuer, custodian)
    path = f"/v1/credentials/{credential['credential_id']}/document"
    assert custodian.client.get(path).status_code == 404


def test_closed_issuer_is_nobodys_custodian(world: World, issuer: Issuer) -> None:
    closed = world.issuer()
    close(world, closed)
    refused = post(world, issuer, "close", reason="merged", custodian_id=closed.issuer_id)
    assert (refused.status_code, refused.json()["field"]) == (422, "custodian_id")


@pytest.mark.parametrize("path", ["rename", "aliases", "succeed", "close", "keys/z6Mk/compromise"])
def test_issuers_do_not_change_themselves(issuer: Issuer, path: str) -> None:
    answer = issuer.client.post(f"/v1/issuers/{issuer.issuer_id}/{path}", json={})
    assert answer.status_code == 403
