"""From bytes to verdict: everything but the status."""

import json
from datetime import timedelta
from typing import Any

import pytest

from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.data_integrity import Cryptosuite
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


@pytest.mark.parametrize("cryptosuite", list(Cryptosuite))
def test_both_suites_are_verified(world: World, issuer: Issuer, cryptosuite: Cryptosuite) -> None:
    signed = issuer.sign(unsigned(issuer.did), cryptosuite=cryptosuite)
    assert world.verify(signed).verdict is Verdict.VALID


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
    "token", [b"eyJhbGciOiJFUzI1NiJ9.eyJ4IjoxfQ.c2ln", b" eyJh.eyJi. \n", b"eyJh.eyJi.c2ln~WyJz~"]
)
def test_a_compact_jwt_is_unknown_for_now(world: World, token: bytes) -> None:
    report = world.verify(token)
    assert report.verdict is Verdict.UNKNOWN
    assert "compact JWT" in report.checks[0].sentence


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
        {"@context": ["https://www.w3.org/2018/credentials/v1", CREDENTIALS_V2]},
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
        {"proof": None},
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
    assert report.checks[0].looked_at == next(iter(changes))
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
        (b"<html>", "issuer-document-malformed"),
        (b'{"id": "did:web:other.example"}', "issuer-document-mismatch"),
        (b"[]", "issuer-document-mismatch"),
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


def test_a_did_document_is_fetched_once_in_five_minutes(
    world: World, web: Web, issuer: Issuer
) -> None:
    credential = issuer.credential(credentialStatus=None)
    for seconds in (0, 1, 299):
        world.verify(credential, now=NOW + timedelta(seconds=seconds))
    assert web.asked == [issuer.document_url]
    world.verify(credential, now=NOW + timedelta(seconds=300))
    assert web.asked == [issuer.document_url] * 2


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
