"""Publish the DID documents of did:web issuers into the publish folder, beside their lists."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import structlog
from sqlalchemy import Connection, select

from projections import positions
from projections.claims import Claims
from projections.directory import ISSUERS, DirectoryProjection
from projections.homes import is_here
from projections.publish_folder import PublishFolder, did_name
from registry.domain.securing import KeyType
from registry.formats.canonical import jcs
from registry.formats.did import DidError, did_document, method_ids
from registry.formats.multikey import key_type_of

log = structlog.get_logger(__name__)

FORM: Final = 2
"""The way documents are written here; one higher when the same keys come to give other bytes."""

_FORMS: Final = 100


class DidPublisher:
    """Publishes each issuer's document once its keys, or the way it is written, have changed."""

    def __init__(
        self, folder: PublishFolder, *, shard: str | None = None, claims: Claims | None = None
    ) -> None:
        self._folder = folder
        self._shard = shard
        self._claims = claims
        self._seen = -1
        self.failures: dict[str, str] = {}
        """Issuers whose document could not be written, and why; each is tried again in time."""

    def publish(self, connection: Connection, *, everything: bool) -> int:
        """Publish what changed since the last call; return how many.

        With `everything` also what is missing from the folder, though nothing changed; then other
        shards are told whose documents these are. An issuer with a key that is unknown here keeps
        its last document, and so do its lists. One that cannot be written keeps no other waiting.
        """
        generation = positions.live(connection, DirectoryProjection.name).generation
        issuers = generation.tables(DirectoryProjection.tables)[ISSUERS]
        after = -1 if everything else self._seen
        here = is_here(issuers, self._shard)
        query = select(issuers).where(issuers.c.changed_position > after, here)
        rows = connection.execute(query).mappings().all()
        if everything and self._claims is not None:
            self._claims.make(self._shard, [row["issuer_id"] for row in rows])
        published = sum(self._try(row) for row in rows if has_document(row))
        self._seen = max([self._seen, *(row["changed_position"] for row in rows)])
        return published

    def _try(self, row: Mapping[Any, Any]) -> bool:
        issuer_id = row["issuer_id"]
        try:
            is_published = self._is_stale(row) and self._put(row)
        except OSError as error:
            self._fail(issuer_id, error.strerror or type(error).__name__)
            return False
        self.failures.pop(issuer_id, None)
        return is_published

    def _fail(self, issuer_id: str, reason: str) -> None:
        if reason != self.failures.get(issuer_id):
            log.error("DID document not published", issuer_id=issuer_id, reason=reason)
        self.failures[issuer_id] = reason

    def _put(self, row: Mapping[Any, Any]) -> bool:
        name = did_name(row["issuer_id"])
        try:
            body = document_bytes(row)
        except DidError as error:
            log.error("DID document not published", issuer_id=row["issuer_id"], reason=str(error))
            return False
        stored = self._folder.put(name, document_version(row), body)
        return self._folder.make_current(name, stored)

    def _is_stale(self, row: Mapping[Any, Any]) -> bool:
        name = did_name(row["issuer_id"])
        current = self._folder.current(name)
        if current is None or current.version < document_version(row):
            return True
        return self._folder.read(name, current) is None


def has_document(issuer: Mapping[Any, Any]) -> bool:
    """Return whether an issuer's DID document is fetched from here."""
    return str(issuer["did"]).startswith("did:web:")


def document_bytes(issuer: Mapping[Any, Any]) -> bytes:
    """Return the served bytes of an issuer's DID document.

    Retired keys stay in it: what they signed is still good. A compromised key leaves it.
    """
    keys = [key for key in issuer["keys"] if key not in issuer["compromised"]]
    return jcs(did_document(issuer["did"], assertion_keys=keys, also_known_as=issuer["aliases"]))


def document_version(issuer: Mapping[Any, Any]) -> int:
    """Return the version an issuer's document has in the publish folder.

    The stream's version counts first and the form second. So a release that writes documents
    otherwise publishes them anew though no key changed, and a process of an older release, which
    may still run beside it, does not put the older form back.
    """
    version: int = issuer["version"]
    return version * _FORMS + FORM


def withdrawn_methods(did: str, compromised: Iterable[str]) -> frozenset[str]:
    """Return the ids of the verification methods that left an issuer's document."""
    return frozenset(method for key in compromised for method in method_ids(did, key))


def signing_key(keys: Mapping[str, bool], key_type: KeyType) -> str | None:
    """Return the newest key (Multikey) of a type that still signs, or None."""
    active = [key for key, signs in keys.items() if signs and key_type_of(key) is key_type]
    return active[-1] if active else None
