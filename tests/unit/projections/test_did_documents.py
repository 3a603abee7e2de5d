"""A DID document's version says which keys are in it and in which form it is written."""

import json
from hashlib import sha256

from projections.did_documents import (
    FORM,
    document_bytes,
    document_version,
    signing_key,
    withdrawn_methods,
)
from registry.domain.securing import KeyType

ED25519 = "z6MkufbvBqDm2G8W8kBq11VFRmc4BTK32ZsSzkqdopE9JoSz"
P256 = "zDnaeqjLT72t7SNh5MgzMmvMw7kmYZSDKT5YxidQd2gBRJrFo"
DID = "did:web:registry.example.org:issuers:one"
ISSUER = {"did": DID, "keys": {ED25519: False, P256: True}, "compromised": {}, "aliases": []}
WRITTEN = {2: "94fef5d416c0940d06051ab18f46c51edd7c0b4512ff688b9a14f2710e8e51f9"}


def test_form_counts_up_whenever_the_same_keys_come_to_give_other_bytes() -> None:
    """Otherwise what is served stays as an earlier release wrote it. If this fails, raise FORM."""
    assert sha256(document_bytes(ISSUER)).hexdigest() == WRITTEN[FORM]


def test_compromised_key_leaves_the_document_in_both_its_forms() -> None:
    document = json.loads(document_bytes(ISSUER | {"compromised": {ED25519: "2026"}}))
    stayed = {method["id"] for method in document["verificationMethod"]}
    assert stayed == set(document["assertionMethod"]) == withdrawn_methods(DID, [P256])
    assert not stayed & withdrawn_methods(DID, [ED25519])


def test_alias_stands_in_the_document() -> None:
    document = json.loads(document_bytes(ISSUER | {"aliases": ["https://old.example.org"]}))
    assert document["alsoKnownAs"] == ["https://old.example.org"]


def test_newer_keys_count_before_the_form_and_the_form_before_an_older_release() -> None:
    of_step = [document_version({"version": version}) for version in (1, 2, 3)]
    assert of_step == sorted(of_step)
    assert all(number > version for version, number in enumerate(of_step, 1))
    assert document_version({"version": 1}) % 100 == FORM


def test_newest_active_key_of_a_type_signs() -> None:
    keys = {ED25519: False, P256: True}
    assert signing_key(keys, KeyType.P256) == P256
    assert signing_key(keys, KeyType.ED25519) is None
    assert signing_key(keys, KeyType.RSA) is None
