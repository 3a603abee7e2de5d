"""Every version of every list again, byte for byte: from the publish folder, else from the events.

Bytes that are lost or damaged are made again from the version's event, which holds its signature,
and the entries set as of the version's position. They are given out only with the digest that was
recorded when the version was published.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, MetaData, RowMapping, Select, select

from projections.history import History
from projections.list_documents import (
    published_bytes,
    published_versions,
    terms_of,
    unsigned,
)
from projections.past import as_of
from projections.past.list_history import LIST_VERSIONS, list_versions_table
from projections.publish_folder import PublishFolder
from projections.queries import Page, Window, read_cursor, write_cursor
from registry.domain.errors import NotFoundError
from registry.domain.events import StatusListPublished
from registry.domain.instants import document_instant, parse_instant
from registry.domain.status_list import publication_id
from registry.formats import bitstring

_versions = list_versions_table(MetaData(), LIST_VERSIONS)

Snapshot = Callable[[], AbstractContextManager[Connection]]


class UnknownListVersionError(NotFoundError):
    """The list has no such version."""


class LostListVersionError(NotFoundError):
    """This version of the list can no longer be given byte for byte."""


@dataclass(frozen=True)
class PastVersion:
    """A version of a list: its number, what it was folded to, when it was published and valid.

    `is_last` says that no later version is known.
    """

    list_id: str
    purpose: str
    version: int
    position: int
    published_position: int
    published_at: str
    valid_from: str
    valid_until: str
    digest: str
    jws_digest: str | None
    is_last: bool


def page(connection: Connection, list_id: str, purpose: str, window: Window) -> Page:
    """Return a page of the versions of a list, newest first."""
    query = _of(list_id, purpose)
    if window.cursor is not None:
        query = query.where(_versions.c.version < read_cursor(window.cursor))
    query = query.order_by(_versions.c.version.desc()).limit(window.limit + 1)
    rows = connection.execute(query).mappings().all()
    shown = rows[: window.limit]
    return Page(shown, write_cursor(shown[-1]["version"]) if len(rows) > window.limit else None)


def numbered(connection: Connection, list_id: str, purpose: str, version: int) -> PastVersion:
    """Return a version by its number; raises UnknownListVersionError."""
    query = _of(list_id, purpose).where(_versions.c.version == version)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise UnknownListVersionError(f"the list has no version {version}", field="version")
    return _version(connection, row)


def valid_at(
    connection: Connection, list_id: str, purpose: str, at: datetime
) -> PastVersion | None:
    """Return the version that was the newest at an instant, unless it had ended by then.

    Versions begin later one after the other, so that the last to begin is the newest.
    """
    query = (
        _of(list_id, purpose)
        .where(_versions.c.valid_from <= document_instant(at))
        .order_by(_versions.c.valid_from.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().one_or_none()
    if row is None or at > parse_instant(row["valid_until"]):
        return None
    return _version(connection, row)


def _of(list_id: str, purpose: str) -> Select[Any]:
    of_list = (_versions.c.list_id == list_id, _versions.c.purpose == purpose)
    return select(_versions).where(*of_list)


def _version(connection: Connection, row: RowMapping) -> PastVersion:
    later = _of(row["list_id"], row["purpose"]).where(_versions.c.version > row["version"])
    is_last = connection.execute(later.limit(1)).first() is None
    named = {name: row[name] for name in PastVersion.__dataclass_fields__ if name in row}
    return PastVersion(**named, is_last=is_last)


@dataclass(frozen=True)
class PastLists:
    """Gives the bytes of any version."""

    snapshot: Snapshot
    history: History
    folder: PublishFolder
    public_url: str

    def body(self, version: PastVersion, digest: str) -> bytes:
        """Return the bytes of the version's form with a digest; raises LostListVersionError."""
        stream = publication_id(version.list_id, version.purpose)
        event = self.history.event(stream, version.version)
        if not isinstance(event, StatusListPublished):
            raise LostListVersionError("the event that published the version is not there")
        for name, published in published_versions(event).items():
            body = self.folder.read(name, published) if published.digest == digest else None
            if body is not None and sha256(body).hexdigest() == digest:
                return body
        return self._made_again(event, digest)

    def _made_again(self, event: StatusListPublished, digest: str) -> bytes:
        try:
            text = bitstring.encode_with(self._bits(event), event.encoder)
        except bitstring.UnknownEncoderError as error:
            raise LostListVersionError(
                f"its file is lost, and its compressor {event.encoder} is not installed here",
                remedy="install the compressor, or restore the publish folder",
            ) from error
        document = unsigned(self.public_url, terms_of(event), text)
        for recorded in event.representations:
            if recorded["digest"] == digest:
                body = published_bytes(document, recorded)
                if sha256(body).hexdigest() == digest:
                    return body
        raise LostListVersionError(
            "its file is lost, and what the events make of it has another digest",
            remedy="run: registry replay --verify --all-versions",
        )

    def _bits(self, event: StatusListPublished) -> bytes:
        with self.snapshot() as connection:
            found = as_of.status_list(connection, event.list_id, event.purpose)
            entries = as_of.set_entries(
                connection, event.list_id, event.purpose, position=event.position
            )
        return as_of.bits(found["size"], entries)
