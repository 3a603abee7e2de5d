"""What Bitstring Status List v1.0 requires of documents and contexts and no other test holds."""

from typing import Any

import pytest

from registry.formats import bitstring, canonical, contexts, status_list_credential
from registry.formats.vcdm import problems

LIST = "https://issuer.example/status/1"
VOCABULARY = "https://www.w3.org/ns/credentials/status#"


@pytest.fixture
def status_list() -> dict[str, Any]:
    return status_list_credential.build(
        url=LIST,
        issuer="did:example:issuer",
        purpose="revocation",
        encoded_list=bitstring.encode(bytes(16_384)).text,
        valid_from="2026-01-01T00:00:00Z",
        valid_until="2026-02-01T00:00:00Z",
        ttl_ms=300_000,
    )


def test_a_published_list_is_a_conforming_credential(status_list: dict[str, Any]) -> None:
    assert problems(status_list) == ()


def test_a_credential_with_an_entry_is_a_conforming_credential(badge: dict[str, Any]) -> None:
    badge["credentialStatus"] = [
        status_list_credential.entry(f"{LIST}/{purpose}", purpose=purpose, index=7)
        for purpose in ("revocation", "suspension")
    ]
    assert problems(badge) == ()


def test_the_terms_of_a_list_are_those_of_the_vocabulary(status_list: dict[str, Any]) -> None:
    written = canonical.rdfc(status_list).decode()
    for term in ("BitstringStatusList", "encodedList", "statusPurpose", "ttl"):
        assert f"<{VOCABULARY}{term}>" in written


def test_the_terms_of_an_entry_are_those_of_the_vocabulary(badge: dict[str, Any]) -> None:
    written = canonical.rdfc(badge).decode()
    for term in (
        "BitstringStatusListEntry",
        "statusPurpose",
        "statusListIndex",
        "statusListCredential",
    ):
        assert f"<{VOCABULARY}{term}>" in written


def test_the_context_of_status_lists_is_the_copy_the_specification_prints() -> None:
    digest = contexts.BUNDLED["https://www.w3.org/ns/credentials/status/v1"]
    assert digest == "fda5add353231e6a6884a46b12e6c75464281900cb348284d9c360f62381d9f7"
    assert contexts.load("https://www.w3.org/ns/credentials/status/v1")


def test_every_bit_of_a_new_list_is_zero(status_list: dict[str, Any]) -> None:
    bits = bitstring.decode(status_list["credentialSubject"]["encodedList"])
    assert bits == bytes(16_384)
