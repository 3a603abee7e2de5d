"""Signing keys of the issuers, made and used here; the private half never leaves the key store."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.formats.multikey import encode_public_key
from registry.formats.signer import Signer
from registry.store.key_store import KeyStore


@dataclass(frozen=True)
class Ed25519Signer:
    """A `Signer` over a private key in memory."""

    verification_method: str
    private_key: Ed25519PrivateKey

    def sign(self, data: bytes) -> bytes:
        """Return the 64 bytes of the Ed25519 signature (RFC 8032)."""
        return self.private_key.sign(data)


class SigningKeys:
    """Makes and opens the Ed25519 keys of issuers; a hardware module would take its place."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def create(self, issuer_id: str, *, at: str) -> str:
        """Make a key, store it, and return its public half as a Multikey."""
        private_key = Ed25519PrivateKey.generate()
        key = encode_public_key(private_key.public_key())
        self._keys.put(_name(issuer_id, key), private_key.private_bytes_raw(), at=at)
        return key

    def signer(self, issuer_id: str, key: str, *, verification_method: str) -> Signer:
        """Return a signer for a key that `create` made; raises SecretMissingError."""
        seed = self._keys.get(_name(issuer_id, key))
        return Ed25519Signer(verification_method, Ed25519PrivateKey.from_private_bytes(seed))


def _name(issuer_id: str, key: str) -> str:
    return f"signing/{issuer_id}/{key}"
