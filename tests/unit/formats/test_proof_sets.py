"""Sets and chains of proofs (VC Data Integrity 1.0 §4.2, §4.5)."""

from typing import Any

import pytest

from registry.domain.securing import KeyType
from registry.formats.data_integrity import Cryptosuite, ProofError, proofs, secure, verify_proof
from registry.formats.multikey import decode_public_key
from registry.formats.proof_sets import previous_names
from tests.unit.formats.signers import signer_of

Json = dict[str, Any]
CREATED = "2026-03-01T09:00:00Z"
FIRST, SECOND, THIRD = "urn:uuid:1", "urn:uuid:2", "urn:uuid:3"
SUITES = [
    (Cryptosuite.EDDSA_RDFC_2022, KeyType.ED25519),
    (Cryptosuite.ECDSA_JCS_2019, KeyType.P256),
    (Cryptosuite.ECDSA_RDFC_2019, KeyType.P384),
]


def add(
    document: Json,
    number: int = 0,
    *,
    name: str | None = None,
    after: str | list[str] | None = None,
) -> Json:
    suite, key_type = SUITES[number]
    return secure(
        document,
        cryptosuite=suite,
        signer=signer_of(key_type),
        created=CREATED,
        proof_id=name,
        previous_proof=after,
    )


def verify_all(document: Json) -> None:
    for proof in proofs(document):
        verify(document, proof)


def verify(document: Json, proof: Json) -> None:
    key = decode_public_key(proof["verificationMethod"].partition("#")[2])
    verify_proof(document, proof, public_key=key)


@pytest.fixture
def chain(badge: Json) -> Json:
    """Two proofs beside each other, and one by each suite upon them."""
    pair = add(add(badge, 0, name=FIRST), 1, name=SECOND)
    return add(add(pair, 2, name=THIRD, after=[FIRST, SECOND]), 0, after=THIRD)


def test_proofs_are_none_one_or_several() -> None:
    proof = {"cryptosuite": "eddsa-jcs-2022"}
    assert proofs({}) == []
    assert proofs({"proof": proof}) == [proof]
    assert proofs({"proof": [proof, {}]}) == [proof, {}]
    for broken in ("z", None, [proof, "z"], [[proof]]):
        with pytest.raises(ProofError):
            proofs({"proof": broken})


@pytest.mark.parametrize("number", range(3))
def test_a_second_proof_stands_beside_the_first(badge: Json, number: int) -> None:
    first = add(badge)
    both = add(first, number)
    assert proofs(both)[0] == proofs(first)[0]
    assert len(proofs(both)) == 2
    verify_all(both)
    verify_all(both | {"proof": both["proof"][::-1]})
    for proof in both["proof"]:
        verify_all(both | {"proof": proof})


def test_a_proof_that_is_an_object_is_added_to_as_well(badge: Json) -> None:
    first = add(badge)
    alone = first | {"proof": first["proof"][0]}
    assert add(alone, 1) == add(first, 1)


def test_a_chain_verifies(chain: Json) -> None:
    assert [proof.get("previousProof") for proof in proofs(chain)] == [
        None,
        None,
        [FIRST, SECOND],
        THIRD,
    ]
    verify_all(chain)


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_proof_whose_previous_one_is_gone_does_not_verify(chain: Json, missing: int) -> None:
    chain["proof"].pop(missing)
    with pytest.raises(ProofError, match="has no proofs"):
        verify(chain, chain["proof"][-1])


@pytest.mark.parametrize("changed", [0, 1])
def test_a_proof_covers_those_it_builds_on(chain: Json, changed: int) -> None:
    chain["proof"][changed]["created"] = "2026-03-01T09:00:01Z"
    with pytest.raises(ProofError, match="signature"):
        verify(chain, chain["proof"][2])


def test_a_proof_does_not_cover_those_it_does_not_name(chain: Json) -> None:
    chain["proof"][0]["created"] = "2026-03-01T09:00:01Z"
    verify(chain, chain["proof"][3])
    with pytest.raises(ProofError):
        verify(chain, chain["proof"][0])


def test_a_link_cannot_be_taken_out_or_put_in(chain: Json) -> None:
    last = {key: value for key, value in chain["proof"][3].items() if key != "previousProof"}
    with pytest.raises(ProofError):
        verify(chain, last)
    with pytest.raises(ProofError):
        verify(chain, chain["proof"][1] | {"previousProof": FIRST})


def test_a_proof_is_not_made_upon_one_that_is_not_there(badge: Json) -> None:
    for document in (badge, add(badge, name=FIRST)):
        for after in (SECOND, [FIRST, SECOND]):
            with pytest.raises(ProofError, match="has no proofs"):
                add(document, after=after)


def test_an_id_names_one_proof(badge: Json) -> None:
    first = add(badge, name=FIRST)
    with pytest.raises(ProofError, match="already"):
        add(first, 1, name=FIRST)
    twice = first | {"proof": first["proof"] * 2}
    with pytest.raises(ProofError, match="2 proofs"):
        add(twice, after=FIRST)


def test_a_chain_that_bites_its_tail_is_refused(badge: Json) -> None:
    with pytest.raises(ProofError, match="built on itself"):
        add(add(badge, name=FIRST), name=SECOND, after=SECOND)
    a = {"id": FIRST, "previousProof": SECOND}
    b = {"id": SECOND, "previousProof": [FIRST]}
    with pytest.raises(ProofError, match="built on itself"):
        add(badge | {"proof": [a, b]}, name=THIRD, after=[FIRST, THIRD])
    # A ring this proof is no part of has no end to come to, but is looked at once.
    add_to_ring = {"id": THIRD, "previousProof": FIRST, "proofValue": "z1"}
    with pytest.raises(ProofError):
        verify(badge | {"proof": [a, b, add_to_ring]}, add(badge)["proof"][0] | add_to_ring)


@pytest.mark.parametrize("value", [None, 5, {}, [], [5], [FIRST, None], ""])
def test_a_reference_that_is_no_name_is_refused(badge: Json, value: Any) -> None:
    if value != "":
        with pytest.raises(ProofError, match="previousProof"):
            previous_names({"previousProof": value})
    proof = add(badge, name=FIRST)["proof"][0]
    with pytest.raises(ProofError):
        verify(badge | {"proof": [proof]}, proof | {"id": SECOND, "previousProof": value})
