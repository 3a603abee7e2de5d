"""A credential's life as its issuer, a verifier and an auditor see it over HTTP."""

from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.formats.did import did_document, did_key
from registry.formats.multibase import b64url_encode
from registry.formats.multikey import encode_public_key
from tests.integration.api.world import PUBLIC_URL, World
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)


def test_a_credential_lives_its_life_and_verifiers_and_auditors_see_it(either_world: World) -> None:
    issuer, auditor = either_world.issuer(), either_world.auditor()
    answer = issuer.client.post("/v1/credentials", json=issuer.order(grade="5.0"))
    assert answer.status_code == 201, answer.text
    credential, document = answer.json()["credential"], answer.json()["document"]
    path = answer.headers["Location"]
    assert answer.headers["ETag"] == '"1"'
    assert credential["status"] == "active"
    assert document["credentialStatus"][0]["id"].startswith(f"{PUBLIC_URL}/status-lists/")
    wait_until(lambda: issuer.bit(credential, "revocation") == 0)

    suspended = issuer.change(credential, "suspend", note="do wyjaśnienia")
    assert (suspended.status_code, suspended.json()["status"]) == (200, "suspended")
    wait_until(lambda: issuer.bit(credential, "suspension") == 1)
    assert issuer.change(credential, "reinstate").json()["status"] == "active"
    wait_until(lambda: issuer.bit(credential, "suspension") == 0)

    new = issuer.client.post(
        f"{path}/supersede", json={"learner": {"email": "learner@student.example"}}
    )
    assert new.status_code == 201, new.text
    replacement = new.json()["credential"]
    assert replacement["supersedes"] == credential["credential_id"]
    assert replacement["subject_ref"] == credential["subject_ref"]
    wait_until(lambda: issuer.bit(credential, "revocation") == 1)
    assert issuer.bit(credential, "suspension") == 0
    old = issuer.client.get(path)
    assert old.json()["superseded_by"] == replacement["credential_id"]
    assert old.headers["ETag"] == f'"{old.json()["version"]}"' == '"4"'

    stored = issuer.client.get(f"{path}/document")
    assert stored.headers["Content-Type"] == "application/vc"
    assert stored.json() == document
    assert_auditors_see_it(auditor, path)


def assert_auditors_see_it(auditor: httpx.Client, path: str) -> None:
    wait_until(lambda: len(auditor.get(f"{path}/timeline").json()["items"]) == 4)
    entries = auditor.get(f"{path}/timeline").json()["items"]
    assert [entry["event"] for entry in entries] == [
        "credential-issued-v1",
        "credential-suspended-v1",
        "credential-reinstated-v1",
        "credential-revoked-v1",
    ]
    assert [entry["reason"] for entry in entries] == [None, "other", "other", "superseded"]
    events = auditor.get("/v1/events", params={"limit": 2}).json()
    assert [event["position"] for event in events["items"]] == [1, 2]
    following = auditor.get("/v1/events", params={"after": events["next"], "limit": 1000}).json()
    assert following["next"] is None
    assert following["items"][0]["position"] > 2


def test_a_wallet_proves_its_did_and_is_named_by_it(either_world: World) -> None:
    issuer, wallet = either_world.issuer(), Ed25519PrivateKey.generate()
    did = did_key(encode_public_key(wallet.public_key()))
    challenge = issuer.client.post("/v1/subject-challenges").json()["challenge"]

    def learner(signed: str) -> dict[str, Any]:
        signature = b64url_encode(wallet.sign(signed.encode()))
        return {"did": did, "proof": {"challenge": challenge, "signature": signature}}

    order = issuer.order() | {"learner": learner(challenge)}
    issued = issuer.client.post("/v1/credentials", json=order)
    assert issued.status_code == 201, issued.text
    assert issued.json()["document"]["credentialSubject"]["id"] == did
    reference = issuer.client.post("/v1/subjects/lookup", json={"learner": order["learner"]})
    assert reference.json()["subject_ref"] == issued.json()["credential"]["subject_ref"]
    for client, given in ((issuer.client, learner("other")), (either_world.issuer().client, order)):
        body = order | {"learner": given.get("learner", given)}
        refused = client.post("/v1/credentials", json=body)
        assert refused.status_code == 422
        assert refused.json()["type"].endswith("/problems/possession-not-proved")


def test_pages_of_a_search_neither_repeat_nor_skip(either_world: World) -> None:
    issuer = either_world.issuer()
    rows = "".join(f"p{number}@student.example\n" for number in range(25))
    answer = issuer.imports(f"email\n{rows}".encode())
    assert answer.status_code == 201, answer.text
    imported = [row["credential_id"] for row in answer.json()["credentials"]]
    revoked = issuer.client.get(f"/v1/credentials/{imported[3]}").json()
    assert issuer.change(revoked, "revoke").status_code == 200
    assert issuer.count() == 25

    found, cursor = [], None
    while True:
        query = "limit=10&status=active" + (f"&cursor={cursor}" if cursor else "")
        page = issuer.client.get("/v1/credentials", params=query).json()
        found += [item["credential_id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == [each for each in reversed(imported) if each != imported[3]]

    at = revoked["issued_at"]
    before = issuer.client.get("/v1/credentials", params={"issued_until": at}).json()["items"]
    since = issuer.client.get("/v1/credentials", params={"issued_from": at}).json()["items"]
    assert (len(before), len(since)) == (3, 22)
    one = {"subject_ref": revoked["subject_ref"]}
    assert len(issuer.client.get("/v1/credentials", params=one).json()["items"]) == 1


def test_everybody_reads_definitions_and_the_keys_in_did_documents(either_world: World) -> None:
    issuer = either_world.issuer()
    operator, issuer_path = either_world.operator, f"/v1/issuers/{issuer.issuer_id}"
    first = operator.get(issuer_path).json()["keys"][0]["key"]
    second = operator.post(f"{issuer_path}/keys").json()["key"]
    retired = operator.post(f"{issuer_path}/keys/{first}/retire").json()
    assert [key["signs"] for key in retired["keys"]] == [False, True]
    did_url = f"{PUBLIC_URL}/issuers/{issuer.issuer_id}/did.json"
    wait_until(
        lambda: (
            either_world.server.published(did_url).status_code == 200
            and second in either_world.server.published(did_url).text
        )
    )
    document = either_world.server.published(did_url).json()
    expected = did_document(retired["did"], assertion_keys=[first, second])
    assert document["assertionMethod"] == expected["assertionMethod"]

    path = f"/achievements/{issuer.achievement_id}"
    revision = {"definition": {"title": {"pl": "Nowy", "en": "New"}}}
    revised = issuer.client.put(f"/v1{path}", json=revision, headers={"If-Match": '"1"'})
    assert revised.json()["missing"]
    public = either_world.server.client().get(path).json()
    assert public["id"] == f"{PUBLIC_URL}{path}"
    assert [version["version"] for version in public["versions"]] == [1, 2]
    assert issuer.client.post(f"/v1{path}/withdraw").json()["withdrawn"] is True
    assert issuer.client.post("/v1/credentials", json=issuer.order()).status_code == 409
