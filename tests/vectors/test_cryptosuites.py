"""Data Integrity EdDSA and ECDSA Cryptosuites v1.0: every intermediate value, byte for byte."""

import json
from dataclasses import dataclass
from hashlib import new
from pathlib import Path
from typing import Any

import pytest

from registry.domain.securing import KeyType
from registry.formats.canonical import jcs, rdfc
from registry.formats.cryptosuites import digest_of
from registry.formats.data_integrity import (
    Cryptosuite,
    ProofError,
    attach,
    hash_data,
    proof_options,
    proof_value,
    proofs,
    verify_proof,
)
from registry.formats.multikey import PublicKey, decode_public_key, key_type_of
from registry.formats.shapes import Shapes


@dataclass(frozen=True)
class Vector:
    """A folder of intermediate values, and what the names of its files end in."""

    folder: Path
    suffix: str
    suite: Cryptosuite
    key_type: KeyType

    def text(self, name: str) -> str:
        return (self.folder / f"{name}{self.suffix}.txt").read_text("utf-8")

    def json(self, name: str) -> Any:
        return json.loads((self.folder / f"{name}{self.suffix}.json").read_bytes())

    def unsigned(self) -> Any:
        return json.loads((self.folder.parent / "unsigned.json").read_bytes())

    def options(self) -> dict[str, Any]:
        proof = self.json("signed")["proof"]
        method, created = proof["verificationMethod"], proof["created"]
        return proof_options(self.suite, verification_method=method, created=created)

    def canonical(self, value: Any) -> bytes:
        return rdfc(value, digest=digest_of(self.key_type)) if self.suite.is_rdfc else jcs(value)

    def digest(self, value: str) -> str:
        return new(digest_of(self.key_type), value.encode()).hexdigest()


FOLDERS = {
    "vc-di-eddsa/eddsa-rdfc-2022": ("DataInt", KeyType.ED25519),
    "vc-di-eddsa/eddsa-jcs-2022": ("JCS", KeyType.ED25519),
    "vc-di-ecdsa/ecdsa-rdfc-2019-p256": ("ECDSAP256", KeyType.P256),
    "vc-di-ecdsa/ecdsa-rdfc-2019-p384": ("ECDSAP384", KeyType.P384),
    "vc-di-ecdsa/ecdsa-jcs-2019-p256": ("JCSECDSAP256", KeyType.P256),
    "vc-di-ecdsa/ecdsa-jcs-2019-p384": ("JCSECDSAP384", KeyType.P384),
}


@pytest.fixture(params=FOLDERS)
def vector(request: pytest.FixtureRequest, standards: Path) -> Vector:
    suffix, key_type = FOLDERS[request.param]
    name = Path(request.param).name
    suite = name.removesuffix("-p256").removesuffix("-p384")
    return Vector(standards / "vectors" / request.param, suffix, Cryptosuite(suite), key_type)


def key_of(proof: dict[str, Any]) -> PublicKey:
    return decode_public_key(proof["verificationMethod"].partition("#")[2])


def test_the_canonical_document(vector: Vector) -> None:
    assert vector.canonical(vector.unsigned()).decode() == vector.text("canonDoc")


def test_the_canonical_proof_configuration(vector: Vector) -> None:
    config = vector.json("proofConfig")
    assert vector.canonical(config).decode() == vector.text("proofCanon")
    assert vector.options() | {"@context": vector.unsigned()["@context"]} == config


def test_the_hashes(vector: Vector) -> None:
    document, config = vector.text("docHash"), vector.text("proofHash")
    assert vector.digest(vector.text("canonDoc")) == document
    assert vector.digest(vector.text("proofCanon")) == config
    assert vector.text("combinedHash") == config + document


def test_what_is_signed(vector: Vector) -> None:
    hashed = hash_data(vector.unsigned(), vector.options(), key_type=vector.key_type)
    assert hashed.hex() == vector.text("combinedHash")


def test_what_is_signed_is_the_same_of_a_shape_that_is_known(vector: Vector) -> None:
    shapes = Shapes()
    other = vector.unsigned() | {"validFrom": "2025-05-05T05:05:05Z"}
    for document in (other, other, vector.unsigned()):
        hashed = hash_data(document, vector.options(), key_type=vector.key_type, shapes=shapes)
    assert hashed.hex() == vector.text("combinedHash")


def test_the_signature_in_each_of_its_forms(vector: Vector) -> None:
    signature = bytes.fromhex(vector.text("sigHex"))
    assert proof_value({"proofValue": vector.text("sigBTC58")}) == signature
    assert proof_value(vector.json("signed")["proof"]) == signature


def test_the_signed_document(vector: Vector) -> None:
    signed = vector.json("signed")
    signature = bytes.fromhex(vector.text("sigHex"))
    secured = attach(vector.unsigned(), vector.options(), signature=signature)
    assert secured == signed | {"proof": [signed["proof"]]}
    assert jcs(secured["proof"][0]) == jcs(signed["proof"])


def test_the_signed_document_verifies_and_an_altered_one_does_not(vector: Vector) -> None:
    signed = vector.json("signed")
    key = key_of(signed["proof"])
    assert key_type_of(key) is vector.key_type
    verify_proof(signed, signed["proof"], public_key=key)
    altered = signed | {"validFrom": "2023-01-01T00:00:01Z"}
    with pytest.raises(ProofError):
        verify_proof(altered, signed["proof"], public_key=key)


# ------------------------------------------------------------------ sets and chains


def read(standards: Path, name: str) -> Any:
    path = standards / f"vectors/vc-di-eddsa/proof-set-chain/{name}.json"
    return json.loads(path.read_bytes())


DOCUMENTS = {
    "signedProofSet1": 1,
    "signedProofSet2": 2,
    "signedProofChain1": 3,
    "signedProofChain2": 4,
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_proof_of_a_set_or_chain_verifies(standards: Path, name: str) -> None:
    document = read(standards, name)
    assert len(proofs(document)) == DOCUMENTS[name]
    for proof in proofs(document):
        verify_proof(document, proof, public_key=key_of(proof))
        altered = document | {"validFrom": "2023-01-01T00:00:01Z"}
        with pytest.raises(ProofError):
            verify_proof(altered, proof, public_key=key_of(proof))


@pytest.mark.parametrize(
    ("before", "config", "after"),
    [
        ("unsigned", "proofSetConfigSigned1", "signedProofSet1"),
        ("signedProofSet1", "proofSetConfigSigned2", "signedProofSet2"),
        ("signedProofSet2", "proofChainConfigSigned1", "signedProofChain1"),
        ("signedProofChain1", "proofChainConfigSigned2", "signedProofChain2"),
    ],
)
def test_a_set_and_a_chain_grow_by_one_proof(
    standards: Path, before: str, config: str, after: str
) -> None:
    proof = read(standards, config)
    options = {key: value for key, value in proof.items() if key != "proofValue"}
    grown = attach(read(standards, before), options, signature=proof_value(proof))
    expected = read(standards, after)
    assert grown == expected | {"proof": proofs(expected)}
    made = proof_options(
        Cryptosuite(options["cryptosuite"]),
        verification_method=options["verificationMethod"],
        created=options["created"],
        previous_proof=options.get("previousProof"),
        proof_id=options.get("id"),
    )
    assert made == options


@pytest.mark.parametrize("number", [1, 2])
def test_what_a_link_of_a_chain_signs(standards: Path, number: int) -> None:
    # The document with the proofs the link names, as the specification shows it in between.
    options = read(standards, f"proofChainConfig{number}")
    before = {1: "signedProofSet2", 2: "signedProofChain1"}[number]
    between = read(standards, f"proofChainTempDoc{number}")
    forms = rdfc(options | {"@context": between["@context"]}), rdfc(between)
    expected = b"".join(new("sha256", form).digest() for form in forms)
    assert hash_data(read(standards, before), options) == expected
