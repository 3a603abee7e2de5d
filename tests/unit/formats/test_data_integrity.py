import copy
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.domain.securing import KeyType, Mechanism
from registry.formats.canonical import CanonicalisationError, ContextNotBundledError
from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.data_integrity import (
    AUTHENTICATION,
    Cryptosuite,
    DataLossError,
    ProofError,
    ProofTransformationError,
    add_proof,
    attach,
    hash_data,
    proof_options,
    proofs,
    secure,
    verify_proof,
)
from registry.formats.multibase import b58_encode
from registry.formats.multikey import PublicKey
from registry.formats.rdf import canonicalise
from registry.formats.securing import cryptosuite_of
from registry.formats.signer import Signer
from tests.unit.formats.signers import public_key, signer_of

Json = dict[str, Any]
CREATED = "2026-03-01T09:00:00Z"
MECHANISMS = [mechanism for mechanism in Mechanism if not mechanism.is_jwt]


@pytest.fixture(params=MECHANISMS)
def mechanism(request: pytest.FixtureRequest) -> Mechanism:
    found: Mechanism = request.param
    return found


@pytest.fixture
def suite(mechanism: Mechanism) -> Cryptosuite:
    found = cryptosuite_of(mechanism)
    assert found
    return found


@pytest.fixture
def key_type(mechanism: Mechanism) -> KeyType:
    return mechanism.key_type


@pytest.fixture
def signer(key_type: KeyType) -> Signer:
    return signer_of(key_type)


@pytest.fixture
def secured(badge: Json, suite: Cryptosuite, signer: Signer) -> Json:
    return secure(badge, cryptosuite=suite, signer=signer, created=CREATED)


def verify(document: Json, key_type: KeyType, **options: Any) -> None:
    [proof] = proofs(document)
    verify_proof(document, proof, public_key=public_key(key_type), **options)


def test_a_secured_badge_verifies(badge: Json, suite: Cryptosuite, signer: Signer) -> None:
    before = copy.deepcopy(badge)
    secured = secure(badge, cryptosuite=suite, signer=signer, created=CREATED)
    assert badge == before
    [proof] = proofs(secured)
    assert proof["verificationMethod"] == signer.verification_method
    verify(secured, signer.key_type)


def test_securing_in_steps_gives_the_same_document(
    badge: Json, suite: Cryptosuite, signer: Signer, secured: Json
) -> None:
    options = proof_options(suite, verification_method=signer.verification_method, created=CREATED)
    signature = signer.sign(hash_data(badge, options, key_type=signer.key_type))
    assert attach(badge, options, signature=signature) == secured
    assert "@context" not in options


def test_what_is_signed_has_the_digest_of_the_key(
    badge: Json, suite: Cryptosuite, key_type: KeyType
) -> None:
    options = proof_options(suite, verification_method="did:x:1#1", created=CREATED)
    length = 96 if key_type is KeyType.P384 else 64
    assert len(hash_data(badge, options, key_type=key_type)) == length


def test_the_same_document_is_signed_the_same_way_twice(
    badge: Json, suite: Cryptosuite, signer: Signer, secured: Json
) -> None:
    assert secure(badge, cryptosuite=suite, signer=signer, created=CREATED) == secured


def test_only_a_jcs_proof_carries_the_contexts(
    badge: Json, suite: Cryptosuite, secured: Json
) -> None:
    carried = proofs(secured)[0].get("@context")
    assert carried == (None if suite.is_rdfc else badge["@context"])


def test_the_rdf_is_canonicalised_by_what_the_caller_brings(
    badge: Json, suite: Cryptosuite, signer: Signer, secured: Json
) -> None:
    asked = []

    def watched(quads: Any, *, digest: Any = "sha256") -> bytes:
        asked.append(digest)
        return canonicalise(quads, digest=digest)

    again = secure(badge, cryptosuite=suite, signer=signer, created=CREATED, canonicalise=watched)
    verify(again, signer.key_type, canonicalise=watched)
    assert again == secured
    digest = "sha384" if signer.key_type is KeyType.P384 else "sha256"
    assert asked == ([digest] * 4 if suite.is_rdfc else [])


# ------------------------------------------------------------------ nothing can be changed


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
    proof["cryptosuite"] = "ecdsa-sd-2023"


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


def longer_value(_document: Json, proof: Json) -> None:
    proof["proofValue"] = proof["proofValue"][0] + "1" + proof["proofValue"][1:]


def contexts_of_its_own(_document: Json, proof: Json) -> None:
    proof["@context"] = [CREDENTIALS_V2]


def time_without_zone(_document: Json, proof: Json) -> None:
    proof["created"] = proof["created"].removesuffix("Z")


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
        longer_value,
        added_member,
        contexts_of_its_own,
        time_without_zone,
        no_context,
        dropped_context,
        unknown_context,
    ],
)
def test_nothing_can_be_changed_after_signing(secured: Json, key_type: KeyType, spoil: Any) -> None:
    [proof] = proofs(secured)
    spoil(secured, proof)
    with pytest.raises(ProofError):
        verify_proof(secured, proof, public_key=public_key(key_type))


def test_another_key_does_not_verify(secured: Json) -> None:
    others: list[PublicKey] = [
        Ed25519PrivateKey.generate().public_key(),
        ec.generate_private_key(ec.SECP256R1()).public_key(),
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        ec.generate_private_key(ec.SECP521R1()).public_key(),
        public_key(KeyType.RSA),
    ]
    for key in others:
        with pytest.raises(ProofError):
            verify_proof(secured, secured["proof"][0], public_key=key)


def test_a_proof_of_one_suite_is_not_one_of_another(
    secured: Json, suite: Cryptosuite, key_type: KeyType
) -> None:
    for other in set(Cryptosuite) - {suite}:
        proof = secured["proof"][0] | {"cryptosuite": other.value}
        with pytest.raises(ProofError):
            verify_proof(secured, proof, public_key=public_key(key_type))


def test_a_suite_signs_with_its_own_keys_only(badge: Json, suite: Cryptosuite) -> None:
    for key_type in set(KeyType) - suite.key_types:
        with pytest.raises(ProofError, match="does not use"):
            secure(badge, cryptosuite=suite, signer=signer_of(key_type), created=CREATED)


def test_contexts_added_to_a_jcs_document_since_do_not_break_its_proof(
    secured: Json, key_type: KeyType
) -> None:
    extra = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
    verify(secured | {"@context": [*secured["@context"], extra]}, key_type)


def test_contexts_in_another_order_that_mean_the_same_break_a_jcs_proof_only(
    secured: Json, suite: Cryptosuite, key_type: KeyType
) -> None:
    swapped = secured | {"@context": secured["@context"][::-1]}
    if suite.is_rdfc:
        verify(swapped, key_type)
    else:
        with pytest.raises(ProofError):
            verify(swapped, key_type)


def test_contexts_an_rdfc_proof_repeats_do_no_harm(
    badge: Json, suite: Cryptosuite, signer: Signer
) -> None:
    options = proof_options(suite, verification_method=signer.verification_method, created=CREATED)
    options["@context"] = badge["@context"]
    verify(add_proof(badge, options, signer=signer), signer.key_type)


def test_a_proof_cannot_be_made_to_name_fewer_contexts_than_it_did(
    badge: Json, signer: Signer, suite: Cryptosuite
) -> None:
    extra = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
    more = badge | {"@context": [*badge["@context"], extra]}
    secured = secure(more, cryptosuite=suite, signer=signer, created=CREATED)
    secured["proof"][0]["@context"] = badge["@context"]
    with pytest.raises(ProofError):
        verify(secured, signer.key_type)


def test_a_document_with_undefined_terms_is_not_signed(
    badge: Json, suite: Cryptosuite, signer: Signer
) -> None:
    for members in ({"grade": "5"}, {"type": ["Diploma"]}):
        with pytest.raises(CanonicalisationError):
            secure(badge | members, cryptosuite=suite, signer=signer, created=CREATED)
    unknown = badge | {"@context": ["urn:example:context"]}
    with pytest.raises(ContextNotBundledError):
        secure(unknown, cryptosuite=suite, signer=signer, created=CREATED)


def test_an_error_says_which_kind_of_problem_it_is(secured: Json, key_type: KeyType) -> None:
    security = "https://w3id.org/security#"
    with pytest.raises(DataLossError) as lost:
        verify(secured | {"grade": "5"}, key_type)
    assert lost.value.problem_type == security + "DATA_LOSS_DETECTION_ERROR"
    with pytest.raises(ProofTransformationError) as untransformed:
        verify(secured | {"name": None}, key_type)
    assert untransformed.value.problem_type == security + "PROOF_TRANSFORMATION_ERROR"
    with pytest.raises(ProofError) as wrong:
        verify(secured | {"name": "changed"}, key_type)
    assert wrong.value.problem_type == security + "PROOF_VERIFICATION_ERROR"


# ------------------------------------------------------------------ purposes


def presented(badge: Json, suite: Cryptosuite, signer: Signer, **options: Any) -> Json:
    made = proof_options(
        suite,
        verification_method=signer.verification_method,
        created=CREATED,
        purpose=AUTHENTICATION,
        **options,
    )
    return add_proof(badge, made, signer=signer)


def test_a_proof_for_authentication_is_one_for_that_alone(
    badge: Json, suite: Cryptosuite, signer: Signer
) -> None:
    document = presented(badge, suite, signer, challenge="c-1", domain="https://verifier.example")
    verify(document, signer.key_type, purpose=AUTHENTICATION)
    with pytest.raises(ProofError, match="purpose"):
        verify(document, signer.key_type)


def test_a_challenge_and_a_domain_are_signed(
    badge: Json, suite: Cryptosuite, signer: Signer
) -> None:
    document = presented(badge, suite, signer, challenge="c-1", domain="https://verifier.example")
    for member in ("challenge", "domain"):
        altered = document | {"proof": document["proof"][0] | {member: "another"}}
        with pytest.raises(ProofError):
            verify(altered, signer.key_type, purpose=AUTHENTICATION)


def test_an_assertion_is_no_proof_of_the_holder(secured: Json, key_type: KeyType) -> None:
    with pytest.raises(ProofError, match="purpose"):
        verify(secured, key_type, purpose=AUTHENTICATION)


def test_a_type_in_an_array_is_no_data_integrity_proof(secured: Json, key_type: KeyType) -> None:
    secured["proof"][0]["type"] = ["DataIntegrityProof"]
    with pytest.raises(ProofTransformationError):
        verify(secured, key_type)


# ------------------------------------------------------------------ options


def test_options_hold_what_they_are_given_and_no_more() -> None:
    made = proof_options(
        Cryptosuite.ECDSA_JCS_2019,
        verification_method="did:x:1#1",
        created=CREATED,
        previous_proof="urn:p:1",
        proof_id="urn:p:2",
        expires="2027-03-01T09:00:00Z",
    )
    assert made == {
        "id": "urn:p:2",
        "type": "DataIntegrityProof",
        "cryptosuite": "ecdsa-jcs-2019",
        "created": CREATED,
        "expires": "2027-03-01T09:00:00Z",
        "verificationMethod": "did:x:1#1",
        "proofPurpose": "assertionMethod",
        "previousProof": "urn:p:1",
    }


@pytest.mark.parametrize(
    "instant",
    ["2026-03-01T09:00:00+01:00", "2026-03-01T09:00:00.123456-14:00", "2026-03-01T09:00:00"],
)
def test_an_instant_may_have_any_zone(badge: Json, instant: str) -> None:
    suite = Cryptosuite.EDDSA_JCS_2022
    signer = signer_of(KeyType.ED25519)
    verify(
        secure(badge, cryptosuite=suite, signer=signer, created=instant),
        KeyType.ED25519,
    )


@pytest.mark.parametrize(
    "instant",
    [
        "2026-03-01",
        "2026-03-01 09:00:00Z",
        "2026-13-01T09:00:00Z",
        "2026-02-30T09:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T25:00:00Z",
        "2026-03-01T09:00:00+20:00",
        "2026-03-01T09:00:00ZZ",
        "2026-03-01T09:00:00Z\n",
        "\u0662026-03-01T09:00:00Z",
        "",
        1_772_355_600,
        None,
    ],
)
def test_what_is_no_instant_is_not_signed(badge: Json, instant: Any) -> None:
    options = proof_options(
        Cryptosuite.EDDSA_JCS_2022, verification_method="did:x:1#1", created=CREATED
    )
    for name in ("created", "expires"):
        with pytest.raises(ProofError, match=name):
            hash_data(badge, options | {name: instant})


def test_a_time_without_an_offset_is_a_time(badge: Json) -> None:
    options = proof_options(
        Cryptosuite.EDDSA_JCS_2022, verification_method="did:x:1#1", created=CREATED
    )
    written = options | {"created": "2026-03-01T09:00:00", "expires": "2027-03-01T09:00:00.5"}
    assert hash_data(badge, written)
