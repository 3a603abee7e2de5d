"""From bytes to verdict: everything but the status."""

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from registry.domain.securing import Mechanism
from registry.formats import contexts
from registry.formats.contexts import CREDENTIALS_V2
from registry.verification.report import Outcome, Verdict
from registry.verification.verify import verify_credential
from tests.unit.verification.world import (
    CREDENTIAL_ID,
    NOW,
    REVOCATION_URL,
    Document,
    Issuer,
    Key,
    Web,
    World,
    as_bytes,
    codes,
    instant,
    only,
    unsigned,
)


def test_a_sound_credential_is_valid(world: World, issuer: Issuer) -> None:
    report = world.verify(issuer.credential())
    assert report.verdict is Verdict.VALID
    assert report.credential_id == CREDENTIAL_ID
    assert report.issuer == issuer.did
    assert [check.name for check in report.checks] == [
        "structure",
        "contexts",
        "issuer",
        "proof",
        "validity",
        "status",
        "status",
    ]


@pytest.mark.parametrize("mechanism", list(Mechanism))
def test_every_mechanism_is_verified(world: World, issuer: Issuer, mechanism: Mechanism) -> None:
    report = world.verify(issuer.issue(unsigned(issuer.did), mechanism))
    assert report.verdict is Verdict.VALID
    assert report.credential_id == CREDENTIAL_ID


def test_a_did_key_issuer_needs_no_fetching(world: World, web: Web, issuer: Issuer) -> None:
    key = Key()
    signed = issuer.sign(unsigned(key.controller, credentialStatus=None), key=key)
    assert world.verify(signed).verdict is Verdict.VALID
    assert web.asked == []


def test_one_credential_can_be_verified_without_keeping_a_verifier(
    web: Web, issuer: Issuer
) -> None:
    report = verify_credential(as_bytes(issuer.credential()), fetcher=web, now=NOW)
    assert report.verdict is Verdict.VALID


def test_a_credential_without_status_says_so(world: World, issuer: Issuer) -> None:
    report = world.verify(issuer.credential(credentialStatus=None))
    assert report.verdict is Verdict.VALID
    assert only(report, "status").code == "no-status"


# ------------------------------------------------------------------ format


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff", b"[]", b'"x"', b"null", b"[" * 40 + b"]" * 40, b'{"a": NaN}'],
)
def test_what_is_not_a_json_object_is_invalid(world: World, data: bytes) -> None:
    assert world.verify(data).verdict is Verdict.INVALID


def test_a_member_named_twice_is_invalid(world: World, issuer: Issuer) -> None:
    text = json.dumps(issuer.credential())
    doubled = text.replace('"validUntil":', '"validUntil": "2099-01-01T00:00:00Z", "validUntil":')
    report = world.verify(doubled.encode())
    assert report.verdict is Verdict.INVALID
    assert codes(report) == ["not-strict-json"]


# --------------------------------------------------------------- structure


@pytest.mark.parametrize(
    "changes",
    [
        {"@context": None},
        {"@context": CREDENTIALS_V2},
        {"@context": ["https://other.example/v1", CREDENTIALS_V2]},
        {"@context": [CREDENTIALS_V2, None]},
        {"@context": [CREDENTIALS_V2, ["https://nested.example/"]]},
        {"id": ["urn:a"]},
        {"id": "not a url"},
        {"type": None},
        {"type": "OpenBadgeCredential"},
        {"type": ["VerifiableCredential", 1]},
        {"issuer": None},
        {"issuer": {"name": "Aurora"}},
        {"issuer": [{"id": "did:web:a"}, {"id": "did:web:b"}]},
        {"credentialSubject": None},
        {"credentialSubject": {}},
        {"credentialSubject": []},
        {"credentialSubject": "urn:a"},
        {"credentialStatus": []},
        {"credentialStatus": {"id": "urn:a"}},
        {"credentialStatus": "urn:a"},
        {"proof": []},
        {"proof": "x"},
    ],
)
def test_a_document_that_is_no_credential_is_invalid(
    world: World, web: Web, issuer: Issuer, changes: Document
) -> None:
    changed = {**issuer.credential(), **changes}
    kept = {name: value for name, value in changed.items() if value is not None}
    report = world.verify(kept)
    assert codes(report) == ["malformed-credential"]
    assert report.checks[0].looked_at.startswith(next(iter(changes)))
    assert report.verdict is Verdict.INVALID
    assert web.asked == []


@pytest.mark.parametrize("field", ["credentialStatus", "id", "proof"])
def test_null_is_not_a_way_to_leave_something_out(world: World, issuer: Issuer, field: str) -> None:
    assert world.verify({**issuer.credential(), field: None}).verdict is Verdict.INVALID


# ------------------------------------------------------------------ issuer


def test_an_unreachable_issuer_is_unknown_and_its_lists_are_not_asked_for(
    world: World, web: Web, issuer: Issuer
) -> None:
    credential = issuer.credential()
    del web.pages[issuer.document_url]
    report = world.verify(credential)
    assert report.verdict is Verdict.UNKNOWN
    assert web.asked == [issuer.document_url]
    assert codes(report)[-1] == "status-not-checked"


def test_an_unreachable_issuer_does_not_hide_that_the_credential_expired(
    world: World, web: Web, issuer: Issuer
) -> None:
    credential = issuer.credential(validUntil="2026-02-01T00:00:00Z")
    del web.pages[issuer.document_url]
    assert world.verify(credential).verdict is Verdict.EXPIRED


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (b"<html>", "did-document-malformed"),
        (b'{"id": "did:web:other.example"}', "did-document-mismatch"),
        (b"[]", "did-document-mismatch"),
    ],
)
def test_a_did_document_that_is_not_the_issuers_is_unknown(
    world: World, web: Web, issuer: Issuer, page: bytes, code: str
) -> None:
    credential = issuer.credential()
    web.pages[issuer.document_url] = page
    report = world.verify(credential)
    assert report.verdict is Verdict.UNKNOWN
    assert only(report, "issuer").code == code


@pytest.mark.parametrize(
    "did",
    [
        "did:ion:EiClkZMDxPKqC9c",
        "https://registry.example/issuers/aurora",
        "did:key:nonsense",
        "did:web:127.0.0.1",
        "did:web:registry.example:..:secret",
        "did:web:registry.example#key",
    ],
)
def test_an_issuer_that_cannot_be_resolved_is_unknown(
    world: World, web: Web, issuer: Issuer, did: str
) -> None:
    report = world.verify(issuer.sign(unsigned(did)))
    assert report.verdict is Verdict.UNKNOWN
    assert web.asked == []


# ---------------------------------------------------------------- validity


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"validUntil": instant(timedelta(seconds=-61))}, Verdict.EXPIRED),
        ({"validUntil": instant(timedelta(seconds=-60))}, Verdict.VALID),
        ({"validFrom": instant(timedelta(seconds=61))}, Verdict.NOT_YET_VALID),
        ({"validFrom": instant(timedelta(seconds=60))}, Verdict.VALID),
        ({"validFrom": None, "validUntil": None}, Verdict.VALID),
        ({"validUntil": "2025-01-01T00:00:00Z"}, Verdict.INVALID),
        ({"validUntil": "2027-01-01"}, Verdict.INVALID),
        ({"validUntil": "2027-01-01T00:00:00"}, Verdict.INVALID),
    ],
)
def test_the_period_decides_with_a_minute_of_tolerance(
    world: World, issuer: Issuer, changes: Document, verdict: Verdict
) -> None:
    assert world.verify(issuer.credential(**changes)).verdict is verdict


@pytest.mark.parametrize("value", [None, 1_800_000_000, ["2027-01-01T00:00:00Z"]])
def test_an_end_that_is_no_instant_is_invalid(world: World, issuer: Issuer, value: Any) -> None:
    report = world.verify({**issuer.credential(), "validUntil": value})
    assert only(report, "validity").outcome is Outcome.FAILED
    assert report.verdict is Verdict.INVALID


def test_a_report_on_a_tampered_credential_does_not_ask_for_its_lists(
    world: World, web: Web, issuer: Issuer
) -> None:
    world.verify({**issuer.credential(), "validUntil": "2099-01-01T00:00:00Z"})
    assert REVOCATION_URL not in web.asked


# ------------------------------------------------------ version 1.1 of the model


def version_1(issuer: Issuer, **changes: Any) -> Document:
    """Return a signed credential of VCDM 1.1; a change to None leaves a field out."""
    document = {
        "@context": [CREDENTIALS_V1, DATA_INTEGRITY_V2],
        "id": CREDENTIAL_ID,
        "type": ["VerifiableCredential"],
        "issuer": issuer.did,
        "issuanceDate": "2026-01-01T00:00:00Z",
        "expirationDate": "2027-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:subject"},
        **changes,
    }
    return issuer.sign({name: value for name, value in document.items() if value is not None})


CREDENTIALS_V1 = "https://www.w3.org/2018/credentials/v1"
DATA_INTEGRITY_V2 = "https://w3id.org/security/data-integrity/v2"


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.VALID),
        ({"expirationDate": None}, Verdict.VALID),
        ({"expirationDate": "2026-02-01T00:00:00Z"}, Verdict.EXPIRED),
        ({"issuanceDate": "2026-12-01T00:00:00Z"}, Verdict.NOT_YET_VALID),
        ({"issuanceDate": None}, Verdict.INVALID),
        ({"expirationDate": "2025-02-01T00:00:00Z"}, Verdict.INVALID),
        ({"validUntil": "2026-02-01T00:00:00Z"}, Verdict.EXPIRED),
        ({"validFrom": "2026-12-01T00:00:00Z"}, Verdict.NOT_YET_VALID),
    ],
)
def test_a_credential_of_version_1_has_the_period_of_its_own_words(
    world: World, issuer: Issuer, changes: Document, verdict: Verdict
) -> None:
    assert world.verify(version_1(issuer, **changes)).verdict is verdict


def test_the_end_of_a_credential_of_version_1_cannot_be_taken_out(
    world: World, issuer: Issuer
) -> None:
    signed = version_1(issuer, expirationDate="2026-02-01T00:00:00Z")
    del signed["expirationDate"]
    assert world.verify(signed).verdict is Verdict.INVALID


# ------------------------------------------------------- schemas and resources


def test_a_schema_that_was_not_applied_is_told(world: World, web: Web, issuer: Issuer) -> None:
    schema = {"id": "https://schemas.example/badge.json", "type": "JsonSchema"}
    report = world.verify(issuer.credential(credentialSchema=[schema], credentialStatus=None))
    assert only(report, "schema").code == "schema-not-applied"
    assert report.verdict is Verdict.VALID
    assert web.asked == [issuer.document_url]


def resource(url: str, content: bytes) -> Document:
    digest = base64.b64encode(hashlib.sha384(content).digest()).decode()
    return {"id": url, "digestSRI": f"sha384-{digest}"}


def test_a_context_with_its_right_digest_is_unchanged(world: World, issuer: Issuer) -> None:
    own = resource(CREDENTIALS_V2, contexts.content(CREDENTIALS_V2))
    report = world.verify(issuer.credential(relatedResource=own, credentialStatus=None))
    assert only(report, "resource").code == "resource-unchanged"
    assert report.verdict is Verdict.VALID


def test_a_context_with_a_wrong_digest_is_invalid(world: World, issuer: Issuer) -> None:
    wrong = resource(CREDENTIALS_V2, b"another context")
    report = world.verify(issuer.credential(relatedResource=wrong))
    assert codes(report) == ["malformed-credential"]
    assert report.verdict is Verdict.INVALID


def test_another_resource_is_not_fetched_and_that_is_told(
    world: World, web: Web, issuer: Issuer
) -> None:
    image = resource("https://registry.example/badge.png", b"\x89PNG")
    report = world.verify(issuer.credential(relatedResource=image, credentialStatus=None))
    assert only(report, "resource").code == "resource-not-looked-at"
    assert report.verdict is Verdict.VALID
    assert web.asked == [issuer.document_url]


# --------------------------------------------------------------- the report


def test_every_check_is_told_in_polish_and_in_english(world: World, issuer: Issuer) -> None:
    report = world.verify(issuer.credential(validUntil="2026-02-01T00:00:00Z"))
    assert all(check.sentence.pl and check.sentence.en for check in report.checks)
    check = only(report, "validity")
    assert check.sentence.pl == 'Poświadczenie było ważne do "2026-02-01T00:00:00Z".'
    assert check.problem_type == "https://www.w3.org/TR/vc-data-model#RANGE_ERROR"


def test_the_report_holds_the_credential_as_it_was_read(world: World, issuer: Issuer) -> None:
    signed = issuer.credential()
    assert world.verify(signed).credential == signed
    assert world.verify(b"[]").credential is None


def test_several_threads_may_use_one_verifier(world: World, issuer: Issuer) -> None:
    documents = [as_bytes(issuer.credential()) for _ in range(3)]
    documents += [issuer.issue(unsigned(issuer.did), mechanism) for mechanism in Mechanism]
    with ThreadPoolExecutor(8) as pool:
        reports = pool.map(lambda one: world.verifier.verify(one, now=NOW), documents * 5)
        assert {report.verdict for report in reports} == {Verdict.VALID}
