"""Secrets at rest: wrapped, bound to their names, found or made once."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from registry.formats.multikey import decode_public_key
from registry.store.database import Database
from registry.store.key_store import KeyStore, MasterKeyError, SecretMissingError
from registry.store.signing import SigningKeys
from registry.store.tables import secrets

AT = "2026-11-22T18:00:00.000000Z"
MASTER_KEY = bytes(range(32))
NAMES = ["registry", "issuer/1", "list/1", "signing/1/z1", "subject/1"]


@pytest.fixture
def keys(database: Database) -> KeyStore:
    return KeyStore(database, MASTER_KEY)


def wrapped(database: Database, name: str) -> bytes:
    with database.reading() as connection:
        query = select(secrets.c.wrapped).where(secrets.c.name == name)
        return bytes(connection.execute(query).scalar_one())


def overwrite(database: Database, name: str, wrapped_bytes: bytes) -> None:
    with database.writing() as connection:
        change = update(secrets).where(secrets.c.name == name).values(wrapped=wrapped_bytes)
        connection.execute(change)


@pytest.mark.parametrize("name", NAMES)
def test_secret_is_found_again(database: Database, keys: KeyStore, name: str) -> None:
    keys.put(name, b"s" * 32, at=AT)
    assert keys.get(name) == KeyStore(database, MASTER_KEY).get(name) == b"s" * 32


def test_secret_is_stored_wrapped_only(database: Database, keys: KeyStore) -> None:
    keys.put("list/1", b"s" * 32, at=AT)
    assert b"s" * 8 not in wrapped(database, "list/1")


def test_same_secret_is_wrapped_differently_each_time(database: Database, keys: KeyStore) -> None:
    keys.put("list/1", b"s" * 32, at=AT)
    keys.put("list/2", b"s" * 32, at=AT)
    assert wrapped(database, "list/1") != wrapped(database, "list/2")


def test_missing_secret_is_refused_without_its_whole_name(keys: KeyStore) -> None:
    with pytest.raises(SecretMissingError) as refusal:
        keys.get("subject/one-who-was-erased")
    assert "one-who-was-erased" not in str(refusal.value)


def test_secret_is_never_replaced(keys: KeyStore) -> None:
    keys.put("list/1", b"s" * 32, at=AT)
    with pytest.raises(IntegrityError):
        keys.put("list/1", b"t" * 32, at=AT)
    assert keys.get("list/1") == b"s" * 32


def test_secrets_that_changed_places_do_not_unwrap(database: Database, keys: KeyStore) -> None:
    keys.find_or_create(["list/1", "list/2"], at=AT)
    first, second = (wrapped(database, name) for name in ("list/1", "list/2"))
    overwrite(database, "list/1", second)
    overwrite(database, "list/2", first)
    fresh = KeyStore(database, MASTER_KEY)
    for name in ("list/1", "list/2"):
        with pytest.raises(MasterKeyError, match="does not unwrap"):
            fresh.get(name)


def test_damaged_secret_does_not_unwrap(database: Database, keys: KeyStore) -> None:
    keys.find_or_create(["list/1"], at=AT)
    for damaged in (b"", b"short", wrapped(database, "list/1")[:-1]):
        overwrite(database, "list/1", damaged)
        with pytest.raises(MasterKeyError):
            KeyStore(database, MASTER_KEY).get("list/1")


def test_other_master_key_is_refused_with_the_remedy(database: Database, keys: KeyStore) -> None:
    keys.find_or_create(["registry"], at=AT)
    with pytest.raises(MasterKeyError) as refusal:
        KeyStore(database, b"x" * 32).get("registry")
    assert refusal.value.remedy is not None


def test_secrets_are_made_once_and_then_found(database: Database, keys: KeyStore) -> None:
    first = keys.find_or_create(NAMES, at=AT)
    assert set(first) == set(NAMES)
    assert len(set(first.values())) == len(NAMES)
    assert all(len(secret) == 32 for secret in first.values())
    again = KeyStore(database, MASTER_KEY).find_or_create([*NAMES, "list/9"], at=AT)
    assert {name: again[name] for name in NAMES} == first


def test_all_who_make_a_secret_at_once_get_the_first_ones(database: Database) -> None:
    def make(_: int) -> bytes:
        return KeyStore(database, MASTER_KEY).find_or_create(["list/1"], at=AT)["list/1"]

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(make, range(16)))) == 1


def test_destroyed_key_of_a_learner_is_gone_at_once(database: Database, keys: KeyStore) -> None:
    keys.find_or_create(["subject/1"], at=AT)
    assert keys.get("subject/1")
    with database.writing() as connection:
        connection.execute(secrets.delete().where(secrets.c.name == "subject/1"))
    assert keys.get_many(["subject/1"]) == {}
    with pytest.raises(SecretMissingError):
        keys.get("subject/1")


def test_signing_key_signs_what_its_public_half_verifies(keys: KeyStore) -> None:
    signing = SigningKeys(keys)
    key = signing.create("issuer-1", at=AT)
    signer = signing.signer("issuer-1", key, verification_method=f"did:web:example.org#{key}")
    signature = signer.sign(b"data")
    decode_public_key(key).verify(signature, b"data")  # type: ignore[call-arg]
    assert signer.verification_method == f"did:web:example.org#{key}"


def test_signing_key_of_one_issuer_is_not_another_issuers(keys: KeyStore) -> None:
    signing = SigningKeys(keys)
    key = signing.create("issuer-1", at=AT)
    with pytest.raises(SecretMissingError):
        signing.signer("issuer-2", key, verification_method="did:web:example.org#1")


def test_no_secret_lies_in_the_file_unwrapped(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/registry.db")
    with sqlite3.connect(tmp_path / "registry.db") as connection:
        connection.execute("CREATE TABLE secrets (name TEXT PRIMARY KEY, wrapped, created_at)")
    connection.close()
    made = KeyStore(database, MASTER_KEY).find_or_create(NAMES, at=AT)
    database.close()
    contents = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert all(secret not in contents for secret in made.values())
    assert MASTER_KEY not in contents
