"""State what signs: a key by the id its owner's DID document gives it, wherever it is kept."""

from typing import Protocol

from registry.domain.securing import KeyType


class Signer(Protocol):
    """A signing key that is used but not seen.

    Signing is deterministic (RFC 8032, RFC 6979, RFC 8017 §8.2) where the key is ours to use so,
    and may be called from several threads at once. A key that cannot be reached raises; it never
    answers with other bytes than a signature.
    """

    @property
    def verification_method(self) -> str:
        """The DID URL of the public key, such as "did:web:example.org#z6Mk..."."""
        ...

    @property
    def key_type(self) -> KeyType:
        """The type of the key, which decides the one algorithm it is used with."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the signature over `data`, which is hashed here.

        Ed25519: 64 bytes. P-256 with SHA-256: r and s of 32 bytes each. P-384 with SHA-384: of 48
        bytes each. RSA: RSASSA-PKCS1-v1_5 with SHA-256, as long as the modulus.
        """
        ...
