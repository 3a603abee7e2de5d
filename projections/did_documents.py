"""Publish the DID documents of did:web issuers into the publish folder, beside their lists."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from projections import positions
from projections.directory import ISSUERS, DirectoryProjection
from projections.publish_folder import PublishFolder, did_name
from registry.formats.canonical import jcs
from registry.formats.did import did_document


class DidPublisher:
    """Publishes each issuer's document once its keys have changed; versions are the stream's."""

    def __init__(self, folder: PublishFolder) -> None:
        self._folder = folder
        self._seen = -1

    def publish(self, connection: Connection, *, everything: bool) -> int:
        """Publish what changed since the last call; return how many.

        With `everything` also what is missing from the folder, though nothing changed.
        """
        generation = positions.live(connection, DirectoryProjection.name).generation
        issuers = generation.tables(DirectoryProjection.tables)[ISSUERS]
        after = -1 if everything else self._seen
        query = select(issuers).where(issuers.c.changed_position > after)
        rows = connection.execute(query).mappings().all()
        stale = [row for row in rows if has_document(row) and self._is_stale(row)]
        for row in stale:
            name = did_name(row["issuer_id"])
            stored = self._folder.put(name, row["version"], document_bytes(row))
            self._folder.make_current(name, stored)
        self._seen = max([self._seen, *(row["changed_position"] for row in rows)])
        return len(stale)

    def _is_stale(self, row: Mapping[Any, Any]) -> bool:
        name = did_name(row["issuer_id"])
        current = self._folder.current(name)
        if current is None or current.version < row["version"]:
            return True
        return self._folder.read(name, current) is None


def has_document(issuer: Mapping[Any, Any]) -> bool:
    """Return whether an issuer's DID document is fetched from here."""
    return str(issuer["did"]).startswith("did:web:")


def document_bytes(issuer: Mapping[Any, Any]) -> bytes:
    """Return the served bytes of an issuer's DID document.

    Retired keys stay in it: what they signed is still good.
    """
    keys: Iterable[str] = issuer["keys"]
    return jcs(did_document(issuer["did"], assertion_keys=list(keys)))


def signing_key(issuer: Mapping[Any, Any]) -> str | None:
    """Return the newest key (Multikey) that still signs, or None."""
    active = [key for key, signs in issuer["keys"].items() if signs]
    return active[-1] if active else None
