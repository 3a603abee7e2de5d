"""The digest of a signed document is the same for every copy that says the same."""

import json
from hashlib import sha256

import pytest

from registry.formats.canonical import jcs
from registry.formats.document_digest import DocumentUnreadableError, document_digest
from registry.formats.vc_jwt import envelope

DOCUMENT = {"name": "Zażółć", "proof": {"proofValue": "z1"}, "id": "urn:x", "n": 1.5}
TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJhIjoxfQ.c2ln"


def test_json_is_digested_in_its_canonical_form() -> None:
    assert document_digest(jcs(DOCUMENT)) == sha256(jcs(DOCUMENT)).hexdigest()


@pytest.mark.parametrize("indent", [None, 2])
def test_spaces_and_order_of_members_make_no_difference(indent: int | None) -> None:
    turned = dict(reversed(DOCUMENT.items()))

    copy = json.dumps(turned, indent=indent).encode() + b"\n"

    assert document_digest(copy) == document_digest(jcs(DOCUMENT))


def test_proof_is_part_of_what_is_digested() -> None:
    other = DOCUMENT | {"proof": {"proofValue": "z2"}}

    assert document_digest(jcs(other)) != document_digest(jcs(DOCUMENT))


def test_token_is_digested_as_it_stands() -> None:
    assert document_digest(TOKEN.encode() + b"\r\n") == sha256(TOKEN.encode()).hexdigest()


def test_envelope_has_the_digest_of_its_token() -> None:
    enveloped = json.dumps(envelope(TOKEN)).encode()

    assert document_digest(enveloped) == document_digest(TOKEN.encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"a":1,"a":2}',
        b"eyJ.eyJ",
        b"a.b.c.d",
        b"a.b.\xc4\x85",
        b'{"a":1} {"b":2}',
    ],
)
def test_what_is_neither_json_nor_a_token_is_refused(body: bytes) -> None:
    with pytest.raises(DocumentUnreadableError):
        document_digest(body)
