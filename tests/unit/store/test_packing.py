"""Documents are packed to a fraction, and those stored before they were packed still open."""

import json

import pytest

from registry.store.packing import packed, unpacked
from tests.making import definition

BADGE = json.dumps(definition()).encode()
TOKEN = b"eyJhbGciOiJFZDI1NTE5In0.e30.c2lnbmF0dXJl"


@pytest.mark.parametrize("document", [BADGE, TOKEN, b"", b"\x01", "ż".encode() * 300_000])
def test_document_comes_out_as_it_went_in(document: bytes) -> None:
    assert unpacked(packed(document)) == document


@pytest.mark.parametrize("document", [BADGE, TOKEN])
def test_document_that_was_stored_as_it_is_stays_as_it_is(document: bytes) -> None:
    assert unpacked(document) == document


def test_badge_takes_half_its_bytes_at_most() -> None:
    assert len(packed(BADGE)) < len(BADGE) / 2
