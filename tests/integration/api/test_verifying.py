"""The VC API's verifying part: what is answered about what is valid, and what is not."""

import copy
from typing import Any

import pytest

from tests.integration.api.vc_api import GenericIssuer, Holder, Json, generic_issuer
from tests.integration.api.world import World

ASKED = {"challenge": "c-1", "domain": "verifier.example"}


@pytest.fixture(scope="module")
def issuer(world: World) -> GenericIssuer:
    return generic_issuer(world)


@pytest.fixture(scope="module")
def credential(issuer: GenericIssuer) -> Json:
    return issuer.issue()


def changed(credential: Json) -> Json:
    other = copy.deepcopy(credential)
    other["credentialSubject"]["id"] = "did:example:somebody"
    return other


def test_own_credentials_and_lists_are_verified_without_the_network(
    issuer: GenericIssuer, credential: Json
) -> None:
    # The registry's public URL is one that no resolver knows.
    answer = issuer.verifies(credential)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"verified": True, "verdict": "valid", "problemDetails": []}


def test_a_changed_credential_is_answered_with_400_and_what_is_wrong(
    issuer: GenericIssuer, credential: Json
) -> None:
    answer = issuer.verifies(changed(credential))
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (body["verified"], body["verdict"], body["status"]) == (False, "invalid", 400)
    [problem] = [each for each in body["problemDetails"] if each["code"] == "wrong-signature"]
    assert problem["type"].endswith("#" + problem["title"])
    assert problem["detail"] == (
        "The document was changed after it was signed, or was signed with another key."
    )


def test_details_are_in_the_readers_language(issuer: GenericIssuer, credential: Json) -> None:
    body = {"verifiableCredential": changed(credential)}
    headers = {"Accept-Language": "pl-PL, en;q=0.5"}
    answer = issuer.client.post("/credentials/verify", json=body, headers=headers).json()
    assert any("podpis" in each["detail"].lower() for each in answer["problemDetails"])


def test_a_revoked_credential_is_not_verified_as_soon_as_that_is_answered(
    issuer: GenericIssuer,
) -> None:
    credential = issuer.issue()
    assert issuer.verifies(credential).json()["verified"] is True
    issuer.set_status(credential, "suspension", True).raise_for_status()
    assert issuer.verifies(credential).json()["verdict"] == "suspended"
    issuer.set_status(credential, "revocation", True).raise_for_status()
    answer = issuer.verifies(credential)
    assert (answer.status_code, answer.json()["verdict"]) == (400, "revoked")


def test_each_status_entry_has_its_own_result_though_both_have_one_index(
    issuer: GenericIssuer,
) -> None:
    credential = issuer.issue()
    issuer.set_status(credential, "suspension", True).raise_for_status()
    results = issuer.verifies(credential, returnResults=True).json()["results"]
    verified = {
        each["input"]["statusPurpose"]: each["verified"] for each in results["credentialStatus"]
    }
    assert verified == {"revocation": True, "suspension": False}


def test_an_expired_credential_can_be_issued_and_is_not_verified(issuer: GenericIssuer) -> None:
    credential = issuer.issue(validUntil="2026-01-02T00:00:00Z")
    answer = issuer.verifies(credential, returnResults=True)
    assert (answer.status_code, answer.json()["verdict"]) == (400, "expired")
    results = answer.json()["results"]
    assert results["validFrom"] == {"verified": True, "input": "2026-01-01T00:00:00Z"}
    assert results["validUntil"] == {"verified": False, "input": "2026-01-02T00:00:00Z"}
    assert [proof["verified"] for proof in results["proof"]] == [True]


def test_what_cannot_be_told_is_not_verified(issuer: GenericIssuer) -> None:
    foreign = issuer.credential(issuer="did:example:nobody") | {
        "proof": {
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-rdfc-2022",
            "verificationMethod": "did:example:nobody#1",
            "proofPurpose": "assertionMethod",
            "proofValue": "z" + "1" * 80,
        }
    }
    answer = issuer.verifies(foreign)
    assert (answer.status_code, answer.json()["verified"]) == (400, False)
    assert answer.json()["verdict"] == "unknown"


def test_options_choose_what_is_answered(issuer: GenericIssuer, credential: Json) -> None:
    bare = issuer.verifies(credential, returnProblemDetails=False).json()
    assert bare == {"verified": True, "verdict": "valid"}
    full = issuer.verifies(credential, returnCredential=True, returnResults=True).json()
    assert full["credential"] == credential
    assert [each["verified"] for each in full["results"]["credentialStatus"]] == [True, True]
    # Clients of earlier versions say what to check; everything is checked all the same.
    assert issuer.verifies(changed(credential), checks=[]).json()["verified"] is False


def test_an_unknown_option_is_an_error(issuer: GenericIssuer, credential: Json) -> None:
    answer = issuer.verifies(credential, trustEverybody=True)
    assert (answer.status_code, answer.json()["field"]) == (400, "options.trustEverybody")
    assert "verified" not in answer.json()


@pytest.mark.parametrize("given", ["", "a.b.c", "eyJ.eyJ.eyJ", {}, {"proof": []}])
def test_what_is_no_credential_is_never_verified(issuer: GenericIssuer, given: Any) -> None:
    answer = issuer.verifies(given)
    assert (answer.status_code, answer.json()["verified"]) == (400, False)
    assert answer.json()["problemDetails"]


@pytest.mark.parametrize("field", ["credentialStatus", "credentialSchema", "proof", "validUntil"])
@pytest.mark.parametrize("value", [None, 0, "", "x", [], [[]], [None, {}], {"@id": -1}])
def test_results_are_told_of_parts_of_any_shape(
    issuer: GenericIssuer, credential: Json, field: str, value: Any
) -> None:
    answer = issuer.verifies(credential | {field: value}, returnResults=True)
    assert (answer.status_code, answer.json()["verified"]) == (400, False), answer.text


@pytest.mark.parametrize("body", [{}, {"verifiableCredential": 1}, {"verifiableCredential": None}])
def test_what_is_no_request_is_answered_with_400(issuer: GenericIssuer, body: Json) -> None:
    for path in ("/credentials/verify", "/presentations/verify"):
        answer = issuer.client.post(path, json=body)
        assert (answer.status_code, "verified" in answer.json()) == (400, False)


def test_holders_of_any_key_verify_and_strangers_do_not(world: World, credential: Json) -> None:
    body = {"verifiableCredential": credential}
    for client in (world.operator, world.auditor()):
        assert client.post("/credentials/verify", json=body).status_code == 200
    for path in ("/credentials/verify", "/presentations/verify"):
        assert world.server.client().post(path, json=body).status_code == 401


def test_a_presentation_is_verified_for_its_challenge_and_domain(
    issuer: GenericIssuer, credential: Json
) -> None:
    holder = Holder.new()
    presentation = holder.presentation(credential, **ASKED)
    answer = issuer.verifies_presentation(presentation, **ASKED, returnResults=True)
    assert (answer.status_code, answer.json()["verified"]) == (200, True), answer.text
    results = answer.json()["results"]
    assert results["presentation"]["challenge"] == {"verified": True, "input": "c-1"}
    assert results["presentation"]["holder"] == {"verified": True, "input": holder.did}
    assert [each["verified"] for each in results["presentation"]["proof"]] == [True]
    assert [each["verified"] for each in results["credentials"]] == [True]


@pytest.mark.parametrize("wrong", [{"challenge": "c-2"}, {"domain": "other.example"}])
def test_a_presentation_for_another_occasion_is_not_verified(
    issuer: GenericIssuer, credential: Json, wrong: Json
) -> None:
    presentation = Holder.new().presentation(credential, **ASKED)
    answer = issuer.verifies_presentation(presentation, **(ASKED | wrong), returnResults=True)
    assert (answer.status_code, answer.json()["verified"]) == (400, False)
    [name] = wrong
    assert answer.json()["results"]["presentation"][name]["verified"] is False


def test_a_presentation_by_another_than_its_holder_is_not_verified(
    issuer: GenericIssuer, credential: Json
) -> None:
    presentation = Holder.new().presentation(credential, **ASKED)
    presentation["holder"] = Holder.new().did
    answer = issuer.verifies_presentation(presentation, **ASKED)
    assert (answer.status_code, answer.json()["verified"]) == (400, False)


def test_one_bad_credential_makes_a_presentation_bad(
    issuer: GenericIssuer, credential: Json
) -> None:
    presentation = Holder.new().presentation(credential, changed(credential), **ASKED)
    answer = issuer.verifies_presentation(presentation, **ASKED, returnResults=True)
    assert (answer.status_code, answer.json()["verified"]) == (400, False)
    credentials = answer.json()["results"]["credentials"]
    assert [each["verified"] for each in credentials] == [True, False]
    assert any(each["code"] == "wrong-signature" for each in answer.json()["problemDetails"])


def test_a_presentation_nobody_signed_is_not_verified(
    issuer: GenericIssuer, credential: Json
) -> None:
    presentation = Holder.new().presentation(credential)
    del presentation["proof"]
    answer = issuer.client.post("/presentations/verify", json={"presentation": presentation})
    assert (answer.status_code, answer.json()["verified"]) == (400, False)


def test_a_malformed_presentation_is_answered_with_400(issuer: GenericIssuer) -> None:
    answer = issuer.verifies_presentation({"type": "VerifiablePresentation"})
    assert (answer.status_code, answer.json()["verified"]) == (400, False)
