from typing import Any

import pytest

from registry.formats.did import (
    DidError,
    assertion_key,
    did_document,
    did_key,
    did_key_document,
    did_web,
    did_web_document_url,
)
from registry.formats.multikey import decode_public_key

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


def test_a_did_key_stands_for_its_one_key() -> None:
    document = did_key_document(did_key(KEY))
    assert assertion_key(document, f"did:key:{KEY}#{KEY}") == decode_public_key(KEY)


@pytest.mark.parametrize("did", [DID, "did:key:", "did:key:u6Mk", f"did:key:{KEY}#{KEY}"])
def test_what_is_not_a_did_key_has_no_document(did: str) -> None:
    with pytest.raises(DidError):
        did_key_document(did)


def test_every_listed_key_may_sign_assertions() -> None:
    document = did_document(DID, assertion_keys=[KEY, OTHER_KEY])
    assert document["assertionMethod"] == [f"{DID}#{KEY}", f"{DID}#{OTHER_KEY}"]
    for key in (KEY, OTHER_KEY):
        assert assertion_key(document, f"{DID}#{key}") == decode_public_key(key)


def test_a_key_may_be_embedded_or_named_by_its_fragment() -> None:
    document = did_document(DID, assertion_keys=[KEY])
    embedded = document | {"assertionMethod": document["verificationMethod"]}
    del embedded["verificationMethod"]
    relative = document | {"assertionMethod": [f"#{KEY}"]}
    for variant in (embedded, relative):
        assert assertion_key(variant, f"{DID}#{KEY}") == decode_public_key(KEY)


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
