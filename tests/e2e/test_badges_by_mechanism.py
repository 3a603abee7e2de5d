"""Whole badges of the mechanisms beside Ed25519's, asked for by HTTP, and read by others.

`@digitalbazaar/vc` reads embedded proofs, openbadgeslib compact JWTs. Both resolve the issuer's DID
document and fetch the lists from the server, openbadgeslib as compact JWTs too.
"""

import base64
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from openbadgeslib.ob3 import (
    OB3VerificationError,
    OB3Verifier,
    OpenBadgeCredential,
    resolve_verification_method,
)

from tests.e2e.javascript_verifiers import verify_digitalbazaar
from tests.e2e.live_registry import (
    Badge,
    Issuer,
    Json,
    LiveRegistry,
    add_key,
    is_published,
    new_issuer,
    running,
    token_of,
)
from tests.e2e.test_both_ways import changed_token
from tests.e2e.test_others_verifiers import bundled_contexts
from tests.waiting import wait_until

JWTS = ["ob-jwt-es256", "ob-jwt-rs256"]
ECDSA = [
    "ecdsa-rdfc-2019-p256",
    "ecdsa-rdfc-2019-p384",
    "ecdsa-jcs-2019-p256",
    "ecdsa-jcs-2019-p384",
]
CHANGES: dict[str, tuple[str, ...]] = {
    "valid": (),
    "suspended": ("suspend",),
    "revoked": ("revoke",),
}


@dataclass(frozen=True)
class Office:
    """A registry that runs, its one issuer's DID, and badges by mechanism and status."""

    registry: LiveRegistry
    did: str
    badges: dict[tuple[str, str], Badge]

    def fetch(self, url: str) -> bytes:
        """Fetch as one who reads signed lists as compact JWTs alone."""
        context = ssl.create_default_context(cafile=self.registry.ca_file)
        accept = {"Accept": "application/vc+jwt, application/did+json"}
        response = httpx.get(url, verify=context, trust_env=False, headers=accept)
        response.raise_for_status()
        return response.content

    def read(self, token: str) -> OpenBadgeCredential:
        """Verify a badge and its lists; raises OB3VerificationError.

        By the key that the badge names: asked for the issuer alone, the library would verify lists
        by the first key in its document.
        """
        OB3Verifier.for_issuer_did(self.did, download=self.fetch).verify(token)
        key = resolve_verification_method(header_of(token)["kid"], self.fetch)
        return OB3Verifier(key, self.did).verify(token, check_status=True, download=self.fetch)


def header_of(token: str) -> Json:
    header: Json = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
    return header


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with running(tmp_path_factory.mktemp("jwt")) as (registry, client):
        issuer = new_issuer(client, did_method="web")
        for key_type in ("P-256", "P-384", "RSA"):
            add_key(client, issuer.issuer_id, type=key_type)
        badges = badges_of(issuer)
        for badge in badges.values():
            wait_until(lambda badge=badge: is_published(registry, badge))  # type: ignore[misc]
        did = client.get(f"/v1/issuers/{issuer.issuer_id}").json()["did"]
        yield Office(registry, did, badges)


def badges_of(issuer: Issuer) -> dict[tuple[str, str], Badge]:
    """Issue a badge of each mechanism and status."""
    achievements = {name: issuer.define(cryptosuite=name) for name in [*JWTS, *ECDSA]}
    return {
        (name, status): issuer.issue(achievements[name], *changes)
        for name in achievements
        for status, changes in CHANGES.items()
    }


def test_digitalbazaar_verifies_ecdsa_badges_and_reads_their_status(office: Office) -> None:
    badges = {name: badge for name, badge in office.badges.items() if name[0] in ECDSA}
    found = verify_digitalbazaar(
        [badge.document for badge in badges.values()],
        ca_file=office.registry.ca_file,
        contexts=bundled_contexts(),
    )
    for (name, badge), one in zip(badges.items(), found, strict=True):
        assert (one["verified"], one["error"]) == (True, None), name
        assert {each["purpose"]: each["status"] for each in one["statuses"]} == badge.statuses


@pytest.mark.parametrize("mechanism", JWTS)
def test_openbadgeslib_verifies_a_jwt_badge_and_its_signed_lists(
    office: Office, mechanism: str
) -> None:
    badge = office.badges[mechanism, "valid"]
    credential = office.read(token_of(badge.document))
    assert credential.issuer.id == office.did
    assert credential.recipient_id == badge.credential["credentialSubject"]["id"]


@pytest.mark.parametrize("mechanism", JWTS)
def test_openbadgeslib_refuses_a_changed_jwt_badge(office: Office, mechanism: str) -> None:
    token = token_of(office.badges[mechanism, "valid"].document)
    with pytest.raises(OB3VerificationError, match="Invalid signature"):
        office.read(changed_token(token))


@pytest.mark.parametrize("mechanism", JWTS)
@pytest.mark.parametrize(
    ("status", "purpose"), [("suspended", "suspension"), ("revoked", "revocation")]
)
def test_openbadgeslib_reads_the_status_of_a_jwt_badge(
    office: Office, mechanism: str, status: str, purpose: str
) -> None:
    token = token_of(office.badges[mechanism, status].document)
    with pytest.raises(OB3VerificationError, match=f"status '{purpose}' is set"):
        office.read(token)
