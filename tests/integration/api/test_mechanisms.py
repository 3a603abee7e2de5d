"""Key types and securing mechanisms over HTTP."""

from typing import Any

import httpx
import pytest

from registry.domain.securing import KeyType, Mechanism
from tests.integration.api.world import COMPLETE, Issuer, World
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def issuer(world: World) -> Issuer:
    """An issuer with a key of every type."""
    issuer = world.issuer()
    for key_type in KeyType:
        add_key(world, issuer, {"type": key_type.value}).raise_for_status()
    return issuer


def add_key(world: World, issuer: Issuer, body: dict[str, str]) -> httpx.Response:
    return world.operator.post(f"/v1/issuers/{issuer.issuer_id}/keys", json=body)


def issue(issuer: Issuer, mechanism: Mechanism) -> httpx.Response:
    body = {"definition": COMPLETE, "cryptosuite": mechanism.value}
    made = issuer.client.post("/v1/achievements", json=body).raise_for_status().json()
    assert made["cryptosuite"] == mechanism.value
    order = issuer.order() | {"achievement_id": made["achievement_id"]}
    return issuer.client.post("/v1/credentials", json=order)


def stored(issuer: Issuer, answer: httpx.Response) -> httpx.Response:
    return issuer.client.get(answer.headers["Location"] + "/document")


@pytest.mark.parametrize("mechanism", [each for each in Mechanism if not each.is_jwt])
def test_json_badge_is_answered_as_it_is_kept(issuer: Issuer, mechanism: Mechanism) -> None:
    answer = issue(issuer, mechanism)
    assert answer.status_code == 201, answer.text
    kept = stored(issuer, answer)
    assert kept.headers["Content-Type"] == "application/vc"
    assert kept.json() == answer.json()["document"]


@pytest.mark.parametrize(
    ("mechanism", "media_type"),
    [
        (Mechanism.VC_JWT_ED25519, "application/vc+jwt"),
        (Mechanism.VC_JWT_ES256, "application/vc+jwt"),
        (Mechanism.VC_JWT_ES384, "application/vc+jwt"),
        (Mechanism.OB_JWT_ES256, "application/jwt"),
        (Mechanism.OB_JWT_RS256, "application/jwt"),
    ],
)
def test_token_is_answered_in_an_envelope_and_kept_bare(
    issuer: Issuer, mechanism: Mechanism, media_type: str
) -> None:
    answer = issue(issuer, mechanism)
    assert answer.status_code == 201, answer.text
    envelope: dict[str, Any] = answer.json()["document"]
    kept = stored(issuer, answer)
    assert kept.headers["Content-Type"] == media_type
    assert envelope["type"] == "EnvelopedVerifiableCredential"
    assert envelope["id"] == f"data:{media_type},{kept.text}"


def test_key_is_ed25519_unless_said(world: World, issuer: Issuer) -> None:
    answers = [
        world.operator.post(f"/v1/issuers/{issuer.issuer_id}/keys"),
        add_key(world, issuer, {}),
    ]
    assert [answer.json()["key"][:4] for answer in answers] == ["z6Mk", "z6Mk"]


def test_key_of_an_unknown_type_is_refused(world: World, issuer: Issuer) -> None:
    assert add_key(world, issuer, {"type": "P-521"}).status_code == 422


def test_issuers_keys_say_their_type(issuer: Issuer) -> None:
    keys = issuer.client.get("/v1/issuer").json()["keys"]
    assert {key["type"] for key in keys} == {each.value for each in KeyType}


def test_achievement_without_a_key_that_fits_says_what_to_do(world: World) -> None:
    body = {"definition": COMPLETE, "cryptosuite": "vc-jwt-es256"}
    answer = world.issuer().client.post("/v1/achievements", json=body)
    assert answer.status_code == 409
    assert answer.json()["remedy"] == "an operator adds a key of type P-256"


def test_issuer_that_is_its_key_is_registered_with_one_of_any_type(world: World) -> None:
    body = {
        "name": {"pl": "Uczelnia", "en": "University"},
        "country": "PL",
        "url": "https://uczelnia.example",
        "did_method": "key",
        "key_type": "P-384",
    }
    issuer = world.operator.post("/v1/issuers", json=body).raise_for_status().json()
    assert issuer["did"].startswith("did:key:z82")
    assert [key["type"] for key in issuer["keys"]] == ["P-384"]


def test_credential_that_was_sent_has_no_achievement_to_be_issued_again(world: World) -> None:
    issuer = world.issuer()
    terms = {"cryptosuite": "eddsa-jcs-2022"}
    world.operator.put(
        f"/v1/issuers/{issuer.issuer_id}/generic-issuing", json=terms
    ).raise_for_status()
    credential = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"name": "Żaneta"},
    }
    path = f"/issuers/{issuer.issuer_id}/credentials/issue"
    issuer.client.post(path, json={"credential": credential}).raise_for_status()
    wait_until(lambda: issuer.count() == 1)
    [found] = issuer.client.get("/v1/credentials").json()["items"]
    assert (found["achievement_id"], found["achievement_version"]) == (None, None)
    assert [entry["purpose"] for entry in found["status_lists"]] == ["revocation", "suspension"]

    path = f"/v1/credentials/{found['credential_id']}/supersede"
    body: dict[str, Any] = {"learner": {"email": "learner@student.example"}}
    refused = issuer.client.post(path, json=body)
    assert (refused.status_code, refused.json()["field"]) == (422, "achievement_id")
    body["achievement_id"] = issuer.achievement_id
    assert issuer.client.post(path, json=body).status_code == 201
