"""State what signs: a key by the id its owner's DID document gives it, wherever it is kept."""

from typing import Protocol


class Signer(Protocol):
    """A signing key that is used but not seen.

    Signing is deterministic (RFC 8032) and may be called from several threads at once. A key that
    cannot be reached raises; it never answers with other bytes than a signature.
    """

    @property
    def verification_method(self) -> str:
        """The DID URL of the public key, such as "did:web:example.org#z6Mk..."."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the 64 bytes of the raw Ed25519 signature over `data`."""
        ...
