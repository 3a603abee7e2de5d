"""Data Integrity EdDSA Cryptosuites v1.0, appendix B: every intermediate value, byte for byte."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry.formats.canonical import jcs, rdfc
from registry.formats.data_integrity import Cryptosuite as Suite
from registry.formats.data_integrity import (
    ProofError,
    attach,
    hash_data,
    proof_options,
    proofs,
    verify_proof,
)
from registry.formats.multikey import decode_public_key

Contexts = Callable[[str], dict[str, Any]]

both_suites = pytest.mark.parametrize(
    ("suite", "suffix"), [(Suite.EDDSA_RDFC_2022, "DataInt"), (Suite.EDDSA_JCS_2022, "JCS")]
)


def read(standards: Path, name: str) -> Any:
    return json.loads((standards / "vectors/vc-di-eddsa" / name).read_bytes())


def text(standards: Path, name: str) -> str:
    return (standards / "vectors/vc-di-eddsa" / name).read_text("utf-8")


@both_suites
def test_canonical_forms(
    standards: Path, example_contexts: Contexts, suite: Suite, suffix: str
) -> None:
    document = read(standards, "unsigned.json")
    config = read(standards, f"{suite}/proofConfig{suffix}.json")
    if suite is Suite.EDDSA_RDFC_2022:
        forms = [rdfc(value, contexts=example_contexts) for value in (document, config)]
    else:
        forms = [jcs(value) for value in (document, config)]
    assert forms[0].decode() == text(standards, f"{suite}/canonDoc{suffix}.txt")
    assert forms[1].decode() == text(standards, f"{suite}/proofCanon{suffix}.txt")


@both_suites
def test_hashes_and_the_signed_document(
    standards: Path, example_contexts: Contexts, suite: Suite, suffix: str
) -> None:
    document = read(standards, "unsigned.json")
    signed = read(standards, f"{suite}/signed{suffix}.json")
    options = proof_options(
        suite,
        verification_method=signed["proof"]["verificationMethod"],
        created=signed["proof"]["created"],
    )
    hashed = hash_data(document, options, contexts=example_contexts)
    # The vector has the document's hash last, as the suites do.
    assert hashed.hex() == text(standards, f"{suite}/combinedHash{suffix}.txt")

    signature = bytes.fromhex(text(standards, f"{suite}/sigHex{suffix}.txt"))
    secured = attach(document, options, signature=signature)
    assert secured == signed | {"proof": [signed["proof"]]}


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("eddsa-rdfc-2022/signedDataInt.json", 1),
        ("eddsa-jcs-2022/signedJCS.json", 1),
        ("proof-set-chain/signedProofSet1.json", 1),
        ("proof-set-chain/signedProofSet2.json", 2),
    ],
)
def test_signed_documents_verify_and_altered_ones_do_not(
    standards: Path, example_contexts: Contexts, name: str, count: int
) -> None:
    document = read(standards, name)
    assert len(proofs(document)) == count
    for proof in proofs(document):
        key = decode_public_key(proof["verificationMethod"].partition("#")[2])
        verify_proof(document, proof, public_key=key, contexts=example_contexts)
        altered = document | {"validFrom": "2023-01-01T00:00:01Z"}
        with pytest.raises(ProofError):
            verify_proof(altered, proof, public_key=key, contexts=example_contexts)
