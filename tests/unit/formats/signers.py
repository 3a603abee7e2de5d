"""Signers with a new key of each type, made once for all tests."""

from functools import cache

from hypothesis import settings

from registry.domain.securing import KeyType
from registry.formats.multikey import PublicKey, encode_public_key
from registry.formats.signer import Signer
from registry.store.signing import PrivateKey, generate, signer_over

ISSUER = "did:web:issuer.example"

# An RSA key takes as long as it takes, and the more so on a busy machine.
UNHURRIED = settings(deadline=None)


@cache
def private_key(key_type: KeyType) -> PrivateKey:
    return generate(key_type)


def public_key(key_type: KeyType) -> PublicKey:
    return private_key(key_type).public_key()


def signer_of(key_type: KeyType, *, did: str = ISSUER) -> Signer:
    method = f"{did}#{encode_public_key(public_key(key_type))}"
    return signer_over(private_key(key_type), verification_method=method)
