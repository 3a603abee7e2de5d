import copy
from collections.abc import Collection
from datetime import timedelta
from hashlib import sha256

import pytest

from registry.domain.securing import Mechanism
from registry.formats import canonical, data_integrity, did, ed25519_signature_2020
from registry.formats.data_integrity import Cryptosuite
from registry.formats.multibase import b58_encode
from registry.formats.rdf import Quad
from registry.verification.report import Outcome, Verdict
from registry.verification.verify import Verifier
from tests.unit.verification.world import (
    CREATED,
    DATA_INTEGRITY,
    NOW,
    Document,
    Issuer,
    Key,
    Web,
    World,
    as_bytes,
    instant,
    only,
    unsigned,
)


def with_proof(credential: Document, **changes: object) -> Document:
    [proof] = credential["proof"]
    return {**credential, "proof": [{**proof, **changes}]}


@pytest.mark.parametrize("mechanism", DATA_INTEGRITY)
@pytest.mark.parametrize(
    "change",
    [
        {"validUntil": "2099-01-01T00:00:00Z"},
        {"id": "https://registry.example/credentials/2"},
        {"credentialSubject": {"id": "urn:other", "type": ["AchievementSubject"]}},
    ],
)
def test_a_tampered_credential_is_invalid(
    world: World, issuer: Issuer, mechanism: Mechanism, change: Document
) -> None:
    signed = issuer.issue_json(unsigned(issuer.did), mechanism)
    report = world.verify({**signed, **change})
    assert report.verdict is Verdict.INVALID
    assert only(report, "proof").code == "wrong-signature"


@pytest.mark.parametrize("mechanism", DATA_INTEGRITY)
def test_taking_the_status_out_breaks_the_signature(
    world: World, issuer: Issuer, mechanism: Mechanism
) -> None:
    signed = issuer.issue_json(unsigned(issuer.did), mechanism)
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
    document["verificationMethod"][0]["type"] = "RsaVerificationKey2018"
    issuer.publish_document(document)
    report = world.verify(issuer.credential())
    assert report.verdict is Verdict.UNKNOWN
    assert only(report, "proof").code == "key-type-not-supported"


@pytest.mark.parametrize("embedded", [False, True])
def test_a_key_that_is_not_supported_is_called_by_its_type(
    world: World, issuer: Issuer, embedded: bool
) -> None:
    document = did.did_document(issuer.did, assertion_keys=[issuer.key.multibase])
    method = document["verificationMethod"][0]
    method["publicKeyMultibase"] = "z" + b58_encode(b"\xe7\x01" + bytes(33))
    if embedded:
        document |= {"verificationMethod": [], "assertionMethod": [method]}
    issuer.publish_document(document)
    assert '"secp256k1"' in only(world.verify(issuer.credential()), "proof").sentence.en


@pytest.mark.parametrize(
    ("changes", "outcome", "code"),
    [
        ({"type": "RsaSignature2018"}, Outcome.UNKNOWN, "proof-type-not-supported"),
        ({"cryptosuite": "bbs-2023"}, Outcome.UNKNOWN, "cryptosuite-not-supported"),
        ({"cryptosuite": ["eddsa-rdfc-2022"]}, Outcome.UNKNOWN, "cryptosuite-not-supported"),
        ({"previousProof": "urn:a"}, Outcome.FAILED, "proof-chain-broken"),
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


@pytest.mark.parametrize("member", ["created", "expires"])
def test_a_time_that_cannot_be_read_is_named(world: World, issuer: Issuer, member: str) -> None:
    signed = with_proof(issuer.credential(), **{member: "tomorrow"})
    assert only(world.verify(signed), "proof").looked_at == f"proof.{member}"


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


@pytest.mark.parametrize("mechanism", DATA_INTEGRITY)
def test_a_word_that_no_context_defines_is_invalid(
    world: World, issuer: Issuer, mechanism: Mechanism
) -> None:
    signed = issuer.issue_json(unsigned(issuer.did), mechanism)
    signed["credentialSubject"]["favouriteHive"] = "seven"
    report = world.verify(signed)
    assert only(report, "proof").code == "undefined-term"
    assert "favouriteHive" in only(report, "proof").sentence.en
    assert report.verdict is Verdict.INVALID


def test_a_document_without_a_canonical_form_is_unknown(world: World, issuer: Issuer) -> None:
    signed = issuer.credential()
    signed["credentialSubject"]["achievement"]["name"] = None
    report = world.verify(signed)
    assert only(report, "proof").code == "not-canonicalisable"
    assert report.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("mechanism", DATA_INTEGRITY)
def test_every_proof_of_a_set_must_be_right_whatever_its_suite(
    world: World, issuer: Issuer, mechanism: Mechanism
) -> None:
    signed = issuer.issue_json(issuer.credential(), mechanism)
    assert len(signed["proof"]) == 2
    assert world.verify(signed).verdict is Verdict.VALID
    for position in (0, 1):
        tampered = copy.deepcopy(signed)
        tampered["proof"][position]["created"] = "2026-11-22T17:00:01Z"
        assert world.verify(tampered).verdict is Verdict.INVALID


def test_a_proof_by_the_wrong_kind_of_key_is_invalid(world: World, issuer: Issuer) -> None:
    signed = issuer.issue_json(unsigned(issuer.did), Mechanism.ECDSA_RDFC_2019_P384)
    method = issuer.key_for(Mechanism.ECDSA_RDFC_2019_P256).verification_method
    report = world.verify(with_proof(signed, verificationMethod=method))
    assert only(report, "proof").code == "wrong-signature"


# ------------------------------------------------------------------ chains


def chained(issuer: Issuer) -> Document:
    """Return a credential whose second proof builds on the first."""
    first = data_integrity.secure(
        unsigned(issuer.did),
        cryptosuite=Cryptosuite.EDDSA_RDFC_2022,
        signer=issuer.key,
        created=CREATED,
        proof_id=FIRST,
    )
    return data_integrity.secure(
        first,
        cryptosuite=Cryptosuite.EDDSA_RDFC_2022,
        signer=issuer.key,
        created=CREATED,
        previous_proof=FIRST,
    )


FIRST = "urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544"


def test_a_chain_of_proofs_is_verified(world: World, issuer: Issuer) -> None:
    report = world.verify(chained(issuer))
    assert report.verdict is Verdict.VALID
    assert [check.code for check in report.checks].count("signature-verified") == 2


def test_a_chain_that_lost_its_beginning_is_invalid(world: World, issuer: Issuer) -> None:
    signed = chained(issuer)
    signed["proof"] = signed["proof"][1:]
    report = world.verify(signed)
    assert only(report, "proof").code == "proof-chain-broken"
    assert report.verdict is Verdict.INVALID


def test_a_chain_with_two_beginnings_is_invalid(world: World, issuer: Issuer) -> None:
    signed = chained(issuer)
    first = signed["proof"][0]
    signed["proof"] = [first, {**first, "created": "2026-11-22T17:00:01Z"}, signed["proof"][1]]
    checks = [check for check in world.verify(signed).checks if check.name == "proof"]
    assert checks[-1].code == "proof-chain-broken"
    assert checks[-1].sentence.en.endswith("does not hold exactly once.")


def test_a_chain_whose_beginning_was_exchanged_is_invalid(world: World, issuer: Issuer) -> None:
    signed = chained(issuer)
    signed["proof"][0] = {**chained(issuer)["proof"][0], "created": "2026-11-22T17:00:01Z"}
    assert world.verify(signed).verdict is Verdict.INVALID


def test_a_chain_on_a_proof_of_an_unknown_suite_is_unknown(world: World, issuer: Issuer) -> None:
    foreign = {**issuer.credential()["proof"][0], "id": FIRST, "cryptosuite": "bbs-2023"}
    signed = data_integrity.secure(
        {**unsigned(issuer.did), "proof": [foreign]},
        cryptosuite=Cryptosuite.EDDSA_RDFC_2022,
        signer=issuer.key,
        created=CREATED,
        previous_proof=FIRST,
    )
    assert world.verify(signed).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("previous", [[], [FIRST, "urn:other"], 1, None])
def test_a_chain_that_leads_nowhere_is_invalid(
    world: World, issuer: Issuer, previous: object
) -> None:
    signed = chained(issuer)
    signed["proof"][1]["previousProof"] = previous
    assert world.verify(signed).verdict is Verdict.INVALID


# --------------------------------------------------- Ed25519Signature2020


def signed_2020(issuer: Issuer) -> Document:
    """Return a credential with the older proof, made without the code under test."""
    document = unsigned(issuer.did)
    document["@context"] = [*document["@context"], ed25519_signature_2020.CONTEXT]
    proof = {
        "type": "Ed25519Signature2020",
        "created": CREATED,
        "verificationMethod": issuer.key.verification_method,
        "proofPurpose": "assertionMethod",
    }
    parts = [{**proof, "@context": document["@context"]}, document]
    hashed = b"".join(sha256(canonical.rdfc(part)).digest() for part in parts)
    value = "z" + b58_encode(issuer.key.sign(hashed))
    return {**document, "proof": {**proof, "proofValue": value}}


def test_the_older_ed25519_proof_is_read(world: World, issuer: Issuer) -> None:
    assert world.verify(signed_2020(issuer)).verdict is Verdict.VALID


def test_the_older_ed25519_proof_still_protects(world: World, issuer: Issuer) -> None:
    signed = {**signed_2020(issuer), "validUntil": "2099-01-01T00:00:00Z"}
    assert only(world.verify(signed), "proof").code == "wrong-signature"


def test_the_older_proof_cannot_pass_for_one_over_the_text(world: World, issuer: Issuer) -> None:
    signed = signed_2020(issuer)
    signed["https://words.example/hidden"] = "x"
    signed["proof"]["cryptosuite"] = "eddsa-jcs-2022"
    assert only(world.verify(signed), "contexts").code == "not-compact"


def test_contexts_added_to_a_text_that_was_signed_are_unknown(world: World, issuer: Issuer) -> None:
    """The jcs suites let that pass, but what the added words mean was not signed."""
    signed = issuer.sign(unsigned(issuer.did), cryptosuite=Cryptosuite.EDDSA_JCS_2022)
    signed["@context"] = [*signed["@context"], {"hive": "https://words.example/hive"}]
    report = world.verify(signed)
    assert report.verdict is Verdict.UNKNOWN
    assert only(report, "proof").code == "contexts-added-since"


def test_a_credential_without_any_proof_is_invalid(world: World, web: Web, issuer: Issuer) -> None:
    report = world.verify(unsigned(issuer.did))
    assert only(report, "proof").code == "no-proof"
    assert report.verdict is Verdict.INVALID
    assert web.asked == []


def test_a_graph_made_to_be_slow_is_given_up(issuer: Issuer, web: Web) -> None:
    def too_slow(quads: Collection[Quad], *, digest: canonical.Digest = "sha256") -> bytes:
        raise canonical.CanonicalisationError(f"{len(quads)} statements for {digest}")

    verifier = Verifier(web, canonicalise=too_slow)
    report = verifier.verify(as_bytes(issuer.credential()), now=NOW)
    assert only(report, "proof").code == "not-canonicalisable"
    assert report.verdict is Verdict.UNKNOWN


def test_a_signed_badge_wrapped_in_another_document_lends_it_nothing(
    world: World, issuer: Issuer
) -> None:
    """Neither where the signature stays in the part it is of, nor where it is copied out."""
    badge = issuer.credential()
    wrapper = unsigned(issuer.did, id="https://registry.example/credentials/2", evidence=[badge])
    assert world.verify(wrapper).verdict is Verdict.INVALID
    assert world.verify({**wrapper, "proof": badge["proof"]}).verdict is Verdict.INVALID


def test_a_list_of_badges_is_no_badge(world: World, issuer: Issuer) -> None:
    assert world.verify(as_bytes([issuer.credential()])).verdict is Verdict.INVALID
