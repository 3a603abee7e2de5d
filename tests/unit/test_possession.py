import hmac
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.formats.did import did_key
from registry.formats.multibase import b64url_encode
from registry.formats.multikey import encode_public_key
from registry.possession import PossessionError, Proof, make_challenge, verify_possession

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ISSUER = "0b8c2f6e-1d3a-8f4e-9a51-2f6d0c3b7e11"
OTHER = "5a1f7c3e-0d2b-8c4a-b6e9-7f8d1c2b3a40"
WALLET = Ed25519PrivateKey.from_private_bytes(bytes(32))
DID = did_key(encode_public_key(WALLET.public_key()))


def digest(data: bytes) -> str:
    return hmac.digest(b"secret", data, "sha256").hex()


def challenge(issuer_id: str = ISSUER) -> str:
    return make_challenge(
        issuer_id, expires_at=NOW + timedelta(minutes=10), nonce="ab" * 16, digest=digest
    )


def proof(text: str, key: Ed25519PrivateKey = WALLET) -> Proof:
    return Proof(text, b64url_encode(key.sign(text.encode())))


def verify(given: Proof, *, did: str = DID, now: datetime = NOW) -> None:
    verify_possession(did, given, issuer_id=ISSUER, now=now, digest=digest)


def test_a_wallet_that_signs_the_challenge_proves_its_did() -> None:
    verify(proof(challenge()))


def test_another_key_proves_nothing() -> None:
    with pytest.raises(PossessionError, match="signature"):
        verify(proof(challenge(), Ed25519PrivateKey.generate()))


@pytest.mark.parametrize("signature", ["", "AAAA", "A" * 86 + "==", "ü"])
def test_what_is_no_signature_proves_nothing(signature: str) -> None:
    with pytest.raises(PossessionError, match="signature"):
        verify(Proof(challenge(), signature))


def test_a_challenge_ends() -> None:
    given = proof(challenge())
    verify(given, now=NOW + timedelta(minutes=10, seconds=-1))
    with pytest.raises(PossessionError, match="over"):
        verify(given, now=NOW + timedelta(minutes=10))


def test_a_challenge_of_another_issuer_counts_for_nothing() -> None:
    with pytest.raises(PossessionError, match="not made for this issuer"):
        verify(proof(challenge(OTHER)))


def test_a_challenge_that_was_changed_or_made_up_counts_for_nothing() -> None:
    text = challenge()
    for changed in (text[:-1] + ("0" if text[-1] != "0" else "1"), text.replace("ab", "ac"), "x"):
        with pytest.raises(PossessionError, match="not made for this issuer"):
            verify(proof(changed))


def test_only_a_did_key_of_ed25519_can_be_proved() -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    for did in (did_key(encode_public_key(curve)), "did:key:z6Mk", "did:web:example.org"):
        with pytest.raises(PossessionError, match="Ed25519"):
            verify(proof(challenge()), did=did)
