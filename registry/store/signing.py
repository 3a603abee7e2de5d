"""Signing keys of the issuers, made and used here; the private half never leaves the key store."""

from dataclasses import dataclass
from typing import ClassVar, assert_never

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from registry.domain.securing import KeyType
from registry.formats.multikey import encode_public_key, key_type_of
from registry.formats.signer import Signer
from registry.store.key_store import KeyStore

RSA_BITS = 2_048
_RSA_EXPONENT = 65_537

PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Ed25519Signer:
    """A `Signer` over an Ed25519 key in memory."""

    verification_method: str
    private_key: Ed25519PrivateKey
    key_type: ClassVar = KeyType.ED25519

    def sign(self, data: bytes) -> bytes:
        """Return the 64 bytes of the Ed25519 signature (RFC 8032)."""
        return self.private_key.sign(data)


@dataclass(frozen=True)
class EcdsaSigner:
    """A `Signer` over a P-256 or P-384 key in memory."""

    verification_method: str
    private_key: ec.EllipticCurvePrivateKey

    @property
    def key_type(self) -> KeyType:
        return key_type_of(self.private_key.public_key())

    def sign(self, data: bytes) -> bytes:
        """Return r and s, each as long as the curve's order, deterministic (RFC 6979)."""
        digest = SHA384() if self.key_type is KeyType.P384 else SHA256()
        algorithm = ec.ECDSA(digest, deterministic_signing=True)
        size = self.private_key.key_size // 8
        numbers = decode_dss_signature(self.private_key.sign(data, algorithm))
        return b"".join(number.to_bytes(size) for number in numbers)


@dataclass(frozen=True)
class RsaSigner:
    """A `Signer` over an RSA key in memory."""

    verification_method: str
    private_key: rsa.RSAPrivateKey
    key_type: ClassVar = KeyType.RSA

    def sign(self, data: bytes) -> bytes:
        """Return the RSASSA-PKCS1-v1_5 signature with SHA-256, as long as the modulus."""
        return self.private_key.sign(data, PKCS1v15(), SHA256())


class SigningKeys:
    """Makes and opens the signing keys of issuers; a hardware module would take its place."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def create(self, issuer_id: str, *, at: str, key_type: KeyType = KeyType.ED25519) -> str:
        """Make a key of a type, store it, and return its public half as a Multikey."""
        private_key = generate(key_type)
        key = encode_public_key(private_key.public_key())
        self._keys.put(_name(issuer_id, key), _to_bytes(private_key), at=at)
        return key

    def signer(self, issuer_id: str, key: str, *, verification_method: str) -> Signer:
        """Return a signer for a key that `create` made; raises SecretMissingError."""
        private_key = _from_bytes(key_type_of(key), self._keys.get(_name(issuer_id, key)))
        return signer_over(private_key, verification_method=verification_method)


def generate(key_type: KeyType) -> PrivateKey:
    """Return a new key of a type."""
    match key_type:
        case KeyType.ED25519:
            return Ed25519PrivateKey.generate()
        case KeyType.P256:
            return ec.generate_private_key(ec.SECP256R1())
        case KeyType.P384:
            return ec.generate_private_key(ec.SECP384R1())
        case KeyType.RSA:
            return rsa.generate_private_key(_RSA_EXPONENT, RSA_BITS)
    assert_never(key_type)


def signer_over(private_key: PrivateKey, *, verification_method: str) -> Signer:
    """Return what signs with a key in memory, whatever its type."""
    match private_key:
        case Ed25519PrivateKey():
            return Ed25519Signer(verification_method, private_key)
        case ec.EllipticCurvePrivateKey():
            return EcdsaSigner(verification_method, private_key)
        case rsa.RSAPrivateKey():
            return RsaSigner(verification_method, private_key)


def _name(issuer_id: str, key: str) -> str:
    return f"signing/{issuer_id}/{key}"


def _to_bytes(private_key: PrivateKey) -> bytes:
    match private_key:
        case Ed25519PrivateKey():
            return private_key.private_bytes_raw()
        case ec.EllipticCurvePrivateKey():
            return private_key.private_numbers().private_value.to_bytes(private_key.key_size // 8)
        case rsa.RSAPrivateKey():
            return private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _from_bytes(key_type: KeyType, secret: bytes) -> PrivateKey:
    match key_type:
        case KeyType.ED25519:
            return Ed25519PrivateKey.from_private_bytes(secret)
        case KeyType.P256:
            return ec.derive_private_key(int.from_bytes(secret), ec.SECP256R1())
        case KeyType.P384:
            return ec.derive_private_key(int.from_bytes(secret), ec.SECP384R1())
        case KeyType.RSA:
            return _rsa_key(secret)
    assert_never(key_type)


def _rsa_key(secret: bytes) -> rsa.RSAPrivateKey:
    # The key was made here, and unwrapped from what nobody without the master key can write;
    # testing its primes again would take longer than signing.
    key = load_der_private_key(secret, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("not an RSA key under the name of one")
    return key
