"""The standing of an issuer: told beside the verdict, which never rests on it."""

from datetime import timedelta
from typing import Any

import pytest

from registry.domain.securing import Mechanism
from registry.verification.ports import Fetched, FetchError
from registry.verification.report import IssuerStanding, Report, Verdict
from registry.verification.verify import Verifier
from tests.unit.verification.world import (
    NOW,
    REVOCATION_URL,
    SUSPENSION_URL,
    Document,
    Issuer,
    Web,
    as_bytes,
    instant,
    unsigned,
)

ISSUER_ID = "00000000-0000-8000-8000-000000000007"
URL = f"https://registry.example/issuers/{ISSUER_ID}/standing"
HOUR = timedelta(hours=1)


class Registry:
    """A web with one issuer, whose registry says what a test lets it say."""

    def __init__(self, issuer_id: str = ISSUER_ID) -> None:
        self.web = Web()
        self.issuer = Issuer(self.web, issuer_id)
        self.issuer.publish_list(REVOCATION_URL)
        self.issuer.publish_list(SUSPENSION_URL, purpose="suspension")
        self.verifier = Verifier(self.web, tells_standing=True)

    def says(self, *periods: tuple[str | None, str | None, str], **more: Any) -> None:
        told = [{"start": s, "end": e, "standing": standing} for s, e, standing in periods]
        answer = {"issuer": self.issuer.did, "periods": told, **more}
        self.web.pages[URL] = as_bytes(answer)

    def verify(self, document: Document | None = None) -> Report:
        credential = document or self.issuer.credential()
        return self.verifier.verify(as_bytes(credential), now=NOW)

    def standing(self) -> IssuerStanding:
        standing = self.verify().standing
        assert standing is not None
        return standing


@pytest.fixture
def registry() -> Registry:
    return Registry()


def test_standing_is_told_now_and_when_the_credential_was_signed(registry: Registry) -> None:
    turn = instant(-HOUR / 2)
    registry.says((None, turn, "accredited"), (turn, None, "withdrawn"))
    standing = registry.standing()
    assert (standing.now, standing.at_issuance) == ("withdrawn", "accredited")
    assert standing.issued_at == "2026-11-22T17:00:00.000000Z"
    assert standing.source == URL
    now, then = standing.sentences
    assert now.en.startswith('According to the registry "https://registry.example", the issuer')
    assert "cofnięto" in now.pl
    assert "was accredited at" in then.en


@pytest.mark.parametrize("standing", ["withdrawn", "suspended", "expired", "not-accredited"])
def test_no_standing_makes_a_valid_credential_anything_else(
    registry: Registry, standing: str
) -> None:
    registry.says((None, None, standing))
    assert registry.verify().verdict is Verdict.VALID


def test_no_standing_makes_a_revoked_credential_valid(registry: Registry) -> None:
    registry.issuer.publish_list(REVOCATION_URL, set_entries={94_567: 1})
    registry.says((None, None, "accredited"))
    report = registry.verify()
    assert report.verdict is Verdict.REVOKED
    assert report.standing is not None


def test_nothing_is_told_of_who_did_not_sign(registry: Registry) -> None:
    registry.says((None, None, "accredited"))
    forged = {**registry.issuer.credential(), "name": "another"}
    report = registry.verify(forged)
    assert (report.verdict, report.standing) == (Verdict.INVALID, None)
    assert URL not in registry.web.asked


def test_standing_that_cannot_be_fetched_is_unknown_and_the_credential_valid(
    registry: Registry,
) -> None:
    report = registry.verify()
    assert report.verdict is Verdict.VALID
    assert report.standing is not None
    assert (report.standing.now, report.standing.at_issuance) == ("unknown", "unknown")
    assert len(report.standing.sentences) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b'{"issuer": DID}',
        b'{"issuer": DID, "periods": [{}]}',
        b'{"issuer": DID, "periods": [7]}',
        b'{"issuer": DID, "periods": [{"start": 7, "end": null, "standing": "accredited"}]}',
        b'{"issuer": DID, "periods": [{"start": null, "end": "x", "standing": "accredited"}]}',
        b'{"issuer": DID, "periods": [{"start": null, "end": null, "standing": "excellent"}]}',
        b'{"issuer": DID, "periods": [{"start": null, "end": null, "standing": ["x"]}]}',
        b'{"issuer": DID, "periods": []}',
    ],
)
def test_answer_of_another_form_is_unknown(registry: Registry, answer: bytes) -> None:
    did = f'"{registry.issuer.did}"'.encode()
    registry.web.pages[URL] = answer.replace(b"DID", did)
    report = registry.verify()
    assert report.verdict is Verdict.VALID
    assert report.standing is not None
    assert report.standing.now == "unknown"


def test_answer_about_another_issuer_is_unknown(registry: Registry) -> None:
    registry.says((None, None, "accredited"), issuer="did:web:registry.example:issuers:other")
    assert registry.standing().now == "unknown"


def test_registry_without_a_scheme_is_not_mentioned(registry: Registry) -> None:
    registry.says((None, None, "no-scheme"))
    assert registry.verify().standing is None


def test_issuer_of_no_such_registry_is_asked_nothing_of() -> None:
    other = Registry("aurora")
    assert other.verify().standing is None
    assert not [url for url in other.web.asked if url.endswith("/standing")]


def test_verifier_that_was_not_told_to_does_not_ask(registry: Registry) -> None:
    registry.verifier = Verifier(registry.web)
    assert registry.verify().standing is None
    assert URL not in registry.web.asked


def test_registry_is_asked_once_for_many_credentials_also_when_it_does_not_answer(
    registry: Registry,
) -> None:
    for _ in range(3):
        registry.verify()
    assert registry.web.asked.count(URL) == 1
    later = NOW + timedelta(seconds=61)
    registry.says((None, None, "accredited"))
    report = registry.verifier.verify(as_bytes(registry.issuer.credential()), now=later)
    assert report.standing is not None
    assert report.standing.now == "accredited"


def test_slow_answer_takes_nothing_from_the_verdict(registry: Registry) -> None:
    class Slow(Web):
        def fetch(self, url: str, *, accept: str) -> Fetched:
            if url == URL:
                # Whatever was asked for before this was asked for in time.
                assert REVOCATION_URL in self.asked
                assert SUSPENSION_URL in self.asked
                raise FetchError("it took longer than 5 s.", pl="trwało to dłużej niż 5 s.")
            return super().fetch(url, accept=accept)

    slow = Slow()
    slow.pages = registry.web.pages
    registry.verifier = Verifier(slow, tells_standing=True)
    assert registry.verify().verdict is Verdict.VALID


def test_standing_of_each_credential_in_a_presentation_is_told(registry: Registry) -> None:
    registry.says((None, None, "suspended"))
    presentation = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [registry.issuer.credential()],
    }
    report = registry.verifier.verify_presentation(as_bytes(presentation), now=NOW)
    (credential,) = report.credentials
    assert credential.standing is not None
    assert credential.standing.now == "suspended"


def test_credential_in_a_token_was_issued_when_its_validity_began(registry: Registry) -> None:
    begin = "2026-01-01T00:00:00Z"
    registry.says((None, begin, "not-yet-accredited"), (begin, None, "accredited"))
    token = registry.issuer.issue(unsigned(registry.issuer.did), Mechanism.VC_JWT_ED25519)
    standing = registry.verifier.verify(token, now=NOW).standing
    assert standing is not None
    assert (standing.issued_at, standing.at_issuance) == (
        "2026-01-01T00:00:00.000000Z",
        "accredited",
    )
