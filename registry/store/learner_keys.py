"""The keys of learners, one for each at each issuer: once destroyed, nothing opens any more.

Each ciphertext is bound to what it belongs to: moved to another row it does not open.
"""

import os
from collections.abc import Callable, Collection, Mapping

from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection

from registry.domain.errors import DocumentGoneError, RegistryError
from registry.store.key_store import NONCE_BYTES, KeyStore, seal, unseal


class VaultDamagedError(RegistryError):
    """What is stored does not open, though nobody erased it."""


class LearnerKeys:
    """Seals and opens under learners' keys, which are known by the learners' references.

    `is_erased` says of a reference whether it was erased, also where a database was restored from
    a time before.
    """

    def __init__(self, keys: KeyStore, *, is_erased: Callable[[str], bool]) -> None:
        self._keys = keys
        self.is_erased = is_erased

    def create(
        self, references: Collection[str], connection: Connection, *, at: str
    ) -> Mapping[str, bytes]:
        """Return a new random key for each new reference; the caller commits."""
        keys = self._keys.create([*map(key_name, references)], connection, at=at)
        return {reference: keys[key_name(reference)] for reference in references}

    def of(self, references: Collection[str]) -> Mapping[str, bytes]:
        """Return the key of each reference; raises DocumentGoneError where one is erased."""
        keys = self._keys.get_many({key_name(reference) for reference in references})
        if any(key_name(each) not in keys or self.is_erased(each) for each in references):
            raise _erased()
        return {reference: keys[key_name(reference)] for reference in references}

    def hold(self, references: Collection[str], connection: Connection) -> None:
        """Keep keys from being destroyed until the transaction ends.

        Raises DocumentGoneError where one is gone already.
        """
        names = {key_name(reference) for reference in references}
        if self._keys.hold(names, connection) != names:
            raise _erased()


def key_name(reference: str) -> str:
    """Name the key of one learner at one issuer."""
    return f"subject/{reference}"


def sealed(key: bytes, content: bytes, *, bound_to: str) -> bytes:
    """Encrypt with AES-256-GCM under a nonce of its own, which stands before the ciphertext."""
    return seal(key, content, bound_to=bound_to, nonce=os.urandom(NONCE_BYTES))


def opened(key: bytes, ciphertext: bytes, *, bound_to: str) -> bytes:
    """Decrypt what `sealed` made; raises VaultDamagedError."""
    try:
        return unseal(key, ciphertext, bound_to=bound_to)
    except InvalidTag as error:
        raise VaultDamagedError(
            f"the stored {bound_to.partition('/')[0]} was damaged or moved",
            remedy="restore it from a backup",
        ) from error


def _erased() -> DocumentGoneError:
    return DocumentGoneError(
        "the key was destroyed, what it opened is erased",
        remedy="nothing more is kept under the erased reference; a new issuance makes a new one",
    )
