"""For how long a verifier keeps DID documents, and when it asks again before that."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from registry.domain.securing import Mechanism
from registry.verification.ports import Fetched
from registry.verification.report import Verdict
from tests.unit.verification.world import NOW, Issuer, Key, Web, World, only, unsigned


def test_a_did_document_is_fetched_once_in_five_minutes(
    world: World, web: Web, issuer: Issuer
) -> None:
    credential = issuer.credential(credentialStatus=None)
    for seconds in (0, 1, 299):
        world.verify(credential, now=NOW + timedelta(seconds=seconds))
    assert web.asked == [issuer.document_url]
    world.verify(credential, now=NOW + timedelta(seconds=300))
    assert web.asked == [issuer.document_url] * 2


def test_a_key_younger_than_the_held_did_document_counts_at_once(
    world: World, web: Web, issuer: Issuer
) -> None:
    world.verify(issuer.credential(credentialStatus=None))
    new = Key(issuer.did)
    issuer.publish_keys(issuer.key, new)
    credential = issuer.sign(unsigned(issuer.did, credentialStatus=None), key=new)
    assert world.verify(credential, now=NOW + timedelta(seconds=5)).verdict is Verdict.VALID
    assert web.asked == [issuer.document_url] * 2


def test_a_key_younger_than_the_held_did_document_counts_for_a_token_too(
    world: World, issuer: Issuer
) -> None:
    world.verify(issuer.credential(credentialStatus=None))
    token = issuer.issue(unsigned(issuer.did, credentialStatus=None), Mechanism.VC_JWT_ES256)
    assert world.verify(token, now=NOW + timedelta(seconds=5)).verdict is Verdict.VALID


def test_keys_that_do_not_exist_make_nobody_hammer_a_server(
    world: World, web: Web, issuer: Issuer
) -> None:
    forged = issuer.sign(unsigned(issuer.did), key=Key(issuer.did))
    for tenths in range(100):
        report = world.verify(forged, now=NOW + timedelta(seconds=tenths / 10))
        assert only(report, "proof").code == "key-not-authorised"
        assert report.verdict is Verdict.INVALID
    assert web.asked == [issuer.document_url] * 2


def test_a_newer_did_document_that_was_fetched_is_held(
    world: World, web: Web, issuer: Issuer
) -> None:
    world.verify(issuer.credential(credentialStatus=None))
    new = Key(issuer.did)
    issuer.publish_keys(issuer.key, new)
    credential = issuer.sign(unsigned(issuer.did, credentialStatus=None), key=new)
    for seconds in (10, 11, 309):
        later = NOW + timedelta(seconds=seconds)
        assert world.verify(credential, now=later).verdict is Verdict.VALID
    assert web.asked == [issuer.document_url] * 2


class SlowWeb(Web):
    """A web that gives other threads the time to ask the same."""

    def fetch(self, url: str, *, accept: str) -> Fetched:
        time.sleep(0.05)
        return super().fetch(url, accept=accept)


def test_threads_that_miss_the_same_key_ask_for_it_once() -> None:
    web = SlowWeb()
    issuer = Issuer(web)
    world = World(web, issuer)
    world.verify(issuer.credential(credentialStatus=None))
    new = Key(issuer.did)
    issuer.publish_keys(issuer.key, new)
    credential = issuer.sign(unsigned(issuer.did, credentialStatus=None), key=new)
    later = NOW + timedelta(seconds=5)
    with ThreadPoolExecutor(8) as threads:
        reports = list(threads.map(lambda _: world.verify(credential, now=later), range(40)))
    assert {report.verdict for report in reports} == {Verdict.VALID}
    assert web.asked == [issuer.document_url] * 2


def test_a_key_is_not_refused_while_a_newer_did_document_cannot_be_had(
    world: World, web: Web, issuer: Issuer
) -> None:
    good = issuer.credential(credentialStatus=None)
    world.verify(good)
    credential = issuer.sign(unsigned(issuer.did, credentialStatus=None), key=Key(issuer.did))
    del web.pages[issuer.document_url]
    for seconds in (10, 11, 12):
        report = world.verify(credential, now=NOW + timedelta(seconds=seconds))
        assert report.verdict is Verdict.UNKNOWN
        assert only(report, "proof").code == "did-document-unreachable"
    assert web.asked == [issuer.document_url] * 2
    assert world.verify(good, now=NOW + timedelta(seconds=13)).verdict is Verdict.VALID
