import json
from typing import Any

import pytest

from registry.domain.text import Text
from registry.formats.multibase import b64url_encode
from registry.verification.report import (
    Check,
    Outcome,
    PresentationReport,
    Report,
    Verdict,
)
from registry.verification.verify import Verifier
from scripts.verification.examining import Examiner, Tally, is_presentation
from scripts.verification.inputs import Document, Unread
from tests.unit.scripts.found import (
    NOW,
    PASSED,
    REVOKED,
    UNTOLD,
    credential,
    presentation,
    report,
)
from tests.unit.verification.world import World, as_bytes


def token(payload: Any = (), **header: Any) -> bytes:
    parts = (b64url_encode(json.dumps(part).encode()) for part in (header, payload or {}))
    return f"{'.'.join(parts)}.c2ln".encode("ascii")


@pytest.mark.parametrize(
    "body",
    [
        b' {"type": "VerifiablePresentation"}',
        b'{"type": ["VerifiablePresentation", "Other"]}',
        b'{"type": "EnvelopedVerifiablePresentation"}',
        token(typ="vp+jwt"),
        token(typ="application/VP+JWT"),
        token({"type": ["VerifiablePresentation"]}, typ="JWT"),
        token({"type": "VerifiablePresentation"}),
    ],
)
def test_presentation_is_known_by_its_type(body: bytes) -> None:
    assert is_presentation(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"{}",
        b'{"type": [1, null]}',
        b'{"type": {"VerifiablePresentation": 1}}',
        b'{"type": "VerifiableCredential"}',
        b'"VerifiablePresentation"',
        token(typ="vc+jwt"),
        token(typ=["vp+jwt"]),
        token({"type": "VerifiableCredential"}, typ="JWT"),
        token(["VerifiablePresentation"], typ="JWT"),
        b"eyJ.e30.",
        b"W10.e30.",
    ],
)
def test_everything_else_is_verified_as_a_credential(body: bytes) -> None:
    assert not is_presentation(body)
    found = examiner().examine(Document("x", body), now=NOW)
    assert isinstance(found.report, Report)
    assert found.report.verdict in {Verdict.INVALID, Verdict.UNKNOWN}


def examiner(**asked: str) -> Examiner:
    world = World.at_work()
    return Examiner(Verifier(world.web), **asked)


def test_presentation_is_verified_as_one() -> None:
    found = examiner().examine(Document("x", b'{"type": "VerifiablePresentation"}'), now=NOW)

    assert isinstance(found.report, PresentationReport)
    assert found.report.verdict is not Verdict.VALID


@pytest.mark.parametrize("asked", [{"challenge": "c"}, {"domain": "d"}])
def test_valid_credential_is_no_answer_to_a_challenge(asked: dict[str, str]) -> None:
    world = World.at_work()
    body = as_bytes(world.issuer.credential())
    alone = Examiner(Verifier(world.web)).examine(Document("x", body), now=NOW)
    answering = Examiner(Verifier(world.web), **asked).examine(Document("x", body), now=NOW)

    assert alone.report.verdict is Verdict.VALID
    assert answering.report.verdict is Verdict.INVALID


def test_what_was_not_read_is_as_its_check_says() -> None:
    check = Check("format", Outcome.UNKNOWN, "document-unreadable", Text("?", "?"), "x")

    found = examiner().examine(Unread("x", check), now=NOW)

    assert (found.report.verdict, found.decisive) == (Verdict.UNKNOWN, check)


def test_decisive_is_the_check_that_gives_the_verdict() -> None:
    assert credential(PASSED, UNTOLD, REVOKED).decisive is REVOKED
    assert credential(PASSED, UNTOLD).decisive is UNTOLD
    assert credential(PASSED).decisive is None


def test_decisive_may_stand_in_a_credential_that_is_presented() -> None:
    assert presentation(report(PASSED), report(REVOKED)).decisive is REVOKED
    assert presentation(report(PASSED), checks=(UNTOLD,)).decisive is UNTOLD


def test_tally_counts_verdicts_and_gives_the_strongest() -> None:
    tally = Tally()
    for one in (credential(PASSED), credential(UNTOLD), credential(PASSED)):
        tally.add(one)

    assert tally.counts == {Verdict.UNKNOWN: 1, Verdict.VALID: 2}
    assert tally.verdict is Verdict.UNKNOWN


def test_nothing_counted_is_unknown() -> None:
    assert Tally().verdict is Verdict.UNKNOWN
