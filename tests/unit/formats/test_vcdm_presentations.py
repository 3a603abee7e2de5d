"""The structure of presentations (VCDM 2.0 §4.13)."""

from typing import Any

import pytest

from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.vcdm import presentation_problems
from tests.unit.formats.vcdm_documents import fields, presentation, without


def test_a_presentation_needs_no_credential_and_no_holder() -> None:
    assert presentation_problems(presentation()) == ()


def test_a_presentation_is_named_as_one() -> None:
    assert fields(presentation_problems(presentation(type="Presentation"))) == ["type"]


def test_a_presentation_begins_with_the_context_of_credentials() -> None:
    found = presentation_problems(presentation(**{"@context": ["https://example.org/c"]}))
    assert fields(found) == ["@context"]


@pytest.mark.parametrize("holder", ["not a url", 7, None, {}, {"id": "not a url"}])
def test_a_holder_is_named_by_a_url(holder: Any) -> None:
    assert fields(presentation_problems(presentation(holder=holder))) == ["holder"]


@pytest.mark.parametrize("holder", ["did:example:h", {"id": "did:example:h"}])
def test_a_holder_may_be_an_object(holder: Any) -> None:
    assert presentation_problems(presentation(holder=holder)) == ()


def test_a_token_is_presented_in_an_envelope_only() -> None:
    found = presentation_problems(presentation(verifiableCredential=["eyJ.e30.c2ln"]))
    assert fields(found) == ["verifiableCredential[0]"]


def test_what_is_presented_is_a_credential() -> None:
    found = presentation_problems(presentation(verifiableCredential=[{"type": ["Other"]}]))
    assert fields(found) == ["verifiableCredential[0].type"]


def test_an_envelope_carries_its_token_in_a_data_url() -> None:
    envelope = {
        "@context": CREDENTIALS_V2,
        "id": "data:application/vc+jwt,eyJ.e30.c2ln",
        "type": "EnvelopedVerifiableCredential",
    }
    assert presentation_problems(presentation(verifiableCredential=[envelope])) == ()
    bare = [envelope | {"id": "https://example.org/c"}, without(envelope, "@context")]
    assert fields(presentation_problems(presentation(verifiableCredential=bare))) == [
        "verifiableCredential[0].id",
        "verifiableCredential[1].@context",
    ]


def test_the_terms_of_use_of_a_presentation_have_a_type() -> None:
    found = presentation_problems(presentation(termsOfUse={"id": "https://example.org/t"}))
    assert fields(found) == ["termsOfUse.type"]
