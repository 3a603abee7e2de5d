"""A list in each of its forms is one document, and its bytes can be made again without a key."""

import base64
import json
from typing import Any

import pytest

from projections import gate
from projections.list_documents import (
    Form,
    ListTerms,
    document_of,
    mechanisms,
    published_bytes,
    secured,
    unsigned,
)
from registry.domain.securing import Mechanism
from registry.formats import bitstring, jws
from registry.formats.data_integrity import verify_proof
from registry.formats.signer import Signer
from tests.unit.formats.signers import public_key, signer_of

DID = "did:web:registry.example.org:issuers:one"
CREATED = "2026-11-22T18:00:00.000Z"
ENCODED = bitstring.encode(b"\x80" + bytes(16_383)).text


def signer(mechanism: Mechanism) -> Signer:
    return signer_of(mechanism.key_type, did=DID)


def document() -> dict[str, Any]:
    terms = ListTerms(
        list_id="5d8a6c8e-6c1c-5d0e-9b57-0f6f7c1f2a3b",
        purpose="revocation",
        issuer_did=DID,
        valid_from=CREATED,
        valid_until="2026-11-23T18:00:00.000Z",
        ttl_ms=300_000,
    )
    return unsigned("https://registry.example.org", terms, ENCODED)


def form_of(mechanism: Mechanism) -> Form:
    return secured(document(), mechanism, signer=signer(mechanism), created=CREATED)


@pytest.mark.parametrize(
    ("mechanism", "embedded"),
    [
        (Mechanism.VC_JWT_ED25519, Mechanism.EDDSA_RDFC_2022),
        (Mechanism.VC_JWT_ES256, Mechanism.ECDSA_RDFC_2019_P256),
        (Mechanism.VC_JWT_ES384, Mechanism.ECDSA_RDFC_2019_P384),
        (Mechanism.OB_JWT_ES256, Mechanism.ECDSA_RDFC_2019_P256),
        (Mechanism.OB_JWT_RS256, Mechanism.EDDSA_RDFC_2022),
    ],
)
def test_list_of_jwts_has_an_embedded_proof_too_and_that_first(
    mechanism: Mechanism, embedded: Mechanism
) -> None:
    assert mechanisms(mechanism) == (embedded, mechanism)


@pytest.mark.parametrize("mechanism", [each for each in Mechanism if not each.is_jwt])
def test_list_of_credentials_with_proofs_has_one_form(mechanism: Mechanism) -> None:
    assert mechanisms(mechanism) == (mechanism,)


@pytest.mark.parametrize("mechanism", Mechanism)
def test_bytes_are_made_again_from_what_was_recorded(mechanism: Mechanism) -> None:
    form = form_of(mechanism)
    recorded = json.loads(json.dumps(form.recorded))
    assert published_bytes(document(), recorded) == form.body
    assert all(isinstance(value, str) for value in recorded.values())


@pytest.mark.parametrize("mechanism", [each for each in Mechanism if not each.is_jwt])
def test_embedded_proof_is_one_object_by_the_suite_of_the_mechanism(mechanism: Mechanism) -> None:
    form = form_of(mechanism)
    found = document_of(form.body)
    assert mechanism.startswith(found["proof"]["cryptosuite"])
    assert form.recorded["media_type"] == "application/vc"
    verify_proof(found, found["proof"], public_key=public_key(mechanism.key_type))
    assert {**found, "proof": None} == {**document(), "proof": None}


@pytest.mark.parametrize(
    ("mechanism", "alg"),
    [
        (Mechanism.VC_JWT_ED25519, "EdDSA"),
        (Mechanism.VC_JWT_ES256, "ES256"),
        (Mechanism.VC_JWT_ES384, "ES384"),
        (Mechanism.OB_JWT_ES256, "ES256"),
        (Mechanism.OB_JWT_RS256, "RS256"),
    ],
)
def test_jws_is_the_form_of_w3c_whatever_form_the_credentials_have(
    mechanism: Mechanism, alg: str
) -> None:
    form = form_of(mechanism)
    token = jws.parse(form.body.decode("ascii"))
    kid = signer(mechanism).verification_method
    expected = {"alg": alg, "cty": "vc", "kid": kid, "typ": "vc+jwt"}
    assert (form.recorded["media_type"], form.recorded["alg"]) == ("application/vc+jwt", alg)
    assert token.header == expected
    jws.verify(token, public_key(mechanism.key_type))
    assert document_of(form.body) == document()


def test_both_forms_decode_to_the_same_bits() -> None:
    forms = [form_of(each) for each in mechanisms(Mechanism.VC_JWT_ES256)]
    texts = {document_of(form.body)["credentialSubject"]["encodedList"] for form in forms}
    assert {bitstring.decode(text)[:2] for text in texts} == {b"\x80\x00"}


@pytest.mark.parametrize("mechanism", Mechanism)
def test_gate_lets_pass_each_form_of_the_document_it_checked(mechanism: Mechanism) -> None:
    gate.check_secured(form_of(mechanism).body, document())


@pytest.mark.parametrize("mechanism", Mechanism)
def test_gate_refuses_a_form_of_another_document(mechanism: Mechanism) -> None:
    other = document() | {"validUntil": "2027-01-01T00:00:00.000Z"}
    with pytest.raises(gate.GateRefusedError, match="another document"):
        gate.check_secured(form_of(mechanism).body, other)


def part(members: dict[str, Any]) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).rstrip(b"=")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(json.dumps(document()).encode(), id="no proof"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="cut short"),
        pytest.param(b"a.b", id="two parts"),
        pytest.param(part({"typ": "vc+jwt"}) + b"." + part(document()) + b".", id="unsigned"),
        pytest.param(part({"typ": "JWT"}) + b"." + part(document()) + b".c2ln", id="a badge's"),
        pytest.param(part({}) + b"." + part(document()) + b".c2ln", id="no type"),
    ],
)
def test_gate_refuses_what_is_not_a_secured_form(body: bytes) -> None:
    with pytest.raises(gate.GateRefusedError):
        gate.check_secured(body, document())
