from datetime import timedelta

import pytest

from registry.formats import data_integrity, did
from registry.formats.data_integrity import Cryptosuite
from registry.verification.report import Outcome, Verdict
from tests.unit.verification.world import (
    CREATED,
    Document,
    Issuer,
    Key,
    Web,
    World,
    instant,
    only,
    unsigned,
)


def with_proof(credential: Document, **changes: object) -> Document:
    [proof] = credential["proof"]
    return {**credential, "proof": [{**proof, **changes}]}


@pytest.mark.parametrize("cryptosuite", list(Cryptosuite))
@pytest.mark.parametrize(
    "change",
    [
        {"validUntil": "2099-01-01T00:00:00Z"},
        {"id": "https://registry.example/credentials/2"},
        {"credentialSubject": {"id": "urn:other", "type": ["AchievementSubject"]}},
    ],
)
def test_a_tampered_credential_is_invalid(
    world: World, issuer: Issuer, cryptosuite: Cryptosuite, change: Document
) -> None:
    signed = issuer.sign(unsigned(issuer.did), cryptosuite=cryptosuite)
    report = world.verify({**signed, **change})
    assert report.verdict is Verdict.INVALID
    assert only(report, "proof").code == "wrong-signature"


@pytest.mark.parametrize("cryptosuite", list(Cryptosuite))
def test_taking_the_status_out_breaks_the_signature(
    world: World, issuer: Issuer, cryptosuite: Cryptosuite
) -> None:
    signed = issuer.sign(unsigned(issuer.did), cryptosuite=cryptosuite)
    del signed["credentialStatus"]
    assert world.verify(signed).verdict is Verdict.INVALID


def test_a_key_of_another_owner_is_invalid(world: World, web: Web, issuer: Issuer) -> None:
    stranger = Issuer(web, "stranger")
    report = world.verify(issuer.sign(unsigned(issuer.did), key=stranger.key))
    assert report.verdict is Verdict.INVALID
    assert only(report, "proof").code == "key-not-the-issuers"
    assert stranger.document_url not in web.asked


def test_a_signature_by_another_key_under_the_issuers_name_is_invalid(
    world: World, issuer: Issuer
) -> None:
    forged = issuer.sign(unsigned(issuer.did), key=Key(issuer.did))
    relabelled = with_proof(forged, verificationMethod=issuer.key.verification_method)
    assert only(world.verify(relabelled), "proof").code == "wrong-signature"


def test_a_key_that_is_not_for_assertions_is_invalid(world: World, issuer: Issuer) -> None:
    document = did.did_document(issuer.did, assertion_keys=[issuer.key.multibase])
    issuer.publish_document({**document, "assertionMethod": [], "authentication": [document["id"]]})
    report = world.verify(issuer.credential())
    assert report.verdict is Verdict.INVALID
    assert only(report, "proof").code == "key-not-authorised"


def test_a_key_taken_out_of_the_did_document_no_longer_counts(world: World, issuer: Issuer) -> None:
    credential = issuer.credential()
    issuer.publish_keys(Key(issuer.did))
    assert only(world.verify(credential), "proof").code == "key-not-authorised"


def test_a_retired_key_still_in_the_did_document_counts(world: World, issuer: Issuer) -> None:
    credential = issuer.credential(credentialStatus=None)
    issuer.publish_keys(Key(issuer.did), issuer.key)
    assert world.verify(credential).verdict is Verdict.VALID


def test_a_key_of_a_type_that_is_not_supported_is_unknown(world: World, issuer: Issuer) -> None:
    document = did.did_document(issuer.did, assertion_keys=[issuer.key.multibase])
    document["verificationMethod"][0]["type"] = "JsonWebKey"
    issuer.publish_document(document)
    report = world.verify(issuer.credential())
    assert report.verdict is Verdict.UNKNOWN
    assert only(report, "proof").code == "key-type-not-supported"


@pytest.mark.parametrize(
    ("changes", "outcome", "code"),
    [
        ({"type": "Ed25519Signature2020"}, Outcome.UNKNOWN, "proof-type-not-supported"),
        ({"cryptosuite": "bbs-2023"}, Outcome.UNKNOWN, "cryptosuite-not-supported"),
        ({"cryptosuite": ["eddsa-rdfc-2022"]}, Outcome.UNKNOWN, "cryptosuite-not-supported"),
        ({"previousProof": "urn:a"}, Outcome.UNKNOWN, "proof-chain-not-supported"),
        ({"proofPurpose": "authentication"}, Outcome.FAILED, "wrong-proof-purpose"),
        ({"verificationMethod": None}, Outcome.FAILED, "key-not-named"),
        ({"verificationMethod": {"id": "did:web:a#k"}}, Outcome.FAILED, "key-not-named"),
        ({"created": "yesterday"}, Outcome.FAILED, "malformed-proof"),
        ({"expires": "2026-11-22"}, Outcome.FAILED, "malformed-proof"),
        ({"created": "2026-11-22T17:00:01Z"}, Outcome.FAILED, "wrong-signature"),
        ({"proofValue": "z"}, Outcome.FAILED, "wrong-signature"),
        ({"proofValue": 1}, Outcome.FAILED, "wrong-signature"),
        ({"cryptosuite": "eddsa-jcs-2022"}, Outcome.FAILED, "wrong-signature"),
    ],
)
def test_a_proof_that_is_changed_says_what_is_wrong(
    world: World, issuer: Issuer, changes: Document, outcome: Outcome, code: str
) -> None:
    check = only(world.verify(with_proof(issuer.credential(), **changes)), "proof")
    assert (check.outcome, check.code) == (outcome, code)


def test_a_proof_that_has_expired_makes_the_credential_expired(
    world: World, issuer: Issuer
) -> None:
    document = unsigned(issuer.did, credentialStatus=None)
    options = data_integrity.proof_options(
        Cryptosuite.EDDSA_RDFC_2022,
        verification_method=issuer.key.verification_method,
        created=CREATED,
    )
    options["expires"] = instant(timedelta(minutes=-2))
    signature = issuer.key.sign(data_integrity.hash_data(document, options))
    signed = data_integrity.attach(document, options, signature=signature)
    assert world.verify(signed).verdict is Verdict.EXPIRED


def test_every_proof_must_be_right(world: World, issuer: Issuer) -> None:
    second = Key(issuer.did)
    issuer.publish_keys(issuer.key, second)
    one = issuer.sign(unsigned(issuer.did))
    two = issuer.sign(unsigned(issuer.did), key=second)
    both = {**one, "proof": [*one["proof"], *two["proof"]]}
    assert world.verify(both).verdict is Verdict.VALID
    both["proof"][1] = {**both["proof"][1], "proofValue": one["proof"][0]["proofValue"]}
    assert world.verify(both).verdict is Verdict.INVALID


def test_a_proof_beside_one_of_an_unknown_suite_is_unknown(world: World, issuer: Issuer) -> None:
    signed = issuer.credential()
    [proof] = signed["proof"]
    signed["proof"] = [proof, {**proof, "cryptosuite": "bbs-2023"}]
    assert world.verify(signed).verdict is Verdict.UNKNOWN


def test_the_same_proof_twice_is_invalid(world: World, issuer: Issuer) -> None:
    signed = issuer.credential()
    report = world.verify({**signed, "proof": signed["proof"] * 2})
    assert only(report, "proof").code == "duplicate-proof"
    assert report.verdict is Verdict.INVALID


def test_more_proofs_than_are_checked_is_unknown(world: World, issuer: Issuer) -> None:
    signed = issuer.credential()
    [proof] = signed["proof"]
    signed["proof"] = [{**proof, "created": f"2026-11-22T17:00:0{n}Z"} for n in range(9)]
    assert only(world.verify(signed), "proof").code == "too-many-proofs"


@pytest.mark.parametrize("cryptosuite", list(Cryptosuite))
def test_a_word_that_no_context_defines_is_invalid(
    world: World, issuer: Issuer, cryptosuite: Cryptosuite
) -> None:
    signed = issuer.sign(unsigned(issuer.did), cryptosuite=cryptosuite)
    signed["credentialSubject"]["favouriteHive"] = "seven"
    report = world.verify(signed)
    assert only(report, "proof").code == "undefined-term"
    assert "favouriteHive" in only(report, "proof").sentence
    assert report.verdict is Verdict.INVALID


def test_a_document_without_a_canonical_form_is_unknown(world: World, issuer: Issuer) -> None:
    signed = issuer.credential()
    signed["credentialSubject"]["achievement"]["name"] = "bell \x07"
    report = world.verify(signed)
    assert only(report, "proof").code == "not-canonicalisable"
    assert report.verdict is Verdict.UNKNOWN
