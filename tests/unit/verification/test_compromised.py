"""A signature by a key that others may have held: right or not, it proves nothing."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from registry.domain.securing import Mechanism
from registry.verification.report import Outcome, Verdict
from registry.verification.verify import Verifier
from tests.unit.verification.world import (
    NOW,
    Issuer,
    Key,
    Web,
    World,
    as_bytes,
    codes,
    only,
    unsigned,
)

SINCE = "2026-05-01T00:00:00.000000Z"


class Registry:
    """The registry that publishes the issuer's document, as its own verifier asks it."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.withdrawn: dict[str, str] = {}

    def publishes(self, did: str) -> bool:
        return did == self.issuer.did

    def compromised(self, did: str) -> Mapping[str, str]:
        return self.withdrawn if did == self.issuer.did else {}

    def withdraw(self, *keys: Key) -> None:
        """Let keys leave the document, in which the next one takes their place."""
        self.withdrawn = {key.multibase: SINCE for key in keys}
        self.issuer.publish_keys(Key(self.issuer.did))


@pytest.fixture
def registry(issuer: Issuer) -> Registry:
    return Registry(issuer)


@pytest.fixture
def own(web: Web, registry: Registry) -> World:
    """A world whose verifier is the registry's."""
    world = World(web, registry.issuer)
    world.verifier = Verifier(web, own_issuers=registry)
    return world


def test_registry_does_not_know_what_a_compromised_key_signed(
    own: World, issuer: Issuer, registry: Registry
) -> None:
    credential = issuer.credential()
    registry.withdraw(issuer.key)
    report = own.verify(credential)
    assert report.verdict is Verdict.UNKNOWN
    proof = only(report, "proof")
    assert (proof.outcome, proof.code) == (Outcome.UNKNOWN, "key-compromised")
    assert SINCE in proof.sentence.en
    assert SINCE in proof.sentence.pl


def test_registry_does_not_know_what_a_compromised_key_signed_as_a_token(
    own: World, issuer: Issuer, registry: Registry
) -> None:
    token = issuer.issue(unsigned(issuer.did), Mechanism.VC_JWT_ES256)
    registry.withdraw(issuer.key_for(Mechanism.VC_JWT_ES256))
    report = own.verify(token)
    assert report.verdict is Verdict.UNKNOWN
    assert only(report, "proof").code == "key-compromised"


def test_stranger_takes_a_compromised_key_for_none_of_the_issuers(
    world: World, issuer: Issuer, registry: Registry
) -> None:
    credential = issuer.credential()
    registry.withdraw(issuer.key)
    report = world.verify(credential)
    assert report.verdict is Verdict.INVALID
    assert only(report, "proof").code == "key-not-authorised"


def test_changed_document_is_invalid_whatever_became_of_its_key(
    own: World, issuer: Issuer, registry: Registry
) -> None:
    credential = issuer.credential()
    registry.withdraw(issuer.key)
    report = own.verify(credential | {"validFrom": "2025-01-01T00:00:00Z"})
    assert report.verdict is Verdict.INVALID
    assert only(report, "proof").code == "wrong-signature"


def test_key_that_never_was_the_issuers_is_refused_beside_a_compromised_one(
    own: World, issuer: Issuer, registry: Registry
) -> None:
    forged = issuer.sign(unsigned(issuer.did), key=Key(issuer.did))
    registry.withdraw(issuer.key)
    report = own.verify(forged)
    assert report.verdict is Verdict.INVALID
    assert only(report, "proof").code == "key-not-authorised"


def test_status_is_not_asked_for_where_a_compromised_key_names_the_list(
    own: World, web: Web, issuer: Issuer, registry: Registry
) -> None:
    credential = issuer.credential()
    registry.withdraw(issuer.key)
    report = own.verify(credential)
    assert set(web.asked) == {issuer.document_url}
    assert "status-not-checked" in codes(report)


def test_registry_misses_a_key_at_once_that_left_a_document_of_its_own(
    own: World, issuer: Issuer, registry: Registry
) -> None:
    """A copy may be held for five minutes, and for as long a lost key would be taken for good."""
    credential = issuer.credential(credentialStatus=None)
    assert own.verify(credential).verdict is Verdict.VALID
    registry.withdraw(issuer.key)
    report = own.verifier.verify(as_bytes(credential), now=NOW + timedelta(seconds=1))
    assert report.verdict is Verdict.UNKNOWN


def test_credential_of_the_next_key_is_valid_beside_a_compromised_one(
    own: World, issuer: Issuer, registry: Registry
) -> None:
    registry.withdraw(Key(issuer.did))
    new = Key(issuer.did)
    issuer.publish_keys(new)
    credential = issuer.sign(unsigned(issuer.did, credentialStatus=None), key=new)
    assert own.verify(credential).verdict is Verdict.VALID


def test_registry_tells_of_a_compromised_key_before_the_document_is_published_anew(
    own: World, issuer: Issuer, registry: Registry
) -> None:
    credential = issuer.credential(credentialStatus=None)
    registry.withdrawn = {issuer.key.multibase: SINCE}
    report = own.verify(credential)
    assert report.verdict is Verdict.UNKNOWN
    assert only(report, "proof").code == "key-compromised"
