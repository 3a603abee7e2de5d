"""A static target that is a bucket of an object store, by conditional puts (RFC 9110 §13.1)."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import ObjectStore

from projections.publish_folder import PublishedVersion
from projections.static.target import Copy, TargetAwayError, TargetUnfitError

VERSION = "registry-version"
"""The metadata of an object that holds the number of its version."""

MOST_TRIES = 20
"""How often another process may come first before a put counts as failed."""

_LOST_THE_RACE = (AlreadyExistsError, PreconditionError)
_LONGEST_REASON = 300
_T = TypeVar("_T")


@dataclass(frozen=True)
class _Found:
    """An object: which version it says it is, its bytes' digest, and what a condition names it."""

    published: PublishedVersion
    condition: "obstore.UpdateVersion"


class StoreTarget:
    """Keeps copies as objects, the name as the key; see `Target` for what it promises."""

    look_seconds = 300.0

    def __init__(self, store: "ObjectStore", *, url: str) -> None:
        self._store = store
        self.url = url

    def prepare(self) -> None:
        """Try out on an object of its own that both conditions are honoured and metadata kept.

        A store that ignores conditions would let a process that stalled put an old version back.
        """
        key = f".conditions-{os.urandom(8).hex()}"
        try:
            fault = _asking(lambda: self._fault(key))
        except NotImplementedError as error:
            fault = _first_line(error)
        except _LOST_THE_RACE as error:  # With itself: what it had no answer to was done.
            raise TargetAwayError("an answer was lost", remedy="try again") from error
        _asking(lambda: self._delete(key))
        if fault:
            raise TargetUnfitError(
                f"{self.url}: {fault}",
                field="static_targets",
                remedy="use a store with conditional puts (If-Match and If-None-Match), or a "
                "directory: file:///path",
            )

    def _fault(self, key: str) -> str | None:
        """Return which promise a store breaks, or None."""
        self._write(key, b"1", {VERSION: "1"}, None)
        if self._wins(key, b"2", None):
            return "it ignores If-None-Match"
        found = self._look(key)
        if found is None or found.published.version != 1:
            return "it does not keep the metadata of an object"
        if not self._wins(key, b"3", found.condition):
            return "it refuses If-Match with the newest ETag"
        return "it ignores If-Match" if self._wins(key, b"4", found.condition) else None

    def served(self, name: str) -> PublishedVersion | None:
        """Return the version under a name and the digest of the bytes that are really there."""
        found = _asking(lambda: self._look(name))
        return found.published if found else None

    def put(self, copy: Copy) -> bool:
        """Serve a copy; return False where a newer version is there, or its end."""
        for _ in range(MOST_TRIES):
            try:
                return _asking(lambda: self._put(copy))
            except _LOST_THE_RACE:
                continue
        raise TargetAwayError(f"{copy.name} was replaced {MOST_TRIES} times in between")

    def _put(self, copy: Copy) -> bool:
        found = self._look(copy.name)
        if found and found.published.version > copy.published.version:
            return False
        if found and found.published == copy.published:
            return True
        if found is None and self._is_withdrawn(copy.name):
            return False
        attributes = {
            "Content-Type": copy.media_type,
            "Cache-Control": copy.cache_control,
            VERSION: str(copy.published.version),
        }
        # Bytes of a list or DID document never come back after others, so that their ETag, which
        # may be a digest of them, stands for one version.
        self._write(copy.name, copy.body, attributes, found.condition if found else None)
        if found is None and self._is_withdrawn(copy.name):  # Meanwhile, by another process.
            self._delete(copy.name)
            return False
        return True

    def withdraw(self, name: str) -> None:
        """Serve a name no more, and leave `NAME.withdrawn` to tell so for ever."""
        _asking(lambda: self._withdraw(name))

    def _withdraw(self, name: str) -> None:
        # The mark first: whoever puts the name back afterwards looks for it.
        if not self._is_withdrawn(name):
            self._wins(_mark(name), b"", None)
        self._delete(name)

    def is_withdrawn(self, name: str) -> bool:
        """Return whether what `withdraw` leaves is there."""
        return _asking(lambda: self._is_withdrawn(name))

    def _is_withdrawn(self, name: str) -> bool:
        try:
            obstore.head(self._store, _mark(name))
        except FileNotFoundError:
            return False
        return True

    def _look(self, name: str) -> _Found | None:
        try:
            result = obstore.get(self._store, name)
        except FileNotFoundError:
            return None
        # An object that somebody else put there is older than anything.
        version = result.attributes.get(VERSION, "")
        number = int(version) if version.isdecimal() else 0
        meta = result.meta
        condition: obstore.UpdateVersion = {}
        if meta["e_tag"]:
            condition["e_tag"] = meta["e_tag"]
        if meta["version"]:
            condition["version"] = meta["version"]
        digest = sha256(bytes(result.bytes())).hexdigest()
        return _Found(PublishedVersion(number, digest), condition)

    def _wins(self, key: str, body: bytes, condition: "obstore.UpdateVersion | None") -> bool:
        try:
            self._write(key, body, {VERSION: "1"}, condition)
        except _LOST_THE_RACE:
            return False
        return True

    def _write(
        self,
        key: str,
        body: bytes,
        attributes: dict[str, str],
        condition: "obstore.UpdateVersion | None",
    ) -> None:
        obstore.put(self._store, key, body, attributes=attributes, mode=condition or "create")

    def _delete(self, key: str) -> None:
        try:
            obstore.delete(self._store, key)
        except FileNotFoundError:
            return


def _mark(name: str) -> str:
    return f"{name}.withdrawn"


def _asking(ask: Callable[[], _T]) -> _T:
    """Return the store's answer; what it could not do is told as TargetAwayError."""
    try:
        return ask()
    except _LOST_THE_RACE:
        raise
    except (BaseError, OSError) as error:
        raise TargetAwayError(
            _first_line(error),
            remedy="see that the store is up, and that the credentials in the environment may "
            "read, write and delete there",
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:_LONGEST_REASON]
