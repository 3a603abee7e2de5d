"""The VC API's issuing part: who may issue what, and what is answered to what is not right."""

import json
from typing import Any

import httpx
import pytest

from registry.domain.securing import Mechanism
from registry.formats import bitstring
from tests.integration.api.vc_api import GenericIssuer, generic_issuer
from tests.integration.api.world import PUBLIC_URL, World

Json = dict[str, Any]


@pytest.fixture(scope="module")
def issuer(world: World) -> GenericIssuer:
    return generic_issuer(world)


def faults(answer: httpx.Response) -> set[str]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    return {fault["field"] for fault in answer.json()["errors"]}


def test_a_credential_is_secured_as_it_was_sent_with_its_status_entries_added(
    issuer: GenericIssuer,
) -> None:
    sent = issuer.credential()
    answer = issuer.issues(sent)
    assert (answer.status_code, list(answer.json())) == (201, ["verifiableCredential"])
    secured = answer.json()["verifiableCredential"]
    assert {name: secured[name] for name in sent} == sent
    assert {entry["statusPurpose"] for entry in secured["credentialStatus"]} == {
        "revocation",
        "suspension",
    }
    proof = secured["proof"]
    assert proof["cryptosuite"] == "eddsa-rdfc-2022"


def test_who_is_answered_finds_the_lists_published(world: World, issuer: GenericIssuer) -> None:
    for entry in issuer.issue()["credentialStatus"]:
        assert world.server.published(entry["statusListCredential"]).status_code == 200


def test_a_credential_in_a_jwt_comes_in_an_envelope(world: World) -> None:
    issuer = generic_issuer(world, cryptosuite="vc-jwt-ed25519")
    secured = issuer.issue()
    assert secured["type"] == "EnvelopedVerifiableCredential"
    assert secured["id"].startswith("data:application/vc+jwt,eyJ")
    assert issuer.verifies(secured).json()["verified"] is True


def test_a_credential_with_very_much_to_say_is_secured_and_verified(
    issuer: GenericIssuer,
) -> None:
    subjects = [{"id": f"urn:example:{number}", "name": "Anna"} for number in range(1_200)]
    secured = issuer.issue(credentialSubject=subjects)
    assert issuer.verifies(secured).json()["verified"] is True


def test_the_same_idempotency_key_gets_the_first_answer(issuer: GenericIssuer) -> None:
    body = {"credential": issuer.credential()}
    path, headers = f"{issuer.base}/credentials/issue", {"Idempotency-Key": "vc-api-1"}
    first, second = (issuer.client.post(path, json=body, headers=headers) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "Nothing"}, "type"),
        ({"credentialSubject": {}}, "credentialSubject"),
        ({"validUntil": "2025-01-01T00:00:00Z"}, "validUntil"),
        ({"id": "not a url"}, "id"),
        ({"issuer": "did:example:another"}, "credential.issuer"),
    ],
)
def test_what_is_no_credential_is_answered_with_400_and_the_field(
    issuer: GenericIssuer, change: Json, field: str
) -> None:
    answer = issuer.issues(issuer.credential(**change))
    assert answer.status_code == 400, answer.text
    assert field in faults(answer), answer.text
    assert all(fault["reason"] for fault in answer.json()["errors"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "credential"),
        ({"credential": []}, "credential"),
        ({"credential": {}, "surplus": 1}, "surplus"),
        ({"credential": {}, "options": []}, "options"),
        ({"credential": {}, "options": {"credentialId": 1}}, "options.credentialId"),
        ({"credential": {}, "options": {"mandatoryPointers": ["/a"]}}, "options.mandatoryPointers"),
    ],
)
def test_what_is_no_request_is_answered_with_400_and_the_field(
    issuer: GenericIssuer, body: Json, field: str
) -> None:
    answer = issuer.client.post(f"{issuer.base}/credentials/issue", json=body)
    assert (answer.status_code, faults(answer)) == (400, {field})


def test_an_unknown_option_is_an_error_with_the_type_of_the_specification(
    issuer: GenericIssuer,
) -> None:
    answer = issuer.issues(issuer.credential(), colour="red")
    [fault] = answer.json()["errors"]
    assert (answer.status_code, fault["field"]) == (400, "options.colour")
    assert fault["type"] == "https://www.w3.org/TR/vcalm#UNKNOWN_OPTION_PROVIDED"
    assert answer.json()["type"] == f"{PUBLIC_URL}/problems/unknown-option"


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b'{"credential": {}, "credential": {}}', "application/json", 400),
        (b'{"credential": NaN}', "application/json", 400),
        (b'{"credential": ' + b'{"a":' * 40 + b"1" + b"}" * 41, "application/json", 400),
        (b" " * 1_100_000, "application/json", 400),
        (b"{}", "text/plain", 415),
    ],
)
def test_a_body_that_is_not_strict_json_is_refused(
    issuer: GenericIssuer, content: bytes, media_type: str, status: int
) -> None:
    answer = issuer.client.post(
        f"{issuer.base}/credentials/issue",
        content=content,
        headers={"Content-Type": media_type},
    )
    assert answer.status_code == status


def test_json_ld_is_json(issuer: GenericIssuer) -> None:
    answer = issuer.client.post(
        f"{issuer.base}/credentials/issue",
        content=json.dumps({"credential": issuer.credential()}),
        headers={"Content-Type": "application/ld+json"},
    )
    assert answer.status_code == 201


def test_an_issuer_that_is_not_marked_is_told_what_to_do(world: World) -> None:
    plain = world.issuer()
    answer = plain.client.post(
        f"/issuers/{plain.issuer_id}/credentials/issue", json={"credential": {}}
    )
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/problems/generic-issuing-closed")
    assert answer.json()["remedy"]


def test_an_issuer_reaches_its_own_instance_alone(world: World, issuer: GenericIssuer) -> None:
    other = generic_issuer(world)
    for path in ("credentials/issue", "credentials/status", "status-lists"):
        mine = other.client.post(f"{issuer.base}/{path}", json=BODIES[path])
        nobodys = other.client.post(f"/issuers/{'0' * 36}/{path}", json=BODIES[path])
        assert mine.status_code == nobodys.status_code == 404, path
        assert mine.json()["detail"] == nobodys.json()["detail"]


BODIES: dict[str, Json] = {
    "credentials/issue": {"credential": {}},
    "credentials/status": {
        "credentialId": "a",
        "credentialStatus": {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"},
        "status": True,
    },
    "status-lists": {"statusPurpose": "revocation"},
}


@pytest.mark.parametrize("path", BODIES)
def test_only_issuers_issue(world: World, issuer: GenericIssuer, path: str) -> None:
    url = f"{issuer.base}/{path}"
    assert world.server.client().post(url, json=BODIES[path]).status_code == 401
    assert world.operator.post(url, json=BODIES[path]).status_code == 403
    assert world.auditor().post(url, json=BODIES[path]).status_code == 403


def test_only_operators_mark_issuers(world: World, issuer: GenericIssuer) -> None:
    path, body = (
        f"/v1/issuers/{issuer.issuer_id}/generic-issuing",
        {"cryptosuite": "eddsa-jcs-2022"},
    )
    assert issuer.client.put(path, json=body).status_code == 403
    unknown = world.operator.put(path, json={"cryptosuite": "rot13"})
    assert (unknown.status_code, unknown.json()["field"]) == (422, "cryptosuite")


def test_a_profile_without_purposes_adds_no_entries(world: World) -> None:
    issuer = generic_issuer(world)
    path = f"/v1/issuers/{issuer.issuer_id}/generic-issuing"
    body = {"cryptosuite": Mechanism.EDDSA_RDFC_2022, "purposes": []}
    world.operator.put(path, json=body).raise_for_status()
    assert "credentialStatus" not in issuer.issue()


def test_whoever_reads_the_list_after_the_answer_finds_the_status(
    world: World, issuer: GenericIssuer
) -> None:
    credential = issuer.issue()
    for status in (True, False):
        answer = issuer.set_status(credential, "suspension", status)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
        [entry] = [
            each for each in credential["credentialStatus"] if each["statusPurpose"] == "suspension"
        ]
        published = world.server.published(entry["statusListCredential"]).json()
        bits = bitstring.decode(published["credentialSubject"]["encodedList"])
        assert bitstring.value(bits, int(entry["statusListIndex"])) == status


def test_a_revoked_credential_stays_revoked(issuer: GenericIssuer) -> None:
    credential = issuer.issue()
    assert issuer.set_status(credential, "revocation", True).status_code == 200
    assert issuer.set_status(credential, "revocation", True).status_code == 200
    again = issuer.set_status(credential, "revocation", False)
    assert (again.status_code, again.json()["title"]) == (
        409,
        "A revoked credential stays revoked.",
    )


def test_a_credential_is_found_by_the_name_it_was_issued_under(issuer: GenericIssuer) -> None:
    credential = issuer.credential()
    del credential["id"]
    issuer.issues(credential, credentialId="row 7").raise_for_status()
    assert issuer.set_status({"id": "row 7"}, "revocation", True).status_code == 200
    assert issuer.set_status({"id": "row 8"}, "revocation", True).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": "true"}, "status"),
        ({"credentialId": ""}, "credentialId"),
        (
            {"credentialStatus": {"type": "Other", "statusPurpose": "revocation"}},
            "credentialStatus",
        ),
        (
            {"credentialStatus": {"type": "BitstringStatusListEntry", "statusPurpose": "x"}},
            "credentialStatus.statusPurpose",
        ),
        ({"more": 1}, "more"),
    ],
)
def test_a_malformed_status_request_is_answered_with_400(
    issuer: GenericIssuer, change: Json, field: str
) -> None:
    body = BODIES["credentials/status"] | change
    answer = issuer.client.post(f"{issuer.base}/credentials/status", json=body)
    assert (answer.status_code, faults(answer)) == (400, {field})


def test_a_status_list_is_published_when_it_is_answered(
    world: World, issuer: GenericIssuer
) -> None:
    answer = issuer.client.post(f"{issuer.base}/status-lists", json={"statusPurpose": "revocation"})
    assert answer.status_code == 201
    url = answer.json()["id"]
    assert answer.headers["Location"] == url
    assert world.server.published(url).json() == answer.json()["verifiableCredential"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"statusPurpose": "message"}, "statusPurpose"),
        ({"statusPurpose": "revocation", "id": "https://a.example/1"}, "id"),
        ({"statusPurpose": "revocation", "options": {"size": 1}}, "options.size"),
        ({}, "statusPurpose"),
    ],
)
def test_a_status_list_that_cannot_be_opened_is_answered_with_400(
    issuer: GenericIssuer, body: Json, field: str
) -> None:
    answer = issuer.client.post(f"{issuer.base}/status-lists", json=body)
    assert (answer.status_code, faults(answer)) == (400, {field})


def test_the_list_of_jwts_is_answered_as_a_jwt(world: World) -> None:
    issuer = generic_issuer(world, cryptosuite="vc-jwt-ed25519")
    answer = issuer.client.post(f"{issuer.base}/status-lists", json={"statusPurpose": "revocation"})
    assert answer.json()["verifiableCredential"]["type"] == "EnvelopedVerifiableCredential"
