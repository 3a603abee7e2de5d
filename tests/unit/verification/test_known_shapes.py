"""A verifier that met documents of a shape before says of others what a new verifier says."""

from collections.abc import Collection

import pytest

from registry.domain.securing import Mechanism
from registry.formats import rdf
from registry.formats.rdf import Digest, Quad
from registry.verification.report import Verdict
from registry.verification.verify import Verifier
from tests.unit.verification.world import (
    DATA_INTEGRITY,
    NOW,
    TOKENS,
    Document,
    World,
    as_bytes,
    unsigned,
)

WORLD = World.at_work()
ISSUER = WORLD.issuer


def badge(number: int, mechanism: Mechanism) -> bytes:
    """A badge like others, but for its id."""
    document = unsigned(ISSUER.did, id=f"urn:uuid:7c2f1c0e-6a3c-4d7e-9a51-{number:012}")
    return ISSUER.issue(document, mechanism)


def altered(document: bytes) -> bytes:
    """The same with a holder's change to its id."""
    return document.replace(b"7c2f1c0e", b"7c2f1c0f")


def experienced(mechanism: Mechanism) -> Verifier:
    """A verifier that has met three badges secured so."""
    verifier = Verifier(WORLD.web)
    for number in range(3):
        report = verifier.verify(badge(number, mechanism), now=NOW)
        assert report.verdict is Verdict.VALID, report
    return verifier


@pytest.mark.parametrize("mechanism", [*DATA_INTEGRITY, *TOKENS])
def test_another_badge_of_the_shape_has_the_report_of_a_new_verifier(mechanism: Mechanism) -> None:
    verifier, given = experienced(mechanism), badge(7, mechanism)
    assert verifier.verify(given, now=NOW) == Verifier(WORLD.web).verify(given, now=NOW)


@pytest.mark.parametrize("mechanism", DATA_INTEGRITY)
def test_an_altered_badge_of_the_shape_is_invalid(mechanism: Mechanism) -> None:
    given = altered(badge(7, mechanism))
    report = experienced(mechanism).verify(given, now=NOW)
    assert report.verdict is Verdict.INVALID
    assert report == Verifier(WORLD.web).verify(given, now=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"noSuchTerm": "x"},
        {"name": "\0"},
        {"type": ["VerifiableCredential", "NoSuchType"]},
        {"id": "relative"},
        {"evidence": []},
    ],
)
@pytest.mark.parametrize("mechanism", DATA_INTEGRITY)
def test_what_is_no_document_of_the_shape_is_looked_at_in_full(
    mechanism: Mechanism, changes: Document
) -> None:
    given = as_bytes(ISSUER.issue_json(unsigned(ISSUER.did), mechanism) | changes)
    report = experienced(mechanism).verify(given, now=NOW)
    assert report.verdict is not Verdict.VALID
    assert report == Verifier(WORLD.web).verify(given, now=NOW)


@pytest.mark.parametrize("mechanism", DATA_INTEGRITY)
def test_two_lines_that_are_iris_each_are_no_id(mechanism: Mechanism) -> None:
    document = ISSUER.issue_json(unsigned(ISSUER.did), mechanism)
    document["credentialSubject"]["achievement"]["id"] = "https://one.example\nhttps://two.example"
    report = experienced(mechanism).verify(as_bytes(document), now=NOW)
    assert report.verdict is not Verdict.VALID
    assert report == Verifier(WORLD.web).verify(as_bytes(document), now=NOW)


def test_a_known_shape_is_canonicalised_without_the_canonicaliser() -> None:
    asked: list[int] = []

    def canonicalise(quads: Collection[Quad], *, digest: Digest = "sha256") -> bytes:
        asked.append(len(quads))
        return rdf.canonicalise(quads, digest=digest)

    verifier = Verifier(WORLD.web, canonicalise=canonicalise)
    for number in range(3):
        verifier.verify(badge(number, Mechanism.EDDSA_RDFC_2022), now=NOW)
    asked.clear()
    report = verifier.verify(badge(7, Mechanism.EDDSA_RDFC_2022), now=NOW)
    assert (report.verdict, asked) == (Verdict.VALID, [])
