"""Signers with a new key of each type, made once for all tests."""

from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import settings

from registry.domain.securing import KeyType
from registry.formats.multikey import PublicKey, encode_public_key
from registry.formats.signer import Signer
from registry.store.signing import EcdsaSigner, Ed25519Signer, PrivateKey, RsaSigner

ISSUER = "did:web:issuer.example"

# An RSA key takes as long as it takes, and the more so on a busy machine.
UNHURRIED = settings(deadline=None)


@cache
def private_key(key_type: KeyType) -> PrivateKey:
    match key_type:
        case KeyType.ED25519:
            return Ed25519PrivateKey.generate()
        case KeyType.P256:
            return ec.generate_private_key(ec.SECP256R1())
        case KeyType.P384:
            return ec.generate_private_key(ec.SECP384R1())
        case KeyType.RSA:
            return rsa.generate_private_key(65_537, 2_048)


def public_key(key_type: KeyType) -> PublicKey:
    return private_key(key_type).public_key()


def signer_of(key_type: KeyType, *, did: str = ISSUER) -> Signer:
    key = private_key(key_type)
    method = f"{did}#{encode_public_key(key.public_key())}"
    match key:
        case Ed25519PrivateKey():
            return Ed25519Signer(method, key)
        case ec.EllipticCurvePrivateKey():
            return EcdsaSigner(method, key)
        case rsa.RSAPrivateKey():
            return RsaSigner(method, key)
