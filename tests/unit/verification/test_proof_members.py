"""A holder rewrites a proof so that its graph, and so its signature, stay the same."""

from datetime import timedelta
from typing import Any

import pytest

from registry.formats import canonical, contexts, data_integrity, ed25519_signature_2020
from registry.formats.cryptosuites import hashed
from registry.formats.data_integrity import ASSERTION, Cryptosuite, proof_options
from registry.formats.multibase import b58_encode
from registry.formats.proof_options import unnamed_members
from registry.verification.report import Verdict
from tests.unit.verification.test_vocabulary import definitions
from tests.unit.verification.world import (
    CREATED,
    REVOCATION_URL,
    Document,
    Issuer,
    World,
    as_bytes,
    instant,
    only,
    revocation_entry,
    unsigned,
)

MEMBERS = {
    "id",
    "type",
    "cryptosuite",
    "created",
    "expires",
    "verificationMethod",
    "proofPurpose",
    "proofValue",
    "domain",
    "challenge",
    "nonce",
    "previousProof",
}
DECISIVE = {
    "issuer",
    "validFrom",
    "validUntil",
    "issuanceDate",
    "expirationDate",
    "credentialStatus",
    "credentialSubject",
    "credentialSchema",
    "relatedResource",
    "holder",
    "verifiableCredential",
    "statusPurpose",
    "statusListIndex",
    "statusListCredential",
    "statusSize",
    "statusMessage",
    "encodedList",
    "ttl",
}
OLDER_CONTEXTS = ["https://w3id.org/security/v1", "https://w3id.org/security/v2"]
ENDED = instant(timedelta(minutes=-30))


def options_of(
    issuer: Issuer, *, suite: Cryptosuite = Cryptosuite.EDDSA_RDFC_2022, **times: str
) -> dict[str, Any]:
    method = issuer.key.verification_method
    return proof_options(suite, verification_method=method, **times)


def expired(issuer: Issuer, document: Document) -> Document:
    options = options_of(issuer, created=CREATED, expires=ENDED)
    return data_integrity.add_proof(document, options, signer=issuer.key)


def expired_older(issuer: Issuer) -> Document:
    """Return a badge with an Ed25519Signature2020 that is over."""
    document = unsigned(issuer.did)
    document["@context"] = [*document["@context"], ed25519_signature_2020.CONTEXT]
    proof = {
        "type": ed25519_signature_2020.TYPE,
        "created": CREATED,
        "expires": ENDED,
        "verificationMethod": issuer.key.verification_method,
        "proofPurpose": ASSERTION,
    }
    forms = (
        canonical.rdfc(part) for part in (proof | {"@context": document["@context"]}, document)
    )
    signed = hashed(*forms, key_type=issuer.key.key_type)
    value = "z" + b58_encode(issuer.key.sign(signed))
    return {**document, "proof": [{**proof, "proofValue": value}]}


def renamed(document: Document, context: str) -> Document:
    [proof] = document["proof"]
    changed: dict[str, Any] = {
        {"expires": "expiration"}.get(name, name): value for name, value in proof.items()
    }
    return {**document, "@context": [*document["@context"], context], "proof": [changed]}


@pytest.mark.parametrize("context", OLDER_CONTEXTS)
def test_the_end_of_a_proof_cannot_be_given_another_name(
    world: World, issuer: Issuer, context: str
) -> None:
    signed = expired(issuer, unsigned(issuer.did))
    assert world.verify(signed).verdict is Verdict.EXPIRED
    report = world.verify(renamed(signed, context))
    assert report.verdict is Verdict.UNKNOWN
    assert only(report, "proof").code == "proof-member-not-known"


@pytest.mark.parametrize("context", OLDER_CONTEXTS)
def test_nor_can_the_end_of_an_older_proof(world: World, issuer: Issuer, context: str) -> None:
    signed = expired_older(issuer)
    assert world.verify(signed).verdict is Verdict.EXPIRED
    report = world.verify(renamed(signed, context))
    assert only(report, "proof").code == "proof-member-not-known"


def test_the_end_of_a_lists_proof_cannot_be_given_another_name(
    world: World, issuer: Issuer
) -> None:
    signed = expired(issuer, issuer.unsigned_list(REVOCATION_URL))
    issuer.web.pages[REVOCATION_URL] = as_bytes(renamed(signed, OLDER_CONTEXTS[0]))
    report = world.verify(issuer.credential(credentialStatus=revocation_entry()))
    assert only(report, "status").code == "status-list-not-verified"


def test_no_proof_is_made_with_a_member_that_none_has(issuer: Issuer) -> None:
    options = options_of(issuer, created=CREATED) | {"expiration": ENDED}
    with pytest.raises(data_integrity.ProofError):
        data_integrity.add_proof(unsigned(issuer.did), options, signer=issuer.key)


def test_what_is_signed_as_text_may_say_more_of_a_proof(world: World, issuer: Issuer) -> None:
    options = options_of(issuer, suite=Cryptosuite.EDDSA_JCS_2022, created=CREATED)
    options["remark"] = "signed with the rest"
    signed = data_integrity.add_proof(unsigned(issuer.did), options, signer=issuer.key)
    assert world.verify(signed).verdict is Verdict.VALID


def test_a_credential_signed_in_the_future_is_unknown(world: World, issuer: Issuer) -> None:
    for ahead, verdict in ((60, Verdict.VALID), (61, Verdict.UNKNOWN)):
        options = options_of(issuer, created=instant(timedelta(seconds=ahead)))
        signed = data_integrity.add_proof(unsigned(issuer.did), options, signer=issuer.key)
        assert world.verify(signed).verdict is verdict


def test_no_bundled_context_gives_a_member_that_is_read_a_second_name_that_is_let_through() -> None:
    """Words of one IRI can be exchanged: a new context that breaks this must be looked at first."""
    named = [pair for url in contexts.BUNDLED for pair in definitions(contexts.load(url))]
    read = MEMBERS | DECISIVE
    iris = {iri: term for term, iri in named if term in read and not iri.startswith("@")}
    aliases = {(term, iris[iri]) for term, iri in named if iri in iris and term != iris[iri]}
    assert ("expiration", "expires") in aliases, "the scan finds the one that is known"
    assert {pair for pair in aliases if not unnamed_members(dict.fromkeys(pair))} == set()
    assert {word for _, word in aliases} <= MEMBERS
