import json
from typing import Any

import pytest

from registry.domain.securing import KeyType, Mechanism
from registry.formats import data_integrity, jws, vc_jwt
from registry.formats.canonical import UndefinedTermError, jcs
from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.data_integrity import Cryptosuite
from registry.formats.securing import (
    Secured,
    SecuringError,
    as_json,
    cryptosuite_of,
    media_type_of,
    secure_credential,
)
from tests.unit.formats.signers import public_key, signer_of

Json = dict[str, Any]

CREATED = "2026-11-22T18:00:00Z"
EMBEDDED = [mechanism for mechanism in Mechanism if not mechanism.is_jwt]
TOKENS = [mechanism for mechanism in Mechanism if mechanism.is_jwt]


def secured(document: Json, mechanism: Mechanism, **options: Any) -> Secured:
    signer = signer_of(mechanism.key_type)
    return secure_credential(
        document, mechanism=mechanism, signer=signer, created=CREATED, **options
    )


@pytest.mark.parametrize("mechanism", EMBEDDED)
def test_a_credential_with_an_embedded_proof_is_json_in_its_canonical_form(
    badge: Json, mechanism: Mechanism
) -> None:
    result = secured(badge, mechanism)
    assert result.media_type == media_type_of(mechanism) == "application/vc"
    document = as_json(result.body, result.media_type)
    assert jcs(document) == result.body
    [proof] = data_integrity.proofs(document)
    data_integrity.verify_proof(document, proof, public_key=public_key(mechanism.key_type))
    assert proof["cryptosuite"] == cryptosuite_of(mechanism)


@pytest.mark.parametrize("mechanism", TOKENS)
def test_a_credential_in_a_token_is_verified_and_read_back(
    badge: Json, mechanism: Mechanism
) -> None:
    result = secured(badge, mechanism)
    assert result.media_type == media_type_of(mechanism)
    parsed = jws.parse(result.body.decode("ascii"))
    jws.verify(parsed, public_key(mechanism.key_type))
    assert vc_jwt.read(parsed).document == badge
    assert cryptosuite_of(mechanism) is None


@pytest.mark.parametrize("mechanism", TOKENS)
def test_a_token_is_given_as_json_in_an_envelope(badge: Json, mechanism: Mechanism) -> None:
    result = secured(badge, mechanism)
    envelope = as_json(result.body, result.media_type)
    assert envelope["@context"] == CREDENTIALS_V2
    assert vc_jwt.unenvelope(envelope) == result.body.decode("ascii")


def test_the_media_types_tell_the_profiles_of_tokens_apart() -> None:
    assert media_type_of(Mechanism.VC_JWT_ES256) == "application/vc+jwt"
    assert media_type_of(Mechanism.OB_JWT_ES256) == "application/jwt"


def test_both_curves_share_a_cryptosuite() -> None:
    assert cryptosuite_of(Mechanism.ECDSA_RDFC_2019_P384) is Cryptosuite.ECDSA_RDFC_2019
    assert cryptosuite_of(Mechanism.ECDSA_JCS_2019_P256) is Cryptosuite.ECDSA_JCS_2019


@pytest.mark.parametrize("mechanism", Mechanism)
def test_the_same_credential_is_secured_alike_every_time(badge: Json, mechanism: Mechanism) -> None:
    assert secured(badge, mechanism) == secured(badge, mechanism)


@pytest.mark.parametrize("mechanism", Mechanism)
def test_a_key_of_another_type_is_refused(badge: Json, mechanism: Mechanism) -> None:
    for key_type in set(KeyType) - {mechanism.key_type}:
        signer = signer_of(key_type)
        with pytest.raises(SecuringError, match=mechanism.key_type):
            secure_credential(badge, mechanism=mechanism, signer=signer, created=CREATED)


@pytest.mark.parametrize("mechanism", Mechanism)
def test_a_term_that_no_context_defines_is_refused_by_every_mechanism(
    badge: Json, mechanism: Mechanism
) -> None:
    badge["credentialSubject"]["shoeSize"] = "42"
    with pytest.raises(UndefinedTermError, match="shoeSize"):
        secured(badge, mechanism)


@pytest.mark.parametrize("mechanism", TOKENS)
def test_a_token_has_no_chain_of_proofs(badge: Json, mechanism: Mechanism) -> None:
    with pytest.raises(SecuringError, match="chain"):
        secured(badge, mechanism, previous_proof="urn:uuid:1")


def test_the_document_that_is_secured_stays_as_it_was(badge: Json) -> None:
    before = json.dumps(badge)
    for mechanism in Mechanism:
        secured(badge, mechanism)
    assert json.dumps(badge) == before
