import copy
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.formats.canonical import CanonicalisationError, ContextNotBundledError
from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.data_integrity import (
    Cryptosuite,
    ProofError,
    attach,
    hash_data,
    proof_options,
    proofs,
    secure,
    verify_proof,
)
from registry.formats.multibase import b58_encode
from tests.unit.formats.conftest import FixedSigner

Json = dict[str, Any]
CREATED = "2026-03-01T09:00:00Z"

pytestmark = pytest.mark.parametrize("suite", Cryptosuite)


def test_a_secured_badge_verifies(badge: Json, signer: FixedSigner, suite: Cryptosuite) -> None:
    before = copy.deepcopy(badge)
    secured = secure(badge, cryptosuite=suite, signer=signer, created=CREATED)
    assert badge == before
    [proof] = proofs(secured)
    assert proof["verificationMethod"] == signer.verification_method
    verify_proof(secured, proof, public_key=signer.public_key)


def test_securing_in_steps_gives_the_same_document(
    badge: Json, signer: FixedSigner, suite: Cryptosuite
) -> None:
    options = proof_options(suite, verification_method=signer.verification_method, created=CREATED)
    signature = signer.sign(hash_data(badge, options))
    assert attach(badge, options, signature=signature) == secure(
        badge, cryptosuite=suite, signer=signer, created=CREATED
    )
    assert "@context" not in options


def test_only_a_jcs_proof_carries_the_contexts(
    badge: Json, signer: FixedSigner, suite: Cryptosuite
) -> None:
    [proof] = proofs(secure(badge, cryptosuite=suite, signer=signer, created=CREATED))
    carried = proof.get("@context")
    assert carried == (badge["@context"] if suite is Cryptosuite.EDDSA_JCS_2022 else None)


def altered_document(document: Json, _proof: Json) -> None:
    document["name"] = "Something else"


def added_term(document: Json, _proof: Json) -> None:
    document["grade"] = "5"


def altered_time(_document: Json, proof: Json) -> None:
    proof["created"] = "2026-03-01T09:00:01Z"


def altered_method(_document: Json, proof: Json) -> None:
    proof["verificationMethod"] += "x"


def another_purpose(_document: Json, proof: Json) -> None:
    proof["proofPurpose"] = "authentication"


def another_type(_document: Json, proof: Json) -> None:
    proof["type"] = "Ed25519Signature2020"


def another_suite(_document: Json, proof: Json) -> None:
    proof["cryptosuite"] = "ecdsa-rdfc-2019"


def no_suite(_document: Json, proof: Json) -> None:
    del proof["cryptosuite"]


def no_value(_document: Json, proof: Json) -> None:
    del proof["proofValue"]


def another_base(_document: Json, proof: Json) -> None:
    proof["proofValue"] = "u" + proof["proofValue"][1:]


def not_base58(_document: Json, proof: Json) -> None:
    proof["proofValue"] += "0"


def short_value(_document: Json, proof: Json) -> None:
    proof["proofValue"] = "z" + b58_encode(bytes(63))


def added_member(_document: Json, proof: Json) -> None:
    proof["domain"] = "https://verifier.example"


def no_context(document: Json, _proof: Json) -> None:
    del document["@context"]


def dropped_context(document: Json, _proof: Json) -> None:
    document["@context"] = document["@context"][:1]


def unknown_context(document: Json, _proof: Json) -> None:
    document["@context"] = [CREDENTIALS_V2, "https://issuer.example/context.json"]


@pytest.mark.parametrize(
    "spoil",
    [
        altered_document,
        added_term,
        altered_time,
        altered_method,
        another_purpose,
        another_type,
        another_suite,
        no_suite,
        no_value,
        another_base,
        not_base58,
        short_value,
        added_member,
        no_context,
        dropped_context,
        unknown_context,
    ],
)
def test_nothing_can_be_changed_after_signing(
    badge: Json, signer: FixedSigner, suite: Cryptosuite, spoil: Any
) -> None:
    secured = secure(badge, cryptosuite=suite, signer=signer, created=CREATED)
    [proof] = proofs(secured)
    spoil(secured, proof)
    with pytest.raises(ProofError):
        verify_proof(secured, proof, public_key=signer.public_key)


def test_another_key_does_not_verify(badge: Json, signer: FixedSigner, suite: Cryptosuite) -> None:
    secured = secure(badge, cryptosuite=suite, signer=signer, created=CREATED)
    p256 = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    for key in (p256, other):
        with pytest.raises(ProofError):
            verify_proof(secured, secured["proof"][0], public_key=key)


def test_a_proof_of_one_suite_is_not_one_of_the_other(
    badge: Json, signer: FixedSigner, suite: Cryptosuite
) -> None:
    secured = secure(badge, cryptosuite=suite, signer=signer, created=CREATED)
    [other] = set(Cryptosuite) - {suite}
    proof = secured["proof"][0] | {"cryptosuite": other.value}
    with pytest.raises(ProofError):
        verify_proof(secured, proof, public_key=signer.public_key)


def test_contexts_added_to_a_jcs_document_since_do_not_break_its_proof(
    badge: Json, signer: FixedSigner, suite: Cryptosuite
) -> None:
    secured = secure(badge, cryptosuite=suite, signer=signer, created=CREATED)
    extra = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
    later = secured | {"@context": [*secured["@context"], extra]}
    verify_proof(later, secured["proof"][0], public_key=signer.public_key)


def test_contexts_in_another_order_that_mean_the_same_break_a_jcs_proof_only(
    badge: Json, signer: FixedSigner, suite: Cryptosuite
) -> None:
    secured = secure(badge, cryptosuite=suite, signer=signer, created=CREATED)
    swapped = secured | {"@context": secured["@context"][::-1]}
    if suite is Cryptosuite.EDDSA_RDFC_2022:
        verify_proof(swapped, secured["proof"][0], public_key=signer.public_key)
    else:
        with pytest.raises(ProofError):
            verify_proof(swapped, secured["proof"][0], public_key=signer.public_key)


def test_a_document_with_undefined_terms_is_not_signed(
    badge: Json, signer: FixedSigner, suite: Cryptosuite
) -> None:
    for members in ({"grade": "5"}, {"type": ["Diploma"]}):
        with pytest.raises(CanonicalisationError):
            secure(badge | members, cryptosuite=suite, signer=signer, created=CREATED)
    with pytest.raises(ContextNotBundledError):
        secure(
            badge | {"@context": ["urn:example:context"]},
            cryptosuite=suite,
            signer=signer,
            created=CREATED,
        )


def test_a_secured_document_takes_no_second_proof(
    badge: Json, signer: FixedSigner, suite: Cryptosuite
) -> None:
    secured = secure(badge, cryptosuite=suite, signer=signer, created=CREATED)
    with pytest.raises(ProofError):
        secure(secured, cryptosuite=suite, signer=signer, created=CREATED)


@pytest.mark.parametrize(
    "option", [{"proofPurpose": "authentication"}, {"type": ["DataIntegrityProof"]}]
)
def test_a_signature_for_another_purpose_is_no_proof_of_an_assertion(
    badge: Json, signer: FixedSigner, suite: Cryptosuite, option: Json
) -> None:
    method = signer.verification_method
    options = proof_options(suite, verification_method=method, created=CREATED) | option
    secured = attach(badge, options, signature=signer.sign(hash_data(badge, options)))
    with pytest.raises(ProofError, match="not a Data Integrity proof"):
        verify_proof(secured, secured["proof"][0], public_key=signer.public_key)


def test_proofs_are_none_one_or_several(suite: Cryptosuite) -> None:
    proof = {"cryptosuite": suite.value}
    assert proofs({}) == []
    assert proofs({"proof": proof}) == [proof]
    assert proofs({"proof": [proof, {}]}) == [proof, {}]
    for broken in ("z", None, [proof, "z"], [[proof]]):
        with pytest.raises(ProofError):
            proofs({"proof": broken})
