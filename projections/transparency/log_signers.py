"""Who signs a log: each key those of one log alone, since policies name a public key once.

C2SP tlog-policy lets no public key stand for two logs, so a key that signed a log that was closed
signs none that follows; receipts of both can then be checked under one policy.
"""

from collections.abc import Callable, Sequence
from itertools import chain

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from projections.transparency.floor import LogFolder
from registry.formats.tlog.notes import NoteSigner
from registry.store.log_keys import LogKeyError

OpenKeys = Callable[[], Sequence[Ed25519PrivateKey]]
"""Returns the keys there are, the primary first; raises LogKeyError."""


class LogSigners:
    """The keys that sign the logs of a folder."""

    def __init__(self, open_keys: OpenKeys, folder: LogFolder) -> None:
        self._open_keys = open_keys
        self._folder = folder

    def of(self, number: int, origin: str) -> list[NoteSigner]:
        """Return those that sign a log, the primary first; raises LogKeyError without any."""
        used = self._used_before(number)
        keys = [key for key in self._open_keys() if _public(key) not in used]
        if not keys:
            raise LogKeyError(
                f"every key that is given signed a log before {origin}",
                field="REGISTRY_LOG_KEY",
                remedy="give a key of its own to this log, 32 random bytes in base64url, and put "
                "it first; where a file holds the keys, run: registry log key add",
            )
        return [NoteSigner(origin, key) for key in keys]

    def all(self) -> list[Ed25519PrivateKey]:
        """Return every key there is, whether it signs or not; raises LogKeyError."""
        return list(self._open_keys())

    def has_new(self, number: int) -> bool:
        """Return whether a key is there that signed no log before this one."""
        used = self._used_before(number)
        try:
            return any(_public(key) not in used for key in self._open_keys())
        except LogKeyError:
            return False

    def used_before(self, number: int) -> list[bytes]:
        """Return the public halves of the keys that are there and signed a log before this one."""
        used = self._used_before(number)
        return [public for key in self._open_keys() if (public := _public(key)) in used]

    def _used_before(self, number: int) -> set[bytes]:
        logs = (self._folder.log(each) for each in self._folder.numbers() if each < number)
        return {key.public_key for key in chain.from_iterable(log.keys() for log in logs)}


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()
