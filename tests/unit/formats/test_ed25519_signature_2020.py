"""Ed25519Signature2020 is read, not made; one document is signed by npm jsonld-signatures 11."""

import hashlib
from typing import Any

import pytest

from registry.domain.securing import KeyType
from registry.formats.canonical import rdfc
from registry.formats.contexts import CREDENTIALS_V1, CREDENTIALS_V2
from registry.formats.data_integrity import AUTHENTICATION
from registry.formats.ed25519_signature_2020 import CONTEXT, verify_proof
from registry.formats.multibase import b58_encode
from registry.formats.multikey import decode_public_key
from registry.formats.proof_errors import DataLossError, ProofError, ProofTransformationError
from registry.formats.rdf import canonicalise
from tests.unit.formats.signers import public_key, signer_of

Json = dict[str, Any]

KEY = "z6MkkYLSfKMVT86kYd7JWBtNNjUNqoF4GUSx2E2YZPHJTq3Z"
SIGNED_ELSEWHERE: Json = {
    "@context": [
        "https://www.w3.org/2018/credentials/v1",
        "https://w3id.org/security/suites/ed25519-2020/v1",
    ],
    "id": "urn:uuid:7c2f1c0e-6a3c-4d7e-9a51-0e2c8f1b6d3a",
    "type": ["VerifiableCredential"],
    "issuer": f"did:key:{KEY}",
    "issuanceDate": "2026-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abc"},
    "proof": {
        "type": "Ed25519Signature2020",
        "created": "2026-11-22T21:57:39Z",
        "verificationMethod": f"did:key:{KEY}#{KEY}",
        "proofPurpose": "assertionMethod",
        "proofValue": "z4MPxqAKcxNZ2dhJ6M9Khywm65vLegxtCaX9ph2gPnuG"
        "hXz1kkzXfCq91DvNYjP3VN65LHgSifEgFU4DG7w3TtdMS",
    },
}


def sign(document: Json, **options: Any) -> Json:
    """Sign as the suite says: SHA-256 of the options, then of the document."""
    signer = signer_of(KeyType.ED25519)
    proof = {
        "type": "Ed25519Signature2020",
        "created": "2026-03-01T09:00:00Z",
        "verificationMethod": signer.verification_method,
        "proofPurpose": "assertionMethod",
    } | options
    parts = (proof | {"@context": document["@context"]}, document)
    hashed = b"".join(hashlib.sha256(rdfc(part)).digest() for part in parts)
    return document | {"proof": proof | {"proofValue": "z" + b58_encode(signer.sign(hashed))}}


def verify(document: Json, **options: Any) -> None:
    verify_proof(document, document["proof"], public_key=public_key(KeyType.ED25519), **options)


@pytest.fixture(params=[CREDENTIALS_V1, CREDENTIALS_V2])
def signed(request: pytest.FixtureRequest) -> Json:
    return sign(
        {
            "@context": [request.param, CONTEXT],
            "type": ["VerifiableCredential"],
            "issuer": "did:web:issuer.example",
            "credentialSubject": {"id": "did:example:subject"},
        }
    )


def test_what_another_implementation_signed_verifies() -> None:
    proof = SIGNED_ELSEWHERE["proof"]
    key = decode_public_key(proof["verificationMethod"].partition("#")[2])
    verify_proof(SIGNED_ELSEWHERE, proof, public_key=key)
    for member in ("issuer", "issuanceDate"):
        altered = SIGNED_ELSEWHERE | {member: "2026-01-02T00:00:00Z"}
        with pytest.raises(ProofError):
            verify_proof(altered, proof, public_key=key)


def test_a_proof_in_a_document_of_either_data_model_verifies(signed: Json) -> None:
    verify(signed)
    verify(signed, canonicalise=canonicalise)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "DataIntegrityProof"},
        {"type": ["Ed25519Signature2020"]},
        {"cryptosuite": "eddsa-rdfc-2022"},
        {"created": "2026-03-01T09:00:01Z"},
        {"created": "2026-03-01"},
        {"verificationMethod": "did:web:issuer.example#other"},
        {"proofPurpose": "authentication"},
        {"challenge": "added"},
        {"previousProof": "urn:p:1"},
        {"proofValue": "z1"},
        {"proofValue": "u1"},
        {"proofValue": None},
        {"@context": [CONTEXT]},
    ],
    ids=repr,
)
def test_a_changed_proof_does_not_verify(signed: Json, change: Json) -> None:
    with pytest.raises(ProofError):
        verify(signed | {"proof": signed["proof"] | change})


def test_a_changed_document_does_not_verify(signed: Json) -> None:
    with pytest.raises(ProofError, match="signature"):
        verify(signed | {"issuer": "did:web:another.example"})


def test_a_document_that_would_lose_something_is_refused(signed: Json) -> None:
    with pytest.raises(DataLossError):
        verify(signed | {"grade": "5"})
    with pytest.raises(DataLossError):
        verify(signed | {"@context": signed["@context"][:1]})
    with pytest.raises(ProofTransformationError):
        verify(signed | {"@context": [*signed["@context"], "https://issuer.example/context"]})


@pytest.mark.parametrize("key_type", [KeyType.P256, KeyType.RSA])
def test_another_kind_of_key_does_not_verify(signed: Json, key_type: KeyType) -> None:
    with pytest.raises(ProofError, match="Ed25519 keys only"):
        verify_proof(signed, signed["proof"], public_key=public_key(key_type))


def test_a_proof_for_authentication_is_one_for_that_alone(signed: Json) -> None:
    unsigned = {name: value for name, value in signed.items() if name != "proof"}
    presented = sign(unsigned, proofPurpose=AUTHENTICATION, challenge="c-1")
    verify(presented, purpose=AUTHENTICATION)
    with pytest.raises(ProofError, match="purpose"):
        verify(presented)
