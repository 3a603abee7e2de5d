"""Prove a did:key: the registry challenges, the learner's wallet signs, nobody keeps anything.

A challenge names the issuer that asks and its own end, and carries a keyed digest of both, so
that the registry recognises what it gave out without storing it. The wallet signs the challenge's
ASCII bytes with Ed25519 (RFC 8032); its fixed beginning keeps the signature from meaning anything
elsewhere.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.domain.errors import RegistryError
from registry.formats.multibase import MultibaseError, b64url_decode
from registry.formats.multikey import MultikeyError, decode_public_key

LIFETIME = timedelta(minutes=10)
KIND = "subject-challenge"
"""The family of keyed digests that challenges are made with."""

_PREFIX = "registry-subject-challenge-v1"
_SHAPE = re.compile(
    rf"({_PREFIX}\.([0-9a-f-]{{36}})\.([0-9]{{1,12}})\.[0-9a-f]{{32}})\.([0-9a-f]{{64}})"
)

Digest = Callable[[bytes], str]
"""HMAC-SHA-256 in hex under a secret of the issuer that asks."""


class PossessionError(RegistryError):
    """The learner did not prove the key of their DID."""


@dataclass(frozen=True)
class Proof:
    """A challenge and the base64url (without padding) of the 64-byte signature over it."""

    challenge: str
    signature: str


def make_challenge(issuer_id: str, *, expires_at: datetime, nonce: str, digest: Digest) -> str:
    """Return a challenge; `nonce` is 128 random bits in hex."""
    head = f"{_PREFIX}.{issuer_id}.{int(expires_at.timestamp())}.{nonce}"
    return f"{head}.{digest(head.encode())}"


def verify_possession(
    did: str, proof: Proof, *, issuer_id: str, now: datetime, digest: Digest
) -> None:
    """Raise PossessionError unless the key of `did` signed a living challenge of this issuer."""
    _check_challenge(proof.challenge, issuer_id, now, digest)
    try:
        _key(did).verify(b64url_decode(proof.signature), proof.challenge.encode())
    except (InvalidSignature, MultibaseError) as error:
        raise PossessionError(
            "the signature is not of this challenge and this DID's key",
            field="learner.proof.signature",
            remedy="sign the challenge's ASCII bytes with Ed25519, send base64url without padding",
        ) from error


def _check_challenge(challenge: str, issuer_id: str, now: datetime, digest: Digest) -> None:
    match = _SHAPE.fullmatch(challenge)
    if match is None or match[2] != issuer_id:
        raise _refused_challenge("the challenge was not made for this issuer")
    if not compare_digest(match[4], digest(match[1].encode())):
        raise _refused_challenge("the challenge was not made for this issuer")
    if now >= datetime.fromtimestamp(int(match[3]), UTC):
        raise _refused_challenge("the challenge's time is over")


def _refused_challenge(reason: str) -> PossessionError:
    return PossessionError(
        reason,
        field="learner.proof.challenge",
        remedy="ask for a new one: POST /v1/subject-challenges",
    )


def _key(did: str) -> Ed25519PublicKey:
    try:
        key = decode_public_key(did.removeprefix("did:key:"))
    except MultikeyError:
        key = None
    if not did.startswith("did:key:") or not isinstance(key, Ed25519PublicKey):
        raise PossessionError("only a did:key of an Ed25519 key can be proved", field="learner.did")
    return key
