"""Endorsements of issuers: what an accreditor says, in a form that Open Badges defines."""

from dataclasses import replace

import pytest

from registry.formats.endorsement import Endorsement, build_endorsement
from registry.formats.vcdm import check_issuable

ENDORSEMENT = Endorsement(
    credential_id="urn:uuid:0c8ba0d1-3c5f-4c31-8a72-3b6b0c3b4b10",
    issuer_id="did:web:university.example",
    accreditor_id="did:web:commission.example",
    accreditor_name="Commission",
    accreditor_url="https://commission.example",
    scheme_pl="Komisja",
    scheme_en="Commission",
    scheme_url="https://commission.example/rules",
    scope="Informatyka",
    valid_from="2026-01-01T00:00:00.000Z",
)


@pytest.mark.parametrize("until", [None, "2027-01-01T00:00:00.000Z"])
def test_every_word_of_an_endorsement_is_defined(until: str | None) -> None:
    document = build_endorsement(replace(ENDORSEMENT, valid_until=until))
    check_issuable(document)
    assert document.get("validUntil") == until


def test_comment_says_the_scope_in_both_languages() -> None:
    subject = build_endorsement(ENDORSEMENT)["credentialSubject"]
    assert subject["id"] == "did:web:university.example"
    assert "Akredytacja w systemie „Komisja”. Zakres: Informatyka." in subject["endorsementComment"]
    assert "Accredited under “Commission”. Scope: Informatyka." in subject["endorsementComment"]
