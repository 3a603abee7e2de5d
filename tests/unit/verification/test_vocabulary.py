"""A holder rewrites a credential so that its graph, and so its signature, stay the same."""

from collections.abc import Iterator
from typing import Any

import pytest

from registry.domain.securing import Mechanism
from registry.formats import canonical, contexts
from registry.formats.contexts import CREDENTIALS_V2, OPEN_BADGES_V3
from registry.formats.data_integrity import Cryptosuite
from registry.formats.one_or_many import values_of
from registry.verification.report import Verdict
from tests.unit.verification.world import (
    CREDENTIAL_ID,
    Document,
    Issuer,
    Web,
    World,
    codes,
    only,
    revocation_entry,
    suspension_entry,
    unsigned,
)

ENDED = "2026-02-01T00:00:00Z"
STATUS = "https://www.w3.org/ns/credentials/status#"
CREDENTIALS = "https://www.w3.org/2018/credentials#"
ODRL = "https://www.w3.org/ns/odrl.jsonld"
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


def test_the_end_cannot_be_moved_under_another_word_for_id(world: World, issuer: Issuer) -> None:
    evidence = {"id": CREDENTIAL_ID, "type": ["VerifiableCredential", "Evidence"]}
    signed = issuer.credential(
        validUntil=ENDED, credentialStatus=None, evidence=[evidence], type=BADGE_WITH_EVIDENCE
    )
    moved = without(signed, "validUntil")
    moved["@context"] = [*signed["@context"], ODRL]
    moved["evidence"] = [{"uid": CREDENTIAL_ID, "type": evidence["type"], "validUntil": ENDED}]
    assert graph(moved) == graph(signed), "the signature still fits"
    assert world.verify(moved).verdict is Verdict.UNKNOWN


def test_the_indexes_of_two_entries_cannot_trade_places(world: World, issuer: Issuer) -> None:
    shared = {"id": "urn:uuid:6f0f1f7e-0b0c-4a53-8d0a-1f2f6f7a3a01"}
    entries = [
        revocation_entry(**shared, statusListIndex="5"),
        suspension_entry(**shared, statusListIndex="6"),
    ]
    signed = issuer.credential(credentialStatus=entries)
    exchanged = [
        revocation_entry(**shared, statusListIndex="6"),
        suspension_entry(**shared, statusListIndex="5"),
    ]
    issuer.publish_list(set_entries={5: 1})
    moved = {**signed, "credentialStatus": exchanged}
    assert graph(moved) == graph(signed), "the signature still fits"
    report = world.verify(moved)
    assert report.verdict is Verdict.UNKNOWN
    assert only(report, "contexts").code == "status-entries-share-an-id"


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
        {"end": "https://www.w3.org/2018/credentials#validUntil"},
        {"end": "cred:validUntil"},
        {"me": "@id"},
        {"holds": {"@id": "https://other.example/holds", "@container": "@graph"}},
        {"held": {"@reverse": "https://other.example/holds"}},
        {"part": {"@id": "https://other.example/part", "@context": {"end": "urn:end"}}},
        {"validUntil": None},
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


@pytest.mark.parametrize("context", [None, {"a": "@type"}, "https://other.example/context"])
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


def test_a_context_that_only_names_words_of_its_own_may_be_written_out(
    world: World, issuer: Issuer
) -> None:
    own = {"hive": "https://words.example/hive", "since": {"@id": "https://words.example/since"}}
    document = unsigned(issuer.did)
    document["@context"] = [*document["@context"], own]
    document["credentialSubject"] |= {"hive": "seven", "since": "2020"}
    assert world.verify(issuer.sign(document)).verdict is Verdict.VALID


@pytest.mark.parametrize("mechanism", [Mechanism.EDDSA_JCS_2022, Mechanism.VC_JWT_ES256])
def test_what_is_signed_as_text_may_use_any_defined_word(
    world: World, issuer: Issuer, mechanism: Mechanism
) -> None:
    """Nobody but the issuer can have written the word so, since every character is signed."""
    document = unsigned(issuer.did)
    document["credentialSubject"]["https://words.example/hive"] = "seven"
    assert world.verify(issuer.issue(document, mechanism)).verdict is Verdict.VALID
    rewritable = issuer.issue(document, Mechanism.ECDSA_RDFC_2019_P256)
    assert only(world.verify(rewritable), "contexts").code == "not-compact"


def test_a_proof_over_the_graph_makes_words_suspect_also_beside_one_over_the_text(
    world: World, issuer: Issuer
) -> None:
    document = unsigned(issuer.did)
    document["credentialSubject"]["https://words.example/hive"] = "seven"
    both = issuer.sign(issuer.sign(document, cryptosuite=Cryptosuite.EDDSA_JCS_2022))
    assert only(world.verify(both), "contexts").code == "not-compact"


def test_no_bundled_context_gives_what_decides_a_second_name() -> None:
    """What the rules here rest on: a new context that breaks it must be looked at first."""
    for url in contexts.BUNDLED:
        for term, iri in definitions(contexts.load(url)):
            keyword = {"id": "@id", "uid": "@id", "type": "@type"}.get(term)
            assert not iri.startswith("@") or iri == keyword, (url, term, iri)
            fragment = iri.removeprefix(CREDENTIALS).removeprefix(STATUS)
            assert fragment in {iri, term, ""}, (url, term, iri)


def definitions(value: Any) -> Iterator[tuple[str, str]]:
    """Yield every term of a context document with its IRI, prefixes written out."""
    found = list(written_definitions(value))
    prefixes = dict(found)
    for term, iri in found:
        prefix, _, rest = iri.partition(":")
        yield term, prefixes[prefix] + rest if prefix in prefixes else iri


def written_definitions(value: Any) -> Iterator[tuple[str, str]]:
    members = value if isinstance(value, list) else []
    if isinstance(value, dict):
        members = list(value.values())
        for context in values_of(value.get("@context")):
            for term, definition in context.items() if isinstance(context, dict) else ():
                iri = definition.get("@id") if isinstance(definition, dict) else definition
                if isinstance(iri, str) and not term.startswith("@"):
                    yield term, iri
    for member in members:
        yield from written_definitions(member)
