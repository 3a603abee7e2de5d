"""Presentations: who presents, to whom, on what occasion, and what."""

import copy
from typing import Any

import pytest

from registry.domain.securing import KeyType, Mechanism
from registry.formats import data_integrity, jws, vc_jwt
from registry.formats.canonical import jcs
from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.data_integrity import Cryptosuite
from registry.verification.report import Outcome, PresentationReport, Verdict
from registry.verification.verify import Verifier
from tests.unit.verification.world import (
    CREATED,
    NOW,
    Document,
    Issuer,
    Key,
    World,
    as_bytes,
    codes,
    only,
    unsigned,
)

CHALLENGE = "3182bdea-63d9-11ea-b6de-3b7c1404d57f"
DOMAIN = "https://employer.example"
PROBLEM = "https://w3id.org/security#"
WRONG_DOMAIN = ("domain-wrong", "INVALID_DOMAIN")


@pytest.fixture
def learner() -> Key:
    return Key()


@pytest.fixture
def badge(issuer: Issuer, learner: Key) -> Document:
    return issuer.credential(credentialSubject=about(issuer, learner.controller))


def about(issuer: Issuer, subject: str) -> Document:
    return {**unsigned(issuer.did)["credentialSubject"], "id": subject}


def presentation(*credentials: Any, **changes: Any) -> Document:
    document = {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": list(credentials),
    }
    return {**document, **changes}


def signed(
    document: Document,
    key: Key,
    *,
    cryptosuite: Cryptosuite = Cryptosuite.EDDSA_RDFC_2022,
    purpose: str = "authentication",
    **options: Any,
) -> Document:
    made = data_integrity.proof_options(
        cryptosuite,
        verification_method=key.verification_method,
        created=CREATED,
        purpose=purpose,
        **options,
    )
    return data_integrity.add_proof(document, made, signer=key)


def token_of(document: Document, key: Key, **header: Any) -> bytes:
    plain = {"kid": key.verification_method, "typ": "vp+jwt", "cty": "vp"}
    return jws.sign({**plain, **header}, jcs(document), key).encode()


def judged(world: World, document: Document | bytes, **asked: str) -> PresentationReport:
    data = document if isinstance(document, bytes) else as_bytes(document)
    return world.verifier.verify_presentation(data, now=NOW, **asked)


def test_nobody_countersigns_a_presentation(world: World, issuer: Issuer) -> None:
    holder = Key()
    document = signed(presentation(issuer.credential(), holder=holder.controller), holder)
    report = judged(world, signed(document, Key()))
    assert report.verdict is Verdict.INVALID
    assert "key-not-the-holders" in codes(report)


# ------------------------------------------------------------------ sound ones


@pytest.mark.parametrize(
    ("cryptosuite", "key_type"),
    [
        (Cryptosuite.EDDSA_RDFC_2022, KeyType.ED25519),
        (Cryptosuite.EDDSA_JCS_2022, KeyType.ED25519),
        (Cryptosuite.ECDSA_RDFC_2019, KeyType.P256),
        (Cryptosuite.ECDSA_JCS_2019, KeyType.P384),
    ],
)
def test_a_sound_presentation_is_valid(
    world: World, issuer: Issuer, cryptosuite: Cryptosuite, key_type: KeyType
) -> None:
    learner = Key(key_type=key_type)
    badge = issuer.credential(credentialSubject=about(issuer, learner.controller))
    document = presentation(badge, holder=learner.controller)
    report = judged(
        world,
        signed(document, learner, cryptosuite=cryptosuite, challenge=CHALLENGE, domain=DOMAIN),
        challenge=CHALLENGE,
        domain=DOMAIN,
    )
    assert report.verdict is Verdict.VALID
    assert report.holder == learner.controller
    assert [one.credential_id for one in report.credentials] == [badge["id"]]
    assert only(report, "challenge").code == "challenge-answered"
    assert only(report, "domain").code == "domain-right"


def test_a_presentation_as_a_token_is_valid_bare_or_enveloped(
    world: World, learner: Key, badge: Document
) -> None:
    document = presentation(badge, holder=learner.controller)
    token = token_of({**document, "nonce": CHALLENGE, "aud": [DOMAIN]}, learner)
    envelope = vc_jwt.envelope(token.decode(), media_type="application/vp+jwt")
    for given in (token, envelope):
        report = judged(world, given, challenge=CHALLENGE, domain=DOMAIN)
        assert report.verdict is Verdict.VALID
        assert report.holder == learner.controller


@pytest.mark.parametrize("mechanism", [Mechanism.VC_JWT_ES256, Mechanism.OB_JWT_RS256])
def test_enveloped_credentials_are_verified(
    world: World, issuer: Issuer, learner: Key, mechanism: Mechanism
) -> None:
    document = unsigned(issuer.did, credentialSubject=about(issuer, learner.controller))
    envelope = vc_jwt.envelope(issuer.issue(document, mechanism).decode())
    report = judged(world, signed(presentation(envelope), learner))
    assert report.verdict is Verdict.VALID
    assert report.credentials[0].credential == document


def test_a_presentation_may_be_empty(world: World, learner: Key) -> None:
    document = presentation(holder=learner.controller)
    del document["verifiableCredential"]
    assert judged(world, signed(document, learner)).verdict is Verdict.VALID


def test_the_signer_is_the_holder_where_none_is_named(
    world: World, learner: Key, badge: Document
) -> None:
    report = judged(world, signed(presentation(badge), learner))
    assert report.verdict is Verdict.VALID
    assert report.holder == learner.controller
    assert only(report, "proof").code == "signature-verified"


# ------------------------------------------------------------ holder binding


def test_a_presentation_nobody_signed_is_unknown_but_its_credentials_are_verified(
    world: World, badge: Document
) -> None:
    report = judged(world, presentation(badge), challenge=CHALLENGE)
    assert report.verdict is Verdict.UNKNOWN
    assert only(report, "proof").code == "presentation-not-signed"
    assert [one.verdict for one in report.credentials] == [Verdict.VALID]


def test_somebody_else_cannot_present_in_the_holders_name(
    world: World, learner: Key, badge: Document
) -> None:
    report = judged(world, signed(presentation(badge, holder=learner.controller), Key()))
    assert report.verdict is Verdict.INVALID
    assert only(report, "proof").code == "key-not-the-holders"


def test_a_proof_that_asserts_does_not_authenticate(
    world: World, learner: Key, badge: Document
) -> None:
    report = judged(world, signed(presentation(badge), learner, purpose="assertionMethod"))
    assert only(report, "proof").code == "wrong-proof-purpose"
    assert report.verdict is Verdict.INVALID


def test_a_key_for_assertions_alone_does_not_authenticate(
    world: World, issuer: Issuer, badge: Document
) -> None:
    report = judged(world, signed(presentation(badge, holder=issuer.did), issuer.key))
    assert only(report, "proof").code == "key-not-authorised"
    assert report.verdict is Verdict.INVALID


def test_a_holder_that_cannot_be_resolved_is_unknown(
    world: World, learner: Key, badge: Document
) -> None:
    document = presentation(badge, holder="did:web:nowhere.example")
    report = judged(world, signed(document, learner))
    assert report.verdict is Verdict.UNKNOWN
    assert only(report, "holder").code == "did-document-unreachable"


def test_presenting_somebody_elses_credential_is_told(
    world: World, badge: Document, learner: Key
) -> None:
    friend = Key()
    report = judged(world, signed(presentation(badge), friend))
    told = only(report, "subject")
    assert (told.code, told.outcome) == ("holder-is-not-subject", Outcome.PASSED)
    assert learner.controller in told.sentence.en
    assert report.verdict is Verdict.VALID


def test_presenting_somebody_elses_credential_fails_where_that_is_asked_for(
    world: World, badge: Document, learner: Key
) -> None:
    strict = Verifier(world.web, holder_must_be_subject=True)
    own = strict.verify_presentation(as_bytes(signed(presentation(badge), learner)), now=NOW)
    assert own.verdict is Verdict.VALID
    other = strict.verify_presentation(as_bytes(signed(presentation(badge), Key())), now=NOW)
    assert other.verdict is Verdict.INVALID


@pytest.mark.parametrize("subject_id", ["urn:uuid:7e1f4b52-7b9a-4a6e-8c6c-0d4a5c1f2b3d", None])
def test_a_subject_that_is_no_did_is_unknown_where_it_must_be_the_holder(
    world: World, issuer: Issuer, learner: Key, subject_id: str | None
) -> None:
    subject = unsigned(issuer.did)["credentialSubject"] | {"id": subject_id}
    stolen = issuer.credential(
        credentialSubject={name: value for name, value in subject.items() if value is not None}
    )
    shown = as_bytes(signed(presentation(stolen), learner))
    strict = Verifier(world.web, holder_must_be_subject=True)
    report = strict.verify_presentation(shown, now=NOW)
    assert (report.verdict, only(report, "subject").code) == (Verdict.UNKNOWN, "subject-not-a-did")
    assert world.verifier.verify_presentation(shown, now=NOW).verdict is Verdict.VALID


def test_a_credential_of_the_holders_own_with_a_proof_needs_no_holder_named(
    world: World, learner: Key
) -> None:
    own = data_integrity.secure(
        unsigned(learner.controller, credentialStatus=None),
        cryptosuite=Cryptosuite.EDDSA_RDFC_2022,
        signer=learner,
        created=CREATED,
    )
    assert judged(world, signed(presentation(own), learner)).verdict is Verdict.VALID
    named = judged(world, signed(presentation(own, holder=learner.controller), learner))
    assert named.verdict is Verdict.VALID


# -------------------------------------------------------- challenge and domain


@pytest.mark.parametrize(
    ("options", "asked", "code", "problem"),
    [
        ({"challenge": "other"}, {"challenge": CHALLENGE}, "challenge-wrong", "INVALID_CHALLENGE"),
        ({}, {"challenge": CHALLENGE}, "challenge-wrong", "INVALID_CHALLENGE"),
        ({"domain": "https://evil.example"}, {"domain": DOMAIN}, "domain-wrong", "INVALID_DOMAIN"),
        ({}, {"domain": DOMAIN}, "domain-wrong", "INVALID_DOMAIN"),
        ({"domain": [DOMAIN, "https://evil.example"]}, {"domain": DOMAIN}, *WRONG_DOMAIN),
    ],
)
def test_a_presentation_made_for_another_occasion_is_invalid(
    world: World,
    learner: Key,
    badge: Document,
    *,
    options: Any,
    asked: Any,
    code: str,
    problem: str,
) -> None:
    report = judged(world, signed(presentation(badge), learner, **options), **asked)
    check = only(report, next(iter(asked)))
    assert (check.code, check.problem_type) == (code, f"{PROBLEM}{problem}_ERROR")
    assert report.verdict is Verdict.INVALID


def test_a_token_made_for_another_occasion_is_invalid(
    world: World, learner: Key, badge: Document
) -> None:
    token = token_of(
        {**presentation(badge), "nonce": "other", "aud": "https://evil.example"}, learner
    )
    assert judged(world, token, challenge=CHALLENGE).verdict is Verdict.INVALID
    assert judged(world, token, domain=DOMAIN).verdict is Verdict.INVALID


def test_a_challenge_nobody_asked_to_check_is_noted(
    world: World, learner: Key, badge: Document
) -> None:
    document = signed(presentation(badge), learner, challenge=CHALLENGE, domain=DOMAIN)
    report = judged(world, document)
    assert report.verdict is Verdict.VALID
    assert only(report, "challenge").code == "challenge-not-asked"
    assert only(report, "domain").code == "domain-not-asked"


def test_every_proof_must_answer_the_challenge(world: World, learner: Key, badge: Document) -> None:
    once = signed(presentation(badge), learner, challenge=CHALLENGE)
    twice = signed(once, learner, challenge="other")
    assert judged(world, twice, challenge=CHALLENGE).verdict is Verdict.INVALID


def test_a_challenge_put_in_afterwards_is_invalid(
    world: World, learner: Key, badge: Document
) -> None:
    document = signed(presentation(badge), learner)
    document["proof"][0]["challenge"] = CHALLENGE
    assert judged(world, document, challenge=CHALLENGE).verdict is Verdict.INVALID


# ------------------------------------------------------------- the credentials


def test_the_strongest_verdict_of_all_is_the_presentations(
    world: World, issuer: Issuer, learner: Key, badge: Document
) -> None:
    over = issuer.credential(validUntil="2026-02-01T00:00:00Z")
    report = judged(world, signed(presentation(badge, over), learner))
    assert report.verdict is Verdict.EXPIRED
    assert [one.verdict for one in report.credentials] == [Verdict.VALID, Verdict.EXPIRED]


def test_a_presented_credential_without_a_proof_of_its_own_is_invalid(
    world: World, issuer: Issuer, learner: Key
) -> None:
    report = judged(world, signed(presentation(unsigned(issuer.did)), learner))
    assert report.credentials[0].verdict is Verdict.INVALID
    assert report.verdict is Verdict.INVALID


def test_a_credential_exchanged_after_signing_is_invalid(
    world: World, issuer: Issuer, learner: Key, badge: Document
) -> None:
    for suite in (Cryptosuite.EDDSA_RDFC_2022, Cryptosuite.EDDSA_JCS_2022):
        document = copy.deepcopy(signed(presentation(badge), learner, cryptosuite=suite))
        document["verifiableCredential"] = [issuer.credential()]
        assert judged(world, document).verdict is Verdict.INVALID


def test_more_credentials_than_are_checked_is_unknown(
    world: World, learner: Key, badge: Document
) -> None:
    document = signed(presentation(*[badge] * 65), learner, cryptosuite=Cryptosuite.EDDSA_JCS_2022)
    report = judged(world, document)
    assert "too-many-credentials" in codes(report)
    assert report.verdict is Verdict.UNKNOWN


# ------------------------------------------------------------------ other forms


@pytest.mark.parametrize(
    "changes",
    [
        {"@context": []},
        {"type": "Presentation"},
        {"holder": {"name": "Ada"}},
        {"holder": 7},
        {"verifiableCredential": ["https://registry.example/credentials/1"]},
        {"verifiableCredential": [{"type": ["Evidence"]}]},
        {"proof": []},
    ],
)
def test_a_document_that_is_no_presentation_is_invalid(
    world: World, learner: Key, badge: Document, changes: Document
) -> None:
    report = judged(world, {**signed(presentation(badge), learner), **changes})
    assert codes(report) == ["malformed-presentation"]
    assert report.verdict is Verdict.INVALID


def test_a_credential_is_no_presentation(world: World, badge: Document) -> None:
    report = judged(world, badge)
    assert codes(report) == ["not-expected-here"]
    assert report.verdict is Verdict.INVALID


def test_a_credentials_token_does_not_pass_for_a_presentation(
    world: World, learner: Key, badge: Document
) -> None:
    report = judged(world, token_of(presentation(badge), learner, typ="vc+jwt", cty="vc"))
    assert report.verdict is Verdict.INVALID


def test_the_holder_cannot_be_hidden_behind_an_absolute_iri(
    world: World, learner: Key, badge: Document
) -> None:
    document = signed(presentation(badge, holder=learner.controller), learner)
    document["https://www.w3.org/2018/credentials#holder"] = {"id": document.pop("holder")}
    assert judged(world, document).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"a.b.c", b'{"type": 1}'])
def test_any_bytes_end_in_a_report(world: World, data: bytes) -> None:
    assert judged(world, data).verdict is Verdict.INVALID
