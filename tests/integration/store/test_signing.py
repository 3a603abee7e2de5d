"""Signing keys of every type: made, kept wrapped, opened again, and used."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from registry.domain.securing import KeyType
from registry.formats import signature as signatures
from registry.formats.multikey import decode_public_key, key_type_of
from registry.store.database import Database
from registry.store.key_store import KeyStore
from registry.store.signing import SigningKeys

AT = "2026-11-22T18:00:00.000000Z"
MASTER_KEY = bytes(range(32))
METHOD = "did:web:example.org#1"
SIGNATURE_BYTES = {KeyType.ED25519: 64, KeyType.P256: 64, KeyType.P384: 96, KeyType.RSA: 256}


@pytest.fixture
def keys(database: Database) -> KeyStore:
    return KeyStore(database, MASTER_KEY)


@pytest.mark.parametrize("key_type", KeyType)
def test_a_key_is_named_by_its_public_half_and_of_the_type_asked_for(
    keys: KeyStore, key_type: KeyType
) -> None:
    key = SigningKeys(keys).create("issuer-1", at=AT, key_type=key_type)
    signer = SigningKeys(keys).signer("issuer-1", key, verification_method=METHOD)
    assert key_type_of(key) == signer.key_type == key_type
    assert signer.verification_method == METHOD


@pytest.mark.parametrize("key_type", KeyType)
def test_a_key_opened_later_signs_what_its_public_half_verifies(
    database: Database, keys: KeyStore, key_type: KeyType
) -> None:
    key = SigningKeys(keys).create("issuer-1", at=AT, key_type=key_type)
    later = SigningKeys(KeyStore(database, MASTER_KEY))
    signature = later.signer("issuer-1", key, verification_method=METHOD).sign(b"data")
    assert len(signature) == SIGNATURE_BYTES[key_type]
    signatures.verify(decode_public_key(key), signature, b"data")


@pytest.mark.parametrize("key_type", KeyType)
def test_signing_is_deterministic(keys: KeyStore, key_type: KeyType) -> None:
    signing = SigningKeys(keys)
    key = signing.create("issuer-1", at=AT, key_type=key_type)
    signers = [signing.signer("issuer-1", key, verification_method=METHOD) for _ in range(2)]
    assert len({signer.sign(b"data") for signer in signers}) == 1


def test_a_key_is_of_ed25519_unless_another_type_is_asked_for(keys: KeyStore) -> None:
    assert key_type_of(SigningKeys(keys).create("issuer-1", at=AT)) is KeyType.ED25519


def test_an_rsa_key_has_2048_bits(keys: KeyStore) -> None:
    key = SigningKeys(keys).create("issuer-1", at=AT, key_type=KeyType.RSA)
    public_key = decode_public_key(key)
    assert isinstance(public_key, RSAPublicKey)
    assert public_key.key_size == 2_048


@pytest.mark.parametrize(
    ("key_type", "length"), [(KeyType.ED25519, 32), (KeyType.P256, 32), (KeyType.P384, 48)]
)
def test_secrets_of_curves_have_the_length_of_their_scalars(
    keys: KeyStore, key_type: KeyType, length: int
) -> None:
    key = SigningKeys(keys).create("issuer-1", at=AT, key_type=key_type)
    assert len(keys.get(f"signing/issuer-1/{key}")) == length
