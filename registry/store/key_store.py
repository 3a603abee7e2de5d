"""Secrets at rest, each wrapped with AES-256-GCM under the master key and bound to its name.

Names: `registry` and `issuer/ISSUER` (keys of keyed digests), `list/LIST` (permutation keys),
`signing/ISSUER/MULTIKEY` (private keys), `subject/REFERENCE` (document keys of one learner at one
issuer), `job/JOB` (the rows of a job, until it ends). Each is 32 bytes, but for private keys: the
seed of Ed25519 (32 bytes), the scalar of P-256 (32) or P-384 (48), PKCS#8 DER of RSA. A row moved
to another name does not unwrap.
"""

import base64
import hashlib
import hmac
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, insert, select

from registry.domain.errors import RegistryError
from registry.store.bulk import among, insert_new
from registry.store.database import Database
from registry.store.tables import secrets

SECRET_BYTES = 32
NONCE_BYTES = 12
_CACHED = ("registry", "issuer/", "list/", "signing/")


class MasterKeyError(RegistryError):
    """The master key is missing, malformed, or not the one these secrets were wrapped with."""


class SecretMissingError(RegistryError):
    """A secret is not in the key store."""


def seal(key: bytes, plaintext: bytes, *, bound_to: str, nonce: bytes) -> bytes:
    """Encrypt with AES-256-GCM; the result is the nonce and the ciphertext with its tag."""
    return _sealed(AESGCM(key), plaintext, bound_to, nonce)


def unseal(key: bytes, sealed: bytes, *, bound_to: str) -> bytes:
    """Decrypt what `seal` made; raises InvalidTag where a byte or `bound_to` differs."""
    return _unsealed(AESGCM(key), sealed, bound_to)


def _sealed(cipher: AESGCM, plaintext: bytes, bound_to: str, nonce: bytes) -> bytes:
    return nonce + cipher.encrypt(nonce, plaintext, bound_to.encode())


def _unsealed(cipher: AESGCM, sealed: bytes, bound_to: str) -> bytes:
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    if len(nonce) < NONCE_BYTES:
        raise InvalidTag
    return cipher.decrypt(nonce, ciphertext, bound_to.encode())


def read_master_key(text: str | None, *, file: Path) -> bytes:
    """Return the 32 bytes from `text` (base64url) or, without it, from `file` (mode 0600)."""
    if text is None:
        text = _protected(file)
    try:
        padded = text.strip() + "=" * (-len(text.strip()) % 4)
        key = base64.b64decode(padded, altchars="-_", validate=True)
    except ValueError:
        key = b""
    if len(key) != SECRET_BYTES:
        raise MasterKeyError(
            "the master key is not 32 bytes in base64url",
            field="REGISTRY_MASTER_KEY",
            remedy="restore the key that `registry init` made",
        )
    return key


def _protected(file: Path) -> str:
    try:
        mode = file.stat().st_mode
    except FileNotFoundError as error:
        raise MasterKeyError(
            f"there is no master key: REGISTRY_MASTER_KEY is not set and {file} does not exist",
            remedy="run `registry init`, or restore the key",
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise MasterKeyError(
            f"others can read {file}", field=str(file), remedy=f"run: chmod 600 {file}"
        )
    return file.read_text()


def make_master_key(file: Path) -> None:
    """Write a new master key to `file` with mode 0600; never overwrites one."""
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as output:
        output.write(base64.urlsafe_b64encode(os.urandom(SECRET_BYTES)).decode() + "\n")
        output.flush()
        os.fsync(output.fileno())


class KeyStore:
    """Secrets by name in the database, unwrapped with the master key of 32 bytes.

    All but the learners' keys are kept in memory once read: destroying a learner's key must
    take effect at once and everywhere.
    """

    def __init__(self, database: Database, master_key: bytes) -> None:
        self._database = database
        self._master = AESGCM(master_key)
        self._cache: dict[str, bytes] = {}

    def get(self, name: str) -> bytes:
        """Return a secret; raises SecretMissingError."""
        if name not in self._cache:
            found = self.get_many([name])
            if name not in found:
                raise SecretMissingError(f"there is no secret {name.partition('/')[0]}/…")
            if name.startswith(_CACHED):
                self._cache[name] = found[name]
            return found[name]
        return self._cache[name]

    def get_many(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return those of the named secrets that exist."""
        query = select(secrets.c.name, secrets.c.wrapped)
        with self._database.reading() as connection:
            wanted = among(connection, secrets.c.name, list(names))
            rows = connection.execute(query.where(wanted)).all()
        return {name: self._unwrap(name, wrapped) for name, wrapped in rows}

    def keyed_digest(self, name: str, kind: str, data: bytes) -> bytes:
        """Return HMAC-SHA-256 under the named secret, one family of digests a `kind`."""
        # Not the function `digest`: it lets other threads take the interpreter each time.
        return hmac.new(self.get(name), kind.encode() + b"\0" + data, hashlib.sha256).digest()

    def put(self, name: str, secret: bytes, *, at: str) -> None:
        """Store a new secret; raises sqlalchemy's IntegrityError where the name is taken."""
        with self._database.writing() as connection:
            connection.execute(insert(secrets), [self._row(name, secret, at)])

    def hold(self, names: Iterable[str], connection: Connection) -> set[str]:
        """Return those of the names that exist, and keep them until the transaction ends."""
        wanted = among(connection, secrets.c.name, list(names))
        # SQLite lets one transaction write at a time and has no such lock.
        query = select(secrets.c.name).where(wanted).with_for_update(key_share=True, read=True)
        return set(connection.execute(query).scalars())

    def destroy(self, name: str, connection: Connection) -> None:
        """Delete a secret, if it is there; the caller commits."""
        connection.execute(delete(secrets).where(secrets.c.name == name))

    def find_or_create(self, names: Iterable[str], *, at: str) -> dict[str, bytes]:
        """Return a secret for each name, random where there was none; whoever is first wins."""
        wanted = list(names)
        found = {name: self._cache[name] for name in wanted if name in self._cache}
        if len(found) < len(wanted):
            found |= self.get_many(wanted)
        missing = [name for name in wanted if name not in found]
        if missing:
            rows = [self._row(name, os.urandom(SECRET_BYTES), at) for name in missing]
            with self._database.writing() as connection:
                insert_new(connection, secrets, rows)
            found |= self.get_many(missing)
        self._cache |= {name: found[name] for name in found if name.startswith(_CACHED)}
        return found

    def create(self, names: Sequence[str], connection: Connection, *, at: str) -> dict[str, bytes]:
        """Return a new random secret for each name, which nobody has used; the caller commits."""
        created = {name: os.urandom(SECRET_BYTES) for name in names}
        rows = [self._row(name, secret, at) for name, secret in created.items()]
        insert_new(connection, secrets, rows)
        return created

    def _row(self, name: str, secret: bytes, at: str) -> dict[str, object]:
        wrapped = _sealed(self._master, secret, name, os.urandom(NONCE_BYTES))
        return {"name": name, "wrapped": wrapped, "created_at": at}

    def _unwrap(self, name: str, wrapped: bytes) -> bytes:
        try:
            return _unsealed(self._master, wrapped, name)
        except InvalidTag as error:
            raise MasterKeyError(
                f"the secret {name.partition('/')[0]}/… does not unwrap",
                field="REGISTRY_MASTER_KEY",
                remedy="start with the master key this database was made with",
            ) from error
