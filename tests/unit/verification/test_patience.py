"""One verification takes so much time and so many requests, and no more."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

import pytest

from registry.formats import rdf
from registry.formats.canonical import Digest
from registry.formats.rdf import Quad
from registry.verification.did_documents import DidDocuments
from registry.verification.patience import OutOfPatienceError, Patience
from registry.verification.ports import Fetched, FetchError
from registry.verification.presentations import MAXIMUM_CREDENTIALS
from registry.verification.report import CheckError, Outcome, Verdict
from registry.verification.verify import Verifier
from tests.unit.verification.world import (
    NOW,
    Document,
    Issuer,
    Key,
    Web,
    as_bytes,
    codes,
    revocation_entry,
    unsigned,
)


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


class SlowWeb(Web):
    """A web on which every list takes five seconds and does not come."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.waited = 0

    def fetch(self, url: str, *, accept: str) -> Fetched:
        if url in self.pages:
            return super().fetch(url, accept=accept)
        self.waited += 1
        self.clock.seconds += 5
        raise FetchError("it took too long.", pl="trwało to zbyt długo.")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def with_lists(count: int, *, start: int = 0) -> list[Document]:
    urls = [f"https://slow.example/lists/{number}" for number in range(start, start + count)]
    return [revocation_entry(id=f"{url}#1", statusListCredential=url) for url in urls]


def test_slow_lists_keep_one_verification_no_longer_than_its_deadline(clock: Clock) -> None:
    web = SlowWeb(clock)
    verifier = Verifier(web, patience=Patience(seconds=15, clock=clock))
    signed = Issuer(web).credential(credentialStatus=with_lists(16))
    report = verifier.verify(as_bytes(signed), now=NOW)
    assert (report.verdict, web.waited, clock.seconds) == (Verdict.UNKNOWN, 3, 15)


def test_each_verification_has_a_time_of_its_own(clock: Clock) -> None:
    web = SlowWeb(clock)
    verifier = Verifier(web, patience=Patience(seconds=15, clock=clock))
    issuer = Issuer(web)
    issuer.publish_list()
    verifier.verify(as_bytes(issuer.credential(credentialStatus=with_lists(16))), now=NOW)
    good = issuer.credential(credentialStatus=revocation_entry())
    assert verifier.verify(as_bytes(good), now=NOW).verdict is Verdict.VALID


def test_all_credentials_of_a_presentation_share_what_it_may_ask_for(clock: Clock) -> None:
    web, learner = SlowWeb(clock), Key()
    issuer = Issuer(web)
    badges = [
        issuer.credential(credentialStatus=with_lists(4, start=4 * number)) for number in range(4)
    ]
    verifier = Verifier(web, patience=Patience(seconds=10_000, fetches=6, clock=clock))
    shown = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "holder": learner.controller,
        "verifiableCredential": badges,
    }
    report = verifier.verify_presentation(as_bytes(shown), now=NOW)
    assert report.verdict is Verdict.UNKNOWN
    assert web.waited == 5, "and once for the DID document"


def test_proofs_that_take_long_are_not_looked_at_for_ever(clock: Clock) -> None:
    web = Web()
    issuer = Issuer(web)
    document = unsigned(issuer.did, credentialStatus=None)
    for _ in range(6):
        document = issuer.sign(document)
    for number, proof in enumerate(document["proof"]):
        proof["created"] = f"2026-11-22T17:00:0{number}Z"

    def slow(quads: Collection[Quad], *, digest: Digest = "sha256") -> bytes:
        clock.seconds += 5
        return rdf.canonicalise(quads, digest=digest)

    verifier = Verifier(web, canonicalise=slow, patience=Patience(seconds=15, clock=clock))
    report = verifier.verify(as_bytes(document), now=NOW)
    assert clock.seconds == 15
    assert codes(report).count("out-of-time") == 4


class Impatient(Web):
    """A web that is asked for too much while `is_spent`."""

    is_spent = False

    def fetch(self, url: str, *, accept: str) -> Fetched:
        if self.is_spent:
            raise OutOfPatienceError
        return super().fetch(url, accept=accept)


def test_a_renewal_given_up_for_one_document_is_not_held_against_others() -> None:
    web = Impatient()
    issuer, later = Issuer(web), NOW + timedelta(seconds=6)
    documents = DidDocuments(web)
    old = documents.document(issuer.did, owner="issuer", now=NOW)
    issuer.publish_keys(issuer.key, Key(issuer.did))
    web.is_spent = True
    with pytest.raises(CheckError):
        documents.newer(old, owner="issuer", now=later)
    web.is_spent = False
    assert documents.newer(old, owner="issuer", now=later) is not None


def test_a_presentation_of_more_credentials_than_are_verified_is_unknown() -> None:
    web, learner = Web(), Key()
    badges = [Issuer(web).credential()] * (MAXIMUM_CREDENTIALS + 1)
    shown = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "holder": learner.controller,
        "verifiableCredential": badges,
    }
    report = Verifier(web).verify_presentation(as_bytes(shown), now=NOW)
    [check] = [one for one in report.checks if one.name == "credentials"]
    assert (check.outcome, check.code) == (Outcome.UNKNOWN, "too-many-credentials")
