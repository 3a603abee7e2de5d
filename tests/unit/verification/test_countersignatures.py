"""Credentials that others than their issuer have signed as well."""

import pytest

from registry.formats import data_integrity, did
from registry.formats.data_integrity import Cryptosuite
from registry.verification.report import Report, Verdict
from tests.unit.verification.world import CREATED, Document, Issuer, Key, Web, World, unsigned

FIRST = "urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544"


def countersigned(issuer: Issuer, key: Key) -> Document:
    """Return a credential with a first proof by somebody, and a second by the issuer on it."""
    first = data_integrity.secure(
        unsigned(issuer.did),
        cryptosuite=Cryptosuite.EDDSA_RDFC_2022,
        signer=key,
        created=CREATED,
        proof_id=FIRST,
    )
    return data_integrity.secure(
        first,
        cryptosuite=Cryptosuite.EDDSA_RDFC_2022,
        signer=issuer.key,
        created=CREATED,
        previous_proof=FIRST,
    )


def test_a_chain_that_somebody_else_began_is_valid_and_says_who(
    world: World, issuer: Issuer
) -> None:
    signer = Key()
    report = world.verify(countersigned(issuer, signer))
    assert report.verdict is Verdict.VALID
    assert proof_codes(report) == ["signature-verified", "countersigned"]
    [told] = [check for check in report.checks if check.code == "countersigned"]
    assert signer.controller in told.sentence.en
    assert told.looked_at == signer.verification_method


def test_a_set_may_have_a_proof_by_a_countersigner_with_a_did_web(
    world: World, web: Web, issuer: Issuer
) -> None:
    stranger = Issuer(web, "stranger")
    both = issuer.sign(issuer.credential(), key=stranger.key)
    report = world.verify(both)
    assert report.verdict is Verdict.VALID
    assert "countersigned" in proof_codes(report)
    assert stranger.document_url in web.asked


@pytest.mark.parametrize("position", [0, 1])
def test_every_proof_must_be_right_whoever_made_it(
    world: World, issuer: Issuer, position: int
) -> None:
    signed = countersigned(issuer, Key())
    signed["proof"][position]["created"] = "2026-11-22T17:00:01Z"
    assert world.verify(signed).verdict is Verdict.INVALID


def test_countersigners_alone_do_not_replace_the_issuer(
    world: World, web: Web, issuer: Issuer
) -> None:
    stranger = Issuer(web, "stranger")
    signed = issuer.sign(issuer.sign(unsigned(issuer.did), key=Key()), key=stranger.key)
    report = world.verify(signed)
    assert report.verdict is Verdict.INVALID
    assert proof_codes(report) == ["key-not-the-issuers"] * 2
    assert stranger.document_url not in web.asked


def test_a_countersigner_is_not_asked_for_while_the_issuers_own_proof_does_not_hold(
    world: World, web: Web, issuer: Issuer
) -> None:
    stranger = Issuer(web, "stranger")
    signed = issuer.sign(issuer.credential(), key=stranger.key)
    report = world.verify({**signed, "validUntil": "2099-01-01T00:00:00Z"})
    assert report.verdict is Verdict.INVALID
    assert proof_codes(report) == ["wrong-signature", "countersignature-not-checked"]
    assert stranger.document_url not in web.asked


def test_a_countersigner_must_allow_the_key_for_assertions(
    world: World, web: Web, issuer: Issuer
) -> None:
    stranger = Issuer(web, "stranger")
    document = did.did_document(stranger.did, assertion_keys=[stranger.key.multibase])
    methods = document["assertionMethod"]
    stranger.publish_document({**document, "assertionMethod": [], "authentication": methods})
    report = world.verify(issuer.sign(issuer.credential(), key=stranger.key))
    assert report.verdict is Verdict.INVALID
    assert "key-not-authorised" in proof_codes(report)


def test_a_countersigner_who_cannot_be_found_leaves_it_unknown(
    world: World, web: Web, issuer: Issuer
) -> None:
    stranger = Issuer(web, "stranger")
    del web.pages[stranger.document_url]
    report = world.verify(issuer.sign(issuer.credential(), key=stranger.key))
    assert report.verdict is Verdict.UNKNOWN
    assert "did-document-unreachable" in proof_codes(report)


def proof_codes(report: Report) -> list[str]:
    return [check.code for check in report.checks if check.name == "proof"]
