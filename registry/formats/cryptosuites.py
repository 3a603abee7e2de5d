"""Know the Data Integrity cryptosuites: their keys, digests and signatures.

Sources: Data Integrity EdDSA Cryptosuites v1.0 §3, Data Integrity ECDSA Cryptosuites v1.0 §3.2 and
§3.3. The digest follows from the key: SHA-384 for P-384, otherwise SHA-256.
"""

import hashlib
from enum import StrEnum

from registry.domain.securing import KeyType
from registry.formats import multikey
from registry.formats.canonical import Digest
from registry.formats.multikey import PublicKey
from registry.formats.proof_errors import ProofError
from registry.formats.signature import WrongSignatureError, verify


class Cryptosuite(StrEnum):
    """The cryptographic suites the registry signs with and verifies."""

    EDDSA_RDFC_2022 = "eddsa-rdfc-2022"
    EDDSA_JCS_2022 = "eddsa-jcs-2022"
    ECDSA_RDFC_2019 = "ecdsa-rdfc-2019"
    ECDSA_JCS_2019 = "ecdsa-jcs-2019"

    @property
    def is_rdfc(self) -> bool:
        """Whether the suite signs the canonical RDF of a document, not its canonical JSON."""
        return self in (Cryptosuite.EDDSA_RDFC_2022, Cryptosuite.ECDSA_RDFC_2019)

    @property
    def key_types(self) -> frozenset[KeyType]:
        """The types of key the suite signs with."""
        if self in (Cryptosuite.EDDSA_RDFC_2022, Cryptosuite.EDDSA_JCS_2022):
            return frozenset({KeyType.ED25519})
        return frozenset({KeyType.P256, KeyType.P384})


def digest_of(key_type: KeyType) -> Digest:
    """Return the digest that goes with a type of key (ECDSA Cryptosuites v1.0 §3.2.4)."""
    return "sha384" if key_type is KeyType.P384 else "sha256"


def hashed(*forms: bytes, key_type: KeyType) -> bytes:
    """Return the digests of canonical forms, one after the other: what is signed."""
    return b"".join(hashlib.new(digest_of(key_type), form).digest() for form in forms)


def key_type_of(public_key: PublicKey) -> KeyType:
    """Return the type of a public key, or raise ProofError for one that nothing here uses."""
    try:
        return multikey.key_type_of(public_key)
    except multikey.MultikeyError as error:
        raise ProofError(f"the key cannot be used: {error}") from error


def verify_signature(public_key: PublicKey, signature: bytes, *, signed: bytes) -> None:
    """Raise ProofError unless a signature is this key's: Ed25519, or r and s of ECDSA joined."""
    try:
        verify(public_key, signature, signed)
    except WrongSignatureError as error:
        raise ProofError("the signature is not of this document and key") from error
