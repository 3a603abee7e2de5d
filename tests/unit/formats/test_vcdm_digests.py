"""Related resources and their digests (VCDM 2.0 §5.3)."""

from base64 import b64encode
from hashlib import sha256, sha384, sha512
from typing import Any

import pytest

from registry.formats import contexts
from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.multibase import b58_encode, b64url_encode
from registry.formats.vcdm import problems

CONTENT = contexts.content(CREDENTIALS_V2)


def sri(name: str, digest: bytes) -> str:
    return f"{name}-{b64encode(digest).decode()}"


def fields(*resources: Any) -> list[str]:
    document = {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiableCredential"],
        "issuer": "did:example:issuer",
        "credentialSubject": {"id": "did:example:subject"},
        "relatedResource": list(resources),
    }
    return [problem.field for problem in problems(document)]


RIGHT = [
    {"digestSRI": sri("sha256", sha256(CONTENT).digest())},
    {"digestSRI": sri("sha384", sha384(CONTENT).digest())},
    {"digestSRI": sri("sha512", sha512(CONTENT).digest()) + "?option"},
    {"digestMultibase": "u" + b64url_encode(b"\x12\x20" + sha256(CONTENT).digest())},
    {"digestMultibase": "z" + b58_encode(b"\x20\x30" + sha384(CONTENT).digest())},
    {"digestMultibase": "u" + b64url_encode(sha256(CONTENT).digest())},
]


@pytest.mark.parametrize("digest", RIGHT)
def test_the_digest_of_a_bundled_context_is_right(digest: dict[str, str]) -> None:
    assert fields({"id": CREDENTIALS_V2} | digest) == []


WRONG = [
    {"digestSRI": sri("sha256", bytes(32))},
    {"digestSRI": sri("sha384", bytes(48))},
    {"digestMultibase": "u" + b64url_encode(b"\x12\x20" + bytes(32))},
    {"digestMultibase": "z" + b58_encode(b"\x20\x30" + bytes(48))},
    {"digestMultibase": "u" + b64url_encode(bytes(32))},
]


@pytest.mark.parametrize("digest", WRONG)
def test_a_wrong_digest_of_a_bundled_context_is_refused(digest: dict[str, str]) -> None:
    [name] = digest
    assert fields({"id": CREDENTIALS_V2} | digest) == [f"relatedResource[0].{name}"]


@pytest.mark.parametrize("digest", WRONG)
def test_nothing_is_said_of_resources_that_are_not_bundled(digest: dict[str, str]) -> None:
    assert fields({"id": "https://example.org/resource"} | digest) == []


def test_of_several_digests_the_strongest_counts() -> None:
    right, wrong = sri("sha256", sha256(CONTENT).digest()), sri("sha512", bytes(64))
    found = fields({"id": CREDENTIALS_V2, "digestSRI": f"{right} {wrong}"})
    assert found == ["relatedResource[0].digestSRI"]


def test_of_several_digests_of_one_kind_any_may_match() -> None:
    right, wrong = sri("sha256", sha256(CONTENT).digest()), sri("sha256", bytes(32))
    assert fields({"id": CREDENTIALS_V2, "digestSRI": f"{wrong} {right}"}) == []


@pytest.mark.parametrize(
    "digest",
    [
        {"digestSRI": ""},
        {"digestSRI": 7},
        {"digestSRI": "sha256"},
        {"digestSRI": "md5-" + "A" * 22 + "=="},
        {"digestSRI": "sha256-" + "ab" * 32},
        {"digestSRI": "sha256-A"},
        {"digestMultibase": 7},
        {"digestMultibase": ""},
        {"digestMultibase": "f1220" + "ab" * 32},
        {"digestMultibase": "u="},
        {"digestMultibase": "u" + b64url_encode(b"not a multihash")},
        {"digestMultibase": "u" + b64url_encode(b"\x12\x20" + bytes(31))},
    ],
)
def test_a_digest_that_cannot_be_read_is_refused(digest: dict[str, Any]) -> None:
    [name] = digest
    assert fields({"id": "https://example.org/a"} | digest) == [f"relatedResource[0].{name}"]


def test_a_resource_has_a_digest() -> None:
    assert fields({"id": CREDENTIALS_V2}) == ["relatedResource[0]"]


def test_a_resource_has_an_id() -> None:
    assert fields(RIGHT[0]) == ["relatedResource[0].id"]


def test_a_resource_is_named_once() -> None:
    resource = {"id": CREDENTIALS_V2} | RIGHT[0]
    assert fields(resource, resource) == ["relatedResource[1].id"]


def test_a_resource_is_an_object() -> None:
    assert fields(CREDENTIALS_V2) == ["relatedResource[0]"]


def test_a_list_of_no_resources_is_refused() -> None:
    assert fields() == ["relatedResource"]
