"""Check that a presentation was made for this verifier, on this occasion.

VC Data Integrity 1.0 §4.4 for `challenge` and `domain` of a proof, RFC 7519 §4.1.3 for `aud` and
OpenID Connect for `nonce`, which do the same for a token.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from registry.formats.one_or_many import values_of
from registry.verification.checks import failed, passed
from registry.verification.opening import Opened
from registry.verification.report import Check


@dataclass(frozen=True)
class Occasion:
    """When a presentation is looked at, and what the holder was asked to sign with it."""

    now: datetime
    challenge: str | None = None
    domain: str | None = None


@dataclass(frozen=True)
class _Signed:
    """What one signature says; `domains` may name others beside the verifier in a token only."""

    challenge: object
    domains: object
    may_name_others: bool = False

    def is_for(self, domain: str) -> bool:
        named = values_of(self.domains)
        return domain in named and (self.may_name_others or all(one == domain for one in named))


def check_occasion(opened: Opened, occasion: Occasion) -> Sequence[Check]:
    """Report on the challenge and the domain in each signature, asked for or not."""
    proofs = values_of(opened.document.get("proof"))
    signed = [_Signed(proof.get("challenge"), proof.get("domain")) for proof in proofs]
    if opened.token is not None:
        claims = opened.token.content.claims
        signed.append(_Signed(claims.get("nonce"), claims.get("aud"), may_name_others=True))
    return [
        check for one in signed for check in (*_challenge(one, occasion), *_domain(one, occasion))
    ]


def _challenge(signed: _Signed, occasion: Occasion) -> Sequence[Check]:
    where, given = "proof.challenge", signed.challenge
    if occasion.challenge is not None:
        if given != occasion.challenge:
            return [failed("challenge", "challenge-wrong", looked_at=where).check]
        return [passed("challenge", "challenge-answered", looked_at=where)]
    if given is None:
        return []
    return [passed("challenge", "challenge-not-asked", looked_at=where, challenge=given)]


def _domain(signed: _Signed, occasion: Occasion) -> Sequence[Check]:
    where, given = "proof.domain", signed.domains
    if occasion.domain is not None:
        if not signed.is_for(occasion.domain):
            return [failed("domain", "domain-wrong", looked_at=where, domain=given).check]
        return [passed("domain", "domain-right", looked_at=where)]
    if given is None:
        return []
    return [passed("domain", "domain-not-asked", looked_at=where, domain=given)]
