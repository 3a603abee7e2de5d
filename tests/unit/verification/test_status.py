"""The Validate algorithm of Bitstring Status List 1.0, entry by entry."""

import gzip
from datetime import timedelta
from typing import Any

import pytest

from registry.domain.securing import Mechanism
from registry.formats import bitstring, data_integrity, multibase
from registry.formats.data_integrity import Cryptosuite
from registry.verification.list_cache import ListCache, VerifiedList
from registry.verification.report import Check, CheckError, Outcome, Report, Verdict
from registry.verification.status import Entry, value_in
from registry.verification.validity import Period
from registry.verification.verify import Verifier
from tests.unit.verification.world import (
    INDEX,
    NOW,
    REVOCATION_URL,
    SUSPENSION_URL,
    Document,
    Issuer,
    Web,
    World,
    as_bytes,
    bits,
    instant,
    only,
    revocation_entry,
    suspension_entry,
    unsigned,
)

LIST_PROBLEM = "https://www.w3.org/ns/credentials/status-list#"
DATA_MODEL_PROBLEM = "https://www.w3.org/TR/vc-data-model#"


def revocation_only(world: World, issuer: Issuer, **changes: Any) -> Report:
    return world.verify(issuer.credential(credentialStatus=revocation_entry(**changes)))


def unknown_status(report: Report) -> Check:
    """Return the status check of a credential in which all else is right."""
    check = only(report, "status")
    assert check.outcome is Outcome.UNKNOWN
    assert report.verdict is Verdict.UNKNOWN
    return check


# ---------------------------------------------------------------- verdicts


def test_a_revoked_credential_is_revoked(world: World, issuer: Issuer) -> None:
    issuer.publish_list(set_entries={INDEX: 1})
    assert world.verify(issuer.credential()).verdict is Verdict.REVOKED


def test_a_suspended_credential_is_suspended(world: World, issuer: Issuer) -> None:
    issuer.publish_list(SUSPENSION_URL, purpose="suspension", set_entries={INDEX: 1})
    assert world.verify(issuer.credential()).verdict is Verdict.SUSPENDED


def test_revoked_and_suspended_is_revoked(world: World, issuer: Issuer) -> None:
    issuer.publish_list(set_entries={INDEX: 1})
    issuer.publish_list(SUSPENSION_URL, purpose="suspension", set_entries={INDEX: 1})
    assert world.verify(issuer.credential()).verdict is Verdict.REVOKED


def test_neighbouring_entries_do_not_matter(world: World, issuer: Issuer) -> None:
    issuer.publish_list(set_entries={INDEX - 1: 1, INDEX + 1: 1})
    assert world.verify(issuer.credential()).verdict is Verdict.VALID


def test_the_first_and_the_last_entry_can_be_read(world: World, issuer: Issuer) -> None:
    last = bitstring.MINIMUM_ENTRIES - 1
    issuer.publish_list(set_entries={0: 1, last: 1})
    for index in (0, last):
        report = revocation_only(world, issuer, statusListIndex=str(index))
        assert report.verdict is Verdict.REVOKED


def test_a_revoked_credential_is_revoked_also_when_the_other_list_is_gone(
    world: World, web: Web, issuer: Issuer
) -> None:
    issuer.publish_list(set_entries={INDEX: 1})
    del web.pages[SUSPENSION_URL]
    assert world.verify(issuer.credential()).verdict is Verdict.REVOKED


def test_a_revoked_credential_that_expired_is_revoked(world: World, issuer: Issuer) -> None:
    issuer.publish_list(set_entries={INDEX: 1})
    credential = issuer.credential(validUntil="2026-02-01T00:00:00Z")
    assert world.verify(credential).verdict is Verdict.REVOKED


@pytest.mark.parametrize(("value", "code"), [(0, "status-not-set"), (1, "status-refresh")])
def test_a_purpose_of_another_kind_informs_and_does_not_decide(
    world: World, issuer: Issuer, value: int, code: str
) -> None:
    issuer.publish_list(purpose="refresh", set_entries={INDEX: value})
    report = revocation_only(world, issuer, statusPurpose="refresh")
    assert report.verdict is Verdict.VALID
    assert only(report, "status").code == code


def test_a_purpose_of_another_kind_that_cannot_be_read_is_unknown(
    world: World, issuer: Issuer
) -> None:
    unknown_status(revocation_only(world, issuer, statusPurpose="refresh"))


@pytest.mark.parametrize(("value", "verdict"), [(0, Verdict.VALID), (2, Verdict.REVOKED)])
def test_entries_of_several_bits_are_set_unless_they_are_zero(
    world: World, issuer: Issuer, value: int, verdict: Verdict
) -> None:
    issuer.publish_list(set_entries={INDEX: value, INDEX + 1: 3}, entry_size=2)
    messages = [{"status": f"0x{n}", "message": f"state {n}"} for n in range(4)]
    report = revocation_only(world, issuer, statusSize=2, statusMessage=messages)
    assert report.verdict is verdict


# ----------------------------------------------------- malformed entries


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"statusListIndex": "abc"}, "MALFORMED_VALUE_ERROR"),
        ({"statusListIndex": "-1"}, "MALFORMED_VALUE_ERROR"),
        ({"statusListIndex": "1e3"}, "MALFORMED_VALUE_ERROR"),
        ({"statusListIndex": "007"}, "MALFORMED_VALUE_ERROR"),
        ({"statusListIndex": ""}, "MALFORMED_VALUE_ERROR"),
        ({"statusListIndex": 7}, "MALFORMED_VALUE_ERROR"),
        ({"statusListIndex": "131072"}, "RANGE_ERROR"),
        ({"statusListIndex": "9" * 5_000}, "RANGE_ERROR"),
        ({"statusSize": 0}, "MALFORMED_VALUE_ERROR"),
        ({"statusSize": 2}, "MALFORMED_VALUE_ERROR"),
        ({"statusSize": 17}, "MALFORMED_VALUE_ERROR"),
        ({"statusSize": 2**53 - 1}, "MALFORMED_VALUE_ERROR"),
        ({"statusSize": True}, "MALFORMED_VALUE_ERROR"),
        ({"statusMessage": [{"status": "0x0", "message": "on"}]}, "MALFORMED_VALUE_ERROR"),
        ({"statusPurpose": ["revocation", "suspension"]}, "MALFORMED_VALUE_ERROR"),
        ({"id": REVOCATION_URL}, "MALFORMED_VALUE_ERROR"),
    ],
)
def test_a_malformed_entry_is_unknown_and_named(
    world: World, issuer: Issuer, changes: Document, problem: str
) -> None:
    check = unknown_status(revocation_only(world, issuer, **changes))
    assert check.problem_type == f"{DATA_MODEL_PROBLEM}{problem}"


@pytest.mark.parametrize("field", ["statusPurpose", "statusListIndex", "statusListCredential"])
def test_an_entry_that_lacks_a_field_is_unknown(
    world: World, web: Web, issuer: Issuer, field: str
) -> None:
    entry = revocation_entry()
    del entry[field]
    unknown_status(world.verify(issuer.credential(credentialStatus=entry)))
    assert REVOCATION_URL not in web.asked


def test_an_entry_of_another_type_is_unknown(world: World, web: Web, issuer: Issuer) -> None:
    entry = {"id": "https://registry.example/status/1", "type": ["Evidence"]}
    report = world.verify(issuer.credential(credentialStatus=entry))
    assert unknown_status(report).code == "status-type-not-supported"
    assert web.asked == [issuer.document_url]


def test_more_entries_than_are_looked_up_is_unknown(world: World, web: Web, issuer: Issuer) -> None:
    entries = [revocation_entry(id=f"urn:entry:{n}") for n in range(17)]
    unknown_status(world.verify(issuer.credential(credentialStatus=entries)))
    assert REVOCATION_URL not in web.asked


# ------------------------------------------------------------ the list


def test_an_unreachable_list_is_unknown(world: World, web: Web, issuer: Issuer) -> None:
    del web.pages[REVOCATION_URL]
    check = unknown_status(revocation_only(world, issuer))
    assert check.code == "status-list-unreachable"
    assert check.problem_type == f"{LIST_PROBLEM}STATUS_RETRIEVAL_ERROR"


@pytest.mark.parametrize(
    ("published", "code"),
    [
        ({"valid_until": instant(timedelta(seconds=-61))}, "status-list-expired"),
        ({"valid_from": instant(timedelta(seconds=61))}, "status-list-not-yet-valid"),
        ({"purpose": "suspension"}, "status-purpose-mismatch"),
        ({"changes": {"id": SUSPENSION_URL}}, "status-list-other-id"),
        ({"changes": {"type": ["VerifiableCredential"]}}, "not-a-status-list"),
    ],
)
def test_a_list_that_does_not_hold_is_unknown(
    world: World, issuer: Issuer, published: Document, code: str
) -> None:
    issuer.publish_list(set_entries={INDEX: 1}, **published)
    check = unknown_status(revocation_only(world, issuer))
    assert check.code == code
    assert check.problem_type == f"{LIST_PROBLEM}STATUS_VERIFICATION_ERROR"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"a": 1, "a": 2}', b"eyJh.eyJi.c2ln", b'{"@context": []}']
)
def test_what_is_no_credential_at_the_lists_url_is_unknown(
    world: World, web: Web, issuer: Issuer, body: bytes
) -> None:
    web.pages[REVOCATION_URL] = body
    check = unknown_status(revocation_only(world, issuer))
    assert check.code == "status-list-malformed"


def test_a_minute_of_tolerance_goes_for_lists_too(world: World, issuer: Issuer) -> None:
    issuer.publish_list(valid_until=instant(timedelta(seconds=-60)))
    assert revocation_only(world, issuer).verdict is Verdict.VALID
    issuer.publish_list(valid_from=instant(timedelta(seconds=60)))
    assert revocation_only(world, issuer).verdict is Verdict.VALID


def test_a_list_for_several_purposes_serves_each(world: World, issuer: Issuer) -> None:
    purposes = {"statusPurpose": ["suspension", "revocation"]}
    issuer.publish_list(set_entries={INDEX: 1}, subject_changes=purposes)
    assert revocation_only(world, issuer).verdict is Verdict.REVOKED


def test_a_tampered_list_is_unknown(world: World, web: Web, issuer: Issuer) -> None:
    tampered = issuer.publish_list(set_entries={INDEX: 1})
    tampered["credentialSubject"]["encodedList"] = bitstring.encode(bits({})).text
    web.pages[REVOCATION_URL] = as_bytes(tampered)
    assert unknown_status(revocation_only(world, issuer)).code == "status-list-not-verified"


def test_a_list_of_another_issuer_is_unknown_and_its_issuer_is_not_asked(
    world: World, web: Web, issuer: Issuer
) -> None:
    stranger = Issuer(web, "stranger")
    stranger.publish_list()
    check = unknown_status(revocation_only(world, issuer))
    assert check.code == "status-list-other-issuer"
    assert stranger.document_url not in web.asked


def test_a_list_signed_by_another_in_the_issuers_name_is_unknown(
    world: World, web: Web, issuer: Issuer
) -> None:
    stranger = Issuer(web, "stranger")
    signed = issuer.publish_list()
    del signed["proof"]
    web.pages[REVOCATION_URL] = as_bytes(stranger.sign(signed))
    assert unknown_status(revocation_only(world, issuer)).code == "status-list-not-verified"


def test_a_badge_put_in_a_lists_place_is_refused(world: World, web: Web, issuer: Issuer) -> None:
    web.pages[REVOCATION_URL] = as_bytes(issuer.credential(id=REVOCATION_URL))
    assert unknown_status(revocation_only(world, issuer)).code == "not-a-status-list"


def test_a_list_without_an_id_could_be_any_list_of_its_issuer_so_it_is_unknown(
    world: World, web: Web, issuer: Issuer
) -> None:
    signed = issuer.publish_list()
    del signed["proof"], signed["id"]
    web.pages[REVOCATION_URL] = as_bytes(issuer.sign(signed))
    assert unknown_status(revocation_only(world, issuer)).code == "status-list-without-id"


def test_a_list_signed_in_the_future_is_unknown(world: World, web: Web, issuer: Issuer) -> None:
    unsigned_list = issuer.unsigned_list(REVOCATION_URL)
    for ahead, outcome in ((60, Outcome.PASSED), (61, Outcome.UNKNOWN)):
        options = data_integrity.proof_options(
            data_integrity.Cryptosuite.EDDSA_RDFC_2022,
            verification_method=issuer.key.verification_method,
            created=instant(timedelta(seconds=ahead)),
        )
        signed = data_integrity.add_proof(unsigned_list, options, signer=issuer.key)
        web.pages[REVOCATION_URL] = as_bytes(signed)
        check = only(revocation_only(World(web, issuer), issuer), "status")
        assert check.outcome is outcome


def gzip_text(data: bytes) -> str:
    return "u" + multibase.b64url_encode(gzip.compress(data, mtime=0))


@pytest.mark.parametrize(
    ("subject_changes", "problem_type"),
    [
        ({"encodedList": gzip_text(bytes(16_383))}, f"{LIST_PROBLEM}STATUS_LIST_LENGTH_ERROR"),
        (
            {"encodedList": gzip_text(bytes(17 * 1024 * 1024))},
            f"{LIST_PROBLEM}STATUS_LIST_LENGTH_ERROR",
        ),
        ({"encodedList": "uAAAA"}, f"{DATA_MODEL_PROBLEM}MALFORMED_VALUE_ERROR"),
        ({"encodedList": ["uAAAA"]}, f"{DATA_MODEL_PROBLEM}MALFORMED_VALUE_ERROR"),
        ({"ttl": -1}, f"{DATA_MODEL_PROBLEM}MALFORMED_VALUE_ERROR"),
        ({"ttl": "300000"}, f"{DATA_MODEL_PROBLEM}MALFORMED_VALUE_ERROR"),
        ({"statusPurpose": []}, f"{DATA_MODEL_PROBLEM}MALFORMED_VALUE_ERROR"),
        ({"statusPurpose": 1}, f"{DATA_MODEL_PROBLEM}MALFORMED_VALUE_ERROR"),
    ],
)
def test_a_list_whose_content_is_wrong_is_unknown(
    world: World, issuer: Issuer, subject_changes: Document, problem_type: str
) -> None:
    # Signed as text, since an empty array is refused in what is signed as a graph.
    mechanism = Mechanism.EDDSA_JCS_2022
    issuer.publish_list(mechanism=mechanism, subject_changes=subject_changes)
    assert unknown_status(revocation_only(world, issuer)).problem_type == problem_type


def test_a_list_with_too_few_entries_of_several_bits_is_unknown(
    world: World, issuer: Issuer
) -> None:
    messages = [{"status": f"0x{n}", "message": f"state {n}"} for n in range(4)]
    report = revocation_only(world, issuer, statusSize=2, statusMessage=messages)
    assert unknown_status(report).code == "status-list-length"


def test_each_list_is_asked_for_once(world: World, web: Web, issuer: Issuer) -> None:
    for index in range(20):
        entries = [
            revocation_entry(statusListIndex=str(index)),
            suspension_entry(statusListIndex=str(index)),
        ]
        assert world.verify(issuer.credential(credentialStatus=entries)).verdict is Verdict.VALID
    assert sorted(web.asked) == sorted([issuer.document_url, REVOCATION_URL, SUSPENSION_URL])


def test_an_entry_and_a_list_that_disagree_about_the_size_are_refused() -> None:
    verified = VerifiedList(
        url=REVOCATION_URL,
        issuer="did:web:registry.example",
        purposes=frozenset({"revocation"}),
        entry_size=2,
        period=Period(None, None),
        ttl_ms=None,
        bits=bits({}, entry_size=2),
    )
    assert value_in(verified, Entry("revocation", REVOCATION_URL, INDEX, 2)) == 0
    with pytest.raises(CheckError):
        value_in(verified, Entry("revocation", REVOCATION_URL, INDEX, 1))


# ------------------------------------------- purposes, sizes and messages


def messages(size: int) -> list[Document]:
    return [{"status": hex(n), "message": f"stan {n}"} for n in range(2**size)]


@pytest.mark.parametrize("value", [0, 1, 3])
def test_the_message_of_the_value_is_told(world: World, issuer: Issuer, value: int) -> None:
    issuer.publish_list(purpose="message", set_entries={INDEX: value}, entry_size=2)
    report = revocation_only(
        world, issuer, statusPurpose="message", statusSize=2, statusMessage=messages(2)
    )
    [told, message] = [check for check in report.checks if check.name == "status"]
    assert told.code == ("status-set" if value else "status-not-set")
    assert message.code == "status-message"
    assert f'"stan {value}"' in message.sentence.pl
    assert report.verdict is Verdict.VALID


def test_messages_go_by_their_value_and_not_by_their_place(world: World, issuer: Issuer) -> None:
    """Whoever holds a badge signed as a graph may put them in another order."""
    issuer.publish_list(purpose="message", set_entries={INDEX: 2}, entry_size=2)
    entry = revocation_entry(statusPurpose="message", statusSize=2, statusMessage=messages(2))
    signed = issuer.credential(credentialStatus=entry)
    signed["credentialStatus"]["statusMessage"].reverse()
    report = world.verify(signed)
    assert report.verdict is Verdict.VALID
    assert '"stan 2"' in report.checks[-1].sentence.en


def test_a_message_cannot_break_out_of_its_sentence(world: World, issuer: Issuer) -> None:
    issuer.publish_list(purpose="message", set_entries={INDEX: 1})
    hostile = '<script>alert("1")</script>\u202e'
    told = [{"status": "0x0", "message": "ok"}, {"status": "0x1", "message": hostile}]
    signed = issuer.sign(
        unsigned(
            issuer.did,
            credentialStatus=revocation_entry(statusPurpose="message", statusMessage=told),
        ),
        cryptosuite=Cryptosuite.EDDSA_JCS_2022,
    )
    report = world.verify(signed)
    assert report.verdict is Verdict.VALID
    for sentence in (report.checks[-1].sentence.pl, report.checks[-1].sentence.en):
        assert "<" not in sentence
        assert sentence.isprintable()


@pytest.mark.parametrize(
    "given",
    [
        [{"status": "0x0", "message": "a"}, {"status": "0x0", "message": "b"}],
        [{"status": "0x0", "message": "a"}, {"status": "0x2", "message": "b"}],
        [{"status": "0", "message": "a"}, {"status": "1", "message": "b"}],
        [{"status": "0x0"}, {"status": "0x1", "message": "b"}],
    ],
)
def test_messages_that_do_not_fit_the_values_are_unknown(
    world: World, issuer: Issuer, given: list[Document]
) -> None:
    check = unknown_status(revocation_only(world, issuer, statusMessage=given))
    assert check.code == "status-entry-malformed"
    assert check.problem_type == f"{DATA_MODEL_PROBLEM}MALFORMED_VALUE_ERROR"


def test_a_revoking_entry_of_several_bits_revokes_and_tells_its_message(
    world: World, issuer: Issuer
) -> None:
    issuer.publish_list(set_entries={INDEX: 2}, entry_size=2)
    report = revocation_only(world, issuer, statusSize=2, statusMessage=messages(2))
    assert report.verdict is Verdict.REVOKED
    assert report.checks[-1].code == "status-message"


def test_a_purpose_of_the_issuers_own_does_not_invalidate(world: World, issuer: Issuer) -> None:
    issuer.publish_list(purpose="renewalDue", set_entries={INDEX: 1})
    report = revocation_only(world, issuer, statusPurpose="renewalDue")
    assert only(report, "status").code == "status-set"
    assert report.verdict is Verdict.VALID


# --------------------------------------------------------- pooled lists


def test_a_pooled_list_counts_where_its_signer_is_trusted_and_the_check_says_so(
    web: Web, issuer: Issuer
) -> None:
    pool = Issuer(web, "pool")
    pool.publish_list(set_entries={INDEX: 1})
    pool.publish_list(SUSPENSION_URL, purpose="suspension")
    verifier = Verifier(web, trusted_list_issuers={pool.did})
    report = verifier.verify(as_bytes(issuer.credential()), now=NOW)
    assert report.verdict is Verdict.REVOKED
    said = [check for check in report.checks if check.code == "status-list-signed-by-another"]
    assert [pool.did in check.sentence.pl for check in said] == [True, True]


def test_a_pooled_list_held_for_one_issuer_does_not_serve_another_verifier(
    web: Web, issuer: Issuer
) -> None:
    pool, cache = Issuer(web, "pool"), ListCache()
    pool.publish_list()
    credential = as_bytes(issuer.credential(credentialStatus=revocation_entry()))
    trusting = Verifier(web, cache=cache, trusted_list_issuers={pool.did})
    assert trusting.verify(credential, now=NOW).verdict is Verdict.VALID
    assert Verifier(web, cache=cache).verify(credential, now=NOW).verdict is Verdict.UNKNOWN


def test_a_trusted_list_issuer_must_still_have_signed(web: Web, issuer: Issuer) -> None:
    pool, stranger = Issuer(web, "pool"), Issuer(web, "stranger")
    unsigned_list = pool.unsigned_list(REVOCATION_URL)
    web.pages[REVOCATION_URL] = as_bytes(stranger.sign(unsigned_list))
    verifier = Verifier(web, trusted_list_issuers={pool.did})
    credential = issuer.credential(credentialStatus=revocation_entry())
    report = verifier.verify(as_bytes(credential), now=NOW)
    assert only(report, "status").code == "status-list-not-verified"


def test_a_list_may_have_a_ttl_of_nothing(world: World, issuer: Issuer) -> None:
    issuer.publish_list(subject_changes={"ttl": 0})
    assert revocation_only(world, issuer).verdict is Verdict.VALID
