import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from pyld.jsonld import JsonLdProcessor

from registry.domain.securing import KeyType
from registry.formats import contexts
from registry.formats.did import (
    DidError,
    KeyNotSupportedError,
    assertion_key,
    authentication_key,
    did_document,
    did_jwk_document,
    did_key,
    did_key_document,
    did_web,
    did_web_document_url,
    method_id,
)
from registry.formats.jwk import thumbprint, to_jwk
from registry.formats.multibase import b58_encode, b64url_encode
from registry.formats.multikey import decode_public_key, encode_public_key, key_type_of
from tests.unit.formats.signers import public_key

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
SECURITY = "https://w3id.org/security#"
KEY = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
OTHER_KEY = "zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"
DID = "did:web:issuer.example"


@pytest.mark.parametrize(
    ("url", "path", "did", "document_url"),
    [
        (
            "https://localhost:8443",
            ("issuers", "a1"),
            "did:web:localhost%3A8443:issuers:a1",
            "https://localhost:8443/issuers/a1/did.json",
        ),
        (
            "https://Registry.example/base/",
            ("x",),
            "did:web:registry.example:base:x",
            "https://registry.example/base/x/did.json",
        ),
        (
            "https://registry.example:443",
            (),
            "did:web:registry.example",
            "https://registry.example/.well-known/did.json",
        ),
    ],
)
def test_a_did_web_leads_to_its_document(
    url: str, path: tuple[str, ...], did: str, document_url: str
) -> None:
    assert did_web(url, *path) == did
    assert did_web_document_url(did) == document_url


@pytest.mark.parametrize(
    "url",
    [
        "http://registry.example",
        "https://",
        "https://127.0.0.1:8443",
        "https://[::1]",
        "https://registry.example:99999",
        "https://registry.example:",
        "https://[",
        "https://me@registry.example",
        "https://registry.example?a=b",
        "https://registry.example#a",
        "https://registry.example/a//b",
        "https://registry.example/%2e%2e",
        "https://-registry.example",
    ],
)
def test_a_url_that_no_did_web_stands_for_is_refused(url: str) -> None:
    with pytest.raises(DidError):
        did_web(url)


@pytest.mark.parametrize(
    "segment", ["", ".", "..", "a/b", "a:b", "a b", "a%20b", "a#b", "ą", "a\n"]
)
def test_a_path_segment_of_other_characters_is_refused(segment: str) -> None:
    with pytest.raises(DidError):
        did_web("https://registry.example", segment)


@pytest.mark.parametrize(
    "did",
    [
        "did:web:",
        "did:web:127.0.0.1",
        "did:web:registry.example%3A0",
        "did:web:registry.example%3A99999",
        "did:web:registry.example%3A8443%2Fetc",
        "did:web:registry.example:..:a",
        "did:web:registry.example:",
        "did:web:registry.example::a",
        "did:web:registry.example#key",
        "did:web:registry.example/path",
        "did:web:user@registry.example",
        "did:web:registry.example:a\n",
        "did:key:" + KEY,
    ],
)
def test_a_did_that_leads_elsewhere_has_no_document_url(did: str) -> None:
    with pytest.raises(DidError):
        did_web_document_url(did)


@pytest.mark.parametrize("key_type", KeyType)
def test_a_did_key_stands_for_its_one_key(key_type: KeyType) -> None:
    key = encode_public_key(public_key(key_type))
    document = did_key_document(did_key(key))
    method = f"did:key:{key}#{key}"
    assert assertion_key(document, method) == decode_public_key(key)
    assert authentication_key(document, method) == decode_public_key(key)


@pytest.mark.parametrize("did", [DID, "did:key:", "did:key:u6Mk", f"did:key:{KEY}#{KEY}"])
def test_what_is_not_a_did_key_has_no_document(did: str) -> None:
    with pytest.raises(DidError):
        did_key_document(did)


def did_jwk(jwk: object) -> str:
    return f"did:jwk:{b64url_encode(json.dumps(jwk).encode())}"


@pytest.mark.parametrize("key_type", KeyType)
def test_a_did_jwk_stands_for_its_one_key(key_type: KeyType) -> None:
    did = did_jwk(to_jwk(public_key(key_type)))
    document = did_jwk_document(did)
    assert document["id"] == did
    for read in (assertion_key, authentication_key):
        assert read(document, f"{did}#0") == public_key(key_type)


def test_the_example_of_the_did_jwk_method_is_read() -> None:
    did = (
        "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6O"
        "TFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9"
    )
    assert key_type_of(assertion_key(did_jwk_document(did), f"{did}#0")) is KeyType.P256


JWK = to_jwk(decode_public_key(KEY))


@pytest.mark.parametrize(
    "did",
    [
        DID,
        "did:jwk:",
        "did:jwk:e30=",
        did_jwk(JWK) + "#0",
        did_jwk([]),
        did_jwk({}),
        did_jwk(JWK | {"use": "enc"}),
        did_jwk(JWK | {"d": "AA"}),
        did_jwk({"kty": "oct", "k": "AA"}),
        f"did:jwk:{b64url_encode(b'{')}",
        f"did:jwk:{'A' * 4_097}",
    ],
)
def test_what_is_not_a_did_jwk_of_a_signing_key_has_no_document(did: str) -> None:
    with pytest.raises(DidError):
        did_jwk_document(did)


@pytest.mark.parametrize("key_type", KeyType)
def test_a_listed_key_may_sign_assertions_under_either_id(key_type: KeyType) -> None:
    key = encode_public_key(public_key(key_type))
    document = did_document(DID, assertion_keys=[OTHER_KEY, key])
    for is_jwt in (False, True):
        method = method_id(DID, key, is_jwt=is_jwt)
        assert method in document["assertionMethod"]
        assert assertion_key(document, method) == public_key(key_type)


def test_each_key_stands_in_the_document_as_multikey_and_as_json_web_key() -> None:
    document = did_document(DID, assertion_keys=[KEY, OTHER_KEY])
    found = [(method["id"], method["type"]) for method in document["verificationMethod"]]
    assert found == [
        (f"{DID}#{KEY}", "Multikey"),
        (f"{DID}#{thumbprint(decode_public_key(KEY))}", "JsonWebKey"),
        (f"{DID}#{OTHER_KEY}", "Multikey"),
        (f"{DID}#{thumbprint(decode_public_key(OTHER_KEY))}", "JsonWebKey"),
    ]
    assert document["assertionMethod"] == [method_id for method_id, _ in found]
    for method in document["verificationMethod"][1::2]:
        assert method["id"] == f"{DID}#{method['publicKeyJwk']['kid']}"
    assert "authentication" not in document


def test_an_issuers_key_does_not_authenticate_anybody() -> None:
    document = did_document(DID, assertion_keys=[KEY])
    with pytest.raises(DidError, match="authentication"):
        authentication_key(document, f"{DID}#{KEY}")


def test_the_one_key_of_a_did_key_has_one_id() -> None:
    for is_jwt in (False, True):
        assert method_id(did_key(KEY), KEY, is_jwt=is_jwt) == f"did:key:{KEY}#{KEY}"


def test_a_key_that_is_none_has_no_id_and_no_document() -> None:
    with pytest.raises(DidError):
        method_id(DID, "z6Mk", is_jwt=True)
    with pytest.raises(DidError):
        did_document(DID, assertion_keys=["z6Mk"])


def test_a_key_may_be_embedded_or_named_by_its_fragment() -> None:
    document = did_document(DID, assertion_keys=[KEY])
    embedded = document | {"assertionMethod": document["verificationMethod"]}
    del embedded["verificationMethod"]
    relative = document | {"assertionMethod": [f"#{KEY}"]}
    for variant in (embedded, relative):
        assert assertion_key(variant, f"{DID}#{KEY}") == decode_public_key(KEY)


def published(**members: Any) -> dict[str, Any]:
    """Return a document with one key, as somebody else publishes it."""
    method = {"id": "#1", "controller": DID} | members
    return {"id": DID, "verificationMethod": [method], "assertionMethod": ["#1"]}


EC_JWK = to_jwk(decode_public_key(OTHER_KEY))


@pytest.mark.parametrize(
    ("members", "key"),
    [
        ({"type": "Multikey", "publicKeyMultibase": OTHER_KEY}, OTHER_KEY),
        ({"type": "JsonWebKey", "publicKeyJwk": EC_JWK}, OTHER_KEY),
        ({"type": "JsonWebKey2020", "publicKeyJwk": JWK | {"kid": "1"}}, KEY),
        ({"type": "Ed25519VerificationKey2020", "publicKeyMultibase": KEY}, KEY),
        ({"type": "Multikey", "publicKeyMultibase": KEY, "expires": "2026-11-22T18:00:01Z"}, KEY),
        ({"type": "Multikey", "publicKeyMultibase": KEY, "revoked": "2027-01-01T00:00:00Z"}, KEY),
    ],
)
def test_keys_are_read_in_the_forms_others_publish(members: dict[str, Any], key: str) -> None:
    found = assertion_key(published(**members), f"{DID}#1", now=NOW)
    assert found == decode_public_key(key)


@pytest.mark.parametrize(
    "members",
    [
        {"type": "Multikey", "publicKeyJwk": JWK},
        {"type": "JsonWebKey", "publicKeyMultibase": KEY},
        {"type": "Multikey", "publicKeyMultibase": KEY, "publicKeyJwk": EC_JWK},
        {"type": "Multikey", "publicKeyMultibase": KEY, "secretKeyMultibase": "z3u2"},
        {"type": "Multikey", "publicKeyMultibase": KEY, "privateKeyJwk": {}},
        {"type": "JsonWebKey", "publicKeyJwk": JWK | {"d": "AA"}},
        {"type": "JsonWebKey", "publicKeyJwk": "{}"},
        {"type": "JsonWebKey", "publicKeyJwk": EC_JWK | {"use": "enc"}},
        {"type": "Ed25519VerificationKey2020", "publicKeyMultibase": OTHER_KEY},
        {"type": "Multikey", "publicKeyMultibase": KEY, "expires": "2026-11-22T18:00:00Z"},
        {"type": "Multikey", "publicKeyMultibase": KEY, "revoked": "2020-01-01T00:00:00Z"},
        {"type": "Multikey", "publicKeyMultibase": KEY, "revoked": "soon"},
        {"type": "Multikey", "publicKeyMultibase": KEY, "controller": [DID]},
        {"type": "Multikey", "publicKeyMultibase": KEY, "id": 7},
    ],
)
def test_a_method_that_contradicts_itself_or_is_over_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(DidError):
        assertion_key(published(**members), f"{DID}#1", now=NOW)


def test_a_key_with_an_end_needs_a_clock() -> None:
    end = {"expires": "2027-01-01T00:00:00Z"}
    with pytest.raises(DidError):
        assertion_key(published(type="Multikey", publicKeyMultibase=KEY, **end), f"{DID}#1")


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        (
            "EcdsaSecp256k1VerificationKey2019",
            {"type": "EcdsaSecp256k1VerificationKey2019", "publicKeyJwk": EC_JWK},
        ),
        (["Multikey"], {"type": ["Multikey"], "publicKeyMultibase": KEY}),
        (None, {"publicKeyMultibase": KEY}),
        ("EC secp256k1", {"type": "JsonWebKey", "publicKeyJwk": EC_JWK | {"crv": "secp256k1"}}),
        (
            "secp256k1",
            {"type": "Multikey", "publicKeyMultibase": "z" + b58_encode(b"\xe7\x01" + bytes(33))},
        ),
    ],
)
def test_a_key_that_is_not_supported_is_told_from_one_that_is_not_given(
    kind: object, members: dict[str, Any]
) -> None:
    with pytest.raises(KeyNotSupportedError) as raised:
        assertion_key(published(**members), f"{DID}#1", now=NOW)
    assert raised.value.kind == kind


def context(url: str, _: object) -> dict[str, Any]:
    return {"document": deepcopy(contexts.load(url)), "documentUrl": url, "contextUrl": None}


def test_the_words_of_the_documents_are_those_of_their_contexts() -> None:
    for document in (
        did_document(DID, assertion_keys=[KEY, OTHER_KEY]),
        did_key_document(did_key(KEY)),
        did_jwk_document(did_jwk(JWK)),
    ):
        [expanded] = JsonLdProcessor().expand(document, {"documentLoader": context})
        assert len(expanded[f"{SECURITY}verificationMethod"]) >= 1
        for method in expanded[f"{SECURITY}verificationMethod"]:
            assert method["@type"][0] in {f"{SECURITY}Multikey", f"{SECURITY}JsonWebKey"}
            assert {f"{SECURITY}publicKeyMultibase", f"{SECURITY}publicKeyJwk"} & method.keys()


def without_assertions(document: dict[str, Any]) -> None:
    document["authentication"] = document.pop("assertionMethod")


def another_subject(document: dict[str, Any]) -> None:
    document["id"] = "did:web:other.example"


def another_controller(document: dict[str, Any]) -> None:
    document["verificationMethod"][0]["controller"] = "did:web:other.example"


def another_type(document: dict[str, Any]) -> None:
    document["verificationMethod"][0]["type"] = "JsonWebKey"


def two_with_one_id(document: dict[str, Any]) -> None:
    document["verificationMethod"] *= 2


def no_such_method(document: dict[str, Any]) -> None:
    document["verificationMethod"][0]["id"] = f"{DID}#other"


def no_key(document: dict[str, Any]) -> None:
    del document["verificationMethod"][0]["publicKeyMultibase"]


def a_broken_key(document: dict[str, Any]) -> None:
    document["verificationMethod"][0]["publicKeyMultibase"] = "z6Mk"


def not_arrays(document: dict[str, Any]) -> None:
    document["assertionMethod"] = document["assertionMethod"][0]


@pytest.mark.parametrize(
    "spoil",
    [
        without_assertions,
        another_subject,
        another_controller,
        another_type,
        two_with_one_id,
        no_such_method,
        no_key,
        a_broken_key,
        not_arrays,
    ],
)
def test_a_key_its_owner_does_not_give_for_assertions_is_refused(spoil: Any) -> None:
    document = did_document(DID, assertion_keys=[KEY])
    spoil(document)
    with pytest.raises(DidError):
        assertion_key(document, f"{DID}#{KEY}")


def test_a_verification_method_without_a_fragment_names_no_key() -> None:
    with pytest.raises(DidError):
        assertion_key(did_document(DID, assertion_keys=[KEY]), DID)
