"""A holder rewrites a credential so that its graph, and so its signature, stay the same."""

from typing import Any

import pytest

from registry.formats import canonical
from registry.formats.contexts import CREDENTIALS_V2, OPEN_BADGES_V3
from registry.verification.report import Verdict
from tests.unit.verification.world import (
    CREDENTIAL_ID,
    Document,
    Issuer,
    Web,
    World,
    codes,
    only,
    unsigned,
)

ENDED = "2026-02-01T00:00:00Z"
CREDENTIALS = "https://www.w3.org/2018/credentials#"
DATE_TIME = "http://www.w3.org/2001/XMLSchema#dateTime"


def without(document: Document, field: str) -> Document:
    return {name: value for name, value in document.items() if name != field}


def graph(document: Document) -> bytes:
    return canonical.rdfc(without(document, "proof"))


def test_the_end_cannot_be_hidden_behind_an_absolute_iri(world: World, issuer: Issuer) -> None:
    signed = issuer.credential(validUntil=ENDED, credentialStatus=None)
    hidden = without(signed, "validUntil")
    hidden[f"{CREDENTIALS}validUntil"] = {"@value": ENDED, "@type": DATE_TIME}
    assert graph(hidden) == graph(signed), "the signature still fits"
    report = world.verify(hidden)
    assert report.verdict is Verdict.UNKNOWN
    assert only(report, "contexts").code == "not-compact"


def test_the_status_cannot_be_hidden_behind_an_absolute_iri(world: World, issuer: Issuer) -> None:
    signed = issuer.credential()
    hidden = without(signed, "credentialStatus")
    hidden[f"{CREDENTIALS}credentialStatus"] = signed["credentialStatus"]
    assert graph(hidden) == graph(signed), "the signature still fits"
    assert world.verify(hidden).verdict is Verdict.UNKNOWN


def test_the_end_cannot_be_moved_into_a_part_with_the_credentials_own_id(
    world: World, issuer: Issuer
) -> None:
    """An endorsement inside the badge may point at the badge, which gives a place to move to."""
    evidence = {"id": CREDENTIAL_ID, "type": ["VerifiableCredential", "Evidence"]}
    signed = issuer.credential(
        validUntil=ENDED, credentialStatus=None, evidence=[evidence], type=BADGE_WITH_EVIDENCE
    )
    moved = without(signed, "validUntil") | {"evidence": [{**evidence, "validUntil": ENDED}]}
    assert graph(moved) == graph(signed), "the signature still fits"
    assert world.verify(signed).verdict is Verdict.EXPIRED
    assert world.verify(moved).verdict is Verdict.UNKNOWN


BADGE_WITH_EVIDENCE = ["VerifiableCredential", "OpenBadgeCredential", "Evidence"]


@pytest.mark.parametrize("keyword", ["@nest", "@included", "@graph", "@reverse", "@id", "@type"])
def test_keywords_that_move_fields_about_are_unknown(
    world: World, issuer: Issuer, keyword: str
) -> None:
    signed = issuer.credential(validUntil=ENDED)
    hidden = without(signed, "validUntil") | {keyword: {"validUntil": ENDED}}
    assert codes(world.verify(hidden))[1] == "not-compact"


@pytest.mark.parametrize(
    "context",
    [
        {"end": {"@id": f"{CREDENTIALS}validUntil", "@type": DATE_TIME}},
        {"@vocab": "https://anything.example/"},
        None,
        ["https://nested.example/"],
    ],
)
def test_a_context_written_into_the_document_is_unknown(
    world: World, web: Web, issuer: Issuer, context: Any
) -> None:
    signed = issuer.credential()
    report = world.verify({**signed, "@context": [CREDENTIALS_V2, OPEN_BADGES_V3, context]})
    assert report.verdict is Verdict.UNKNOWN
    assert only(report, "contexts").code == "context-inline"
    assert web.asked == []


@pytest.mark.parametrize("context", [None, {}, "https://other.example/context"])
def test_a_context_further_in_is_looked_at_too(world: World, issuer: Issuer, context: Any) -> None:
    signed = issuer.credential()
    signed["credentialSubject"]["achievement"]["@context"] = context
    assert world.verify(signed).verdict is Verdict.UNKNOWN


def test_a_context_that_is_not_bundled_is_unknown_and_never_fetched(
    world: World, web: Web, issuer: Issuer
) -> None:
    signed = issuer.credential()
    report = world.verify({**signed, "@context": [CREDENTIALS_V2, "https://other.example/v1"]})
    assert report.verdict is Verdict.UNKNOWN
    assert only(report, "contexts").code == "context-not-bundled"
    assert web.asked == []


def test_an_unknown_context_does_not_hide_that_the_credential_expired(
    world: World, issuer: Issuer
) -> None:
    signed = issuer.credential(validUntil=ENDED)
    signed["@context"] = [CREDENTIALS_V2, "https://other.example/v1"]
    assert world.verify(signed).verdict is Verdict.EXPIRED


def test_a_text_may_name_its_language(world: World, issuer: Issuer) -> None:
    name = {"@value": "Pszczelarstwo", "@language": "pl"}
    document = unsigned(issuer.did, name=name, credentialStatus=None)
    assert codes(world.verify(issuer.sign(document)))[1] == "contexts-known"
