"""Bitstring Status List v1.0: the examples of the Recommendation, and one list in detail."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from registry.formats.bitstring import decode, encode, parse_index, value
from registry.formats.data_integrity import proofs, verify_proof
from registry.formats.multikey import decode_public_key


@pytest.fixture(scope="module")
def examples(standards: Path) -> dict[str, Any]:
    path = standards / "vectors/bitstring-status-list-rec-examples.json"
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


@pytest.fixture(scope="module")
def lists(standards: Path) -> list[dict[str, Any]]:
    path = standards / "vectors/own-cross-format.json"
    found: list[dict[str, Any]] = json.loads(path.read_bytes())["vectors"]
    return found


def test_the_examples_verify(examples: dict[str, Any]) -> None:
    suites = []
    for document in examples["data_integrity"]:
        [proof] = proofs(document)
        # These name the key by a did:key without a fragment.
        key = decode_public_key(proof["verificationMethod"].removeprefix("did:key:"))
        verify_proof(document, proof, public_key=key)
        suites.append(proof["cryptosuite"])
    assert sorted(suites) == ["ecdsa-rdfc-2019"] * 2 + ["eddsa-rdfc-2022"] * 2


def test_the_status_of_the_example_credential_is_unset(examples: dict[str, Any]) -> None:
    _, credential, _, status_list = examples["data_integrity"]
    bits = decode(status_list["credentialSubject"]["encodedList"])
    assert value(bits, parse_index(credential["credentialStatus"]["statusListIndex"])) == 0


def test_the_list_of_zeros_decodes_to_16384_zero_bytes(examples: dict[str, Any]) -> None:
    assert decode(examples["encodedList_all_zero_131072"]) == bytes(16_384)


def test_each_index_is_where_both_bit_orders_agree_it_is(lists: list[dict[str, Any]]) -> None:
    assert lists
    for vector in lists:
        bits = decode(vector["bitstring_encodedList_mtime0"])
        assert sha256(bits).hexdigest() == vector["bitstring_msb_first_sha256"]
        assert bits[:1].hex() == vector["bitstring_first_byte"]
        found = [
            index for index in range(vector["entries"]) if bits[index // 8] and value(bits, index)
        ]
        assert found == vector["indices_set"]
        encoded = encode(bits).text
        assert decode(encoded) == bits
        assert len(encoded) <= len(vector["bitstring_encodedList_mtime0"])
