"""Hold what is served now, lists and DID documents, against the rows that a replay folded."""

from collections.abc import Iterator
from dataclasses import dataclass

from projections.did_documents import document_bytes, document_version, has_document
from projections.differences import Difference
from projections.directory import ISSUERS, DirectoryProjection
from projections.history import History
from projections.list_documents import UnknownFormError, published_versions
from projections.publish_folder import (
    PublishedVersion,
    PublishFolder,
    did_name,
    jwt_name,
    list_name,
)
from projections.rows import Row
from projections.scratch import Scratch
from projections.status_changes import ListKey
from projections.status_lists import PUBLICATIONS, STATUS_ARRAYS, StatusListsProjection
from registry.domain.events import StatusListPublished
from registry.domain.status_list import publication_id
from registry.store.mapper import UnknownEventError


@dataclass(frozen=True)
class Served:
    """Compares a publish folder; `scratch` holds every row as of the newest event.

    What an issuer that is at home in another shard has published since is not looked at.
    """

    history: History
    folder: PublishFolder
    scratch: Scratch
    shard: str | None = None

    def differences(self) -> Iterator[Difference]:
        """Yield what is served and is not what the events make it."""
        yield from self._in_lists()
        yield from self._in_did_documents()

    def _in_lists(self) -> Iterator[Difference]:
        """Compare which version is served with the events that published it."""
        elsewhere = self.elsewhere()
        passed = {
            (row["list_id"], row["purpose"])
            for row in self._arrays()
            if row["retired"] or row["issuer_id"] in elsewhere
        }
        rows = self.scratch.rows[StatusListsProjection.name]
        for row in rows.each(PUBLICATIONS, ("list_id", "purpose", "version", "position")):
            key = (row["list_id"], row["purpose"])
            if key not in passed:
                yield from self._in_names(key, row)

    def elsewhere(self) -> set[str]:
        """Return the issuers that are at home in another shard."""
        rows = self.scratch.rows[DirectoryProjection.name]
        homes = rows.each(ISSUERS, ("issuer_id", "home"))
        return {row["issuer_id"] for row in homes if row["home"] != self.shard}

    def _arrays(self) -> Iterator[Row]:
        """Yield each list of each purpose without its bits, which are a lot all together."""
        names = ("list_id", "purpose", "issuer_id", "retired")
        return self.scratch.rows[StatusListsProjection.name].each(STATUS_ARRAYS, names)

    def _in_names(self, key: ListKey, row: Row) -> Iterator[Difference]:
        due = self._published(key, row["version"])
        for name in (list_name(*key), jwt_name(*key)):
            current = self.folder.current(name)
            if name in due and (current is None or current.version < row["version"]):
                yield Difference(name, row["position"], f"version {row['version']}", str(current))
            elif current and current != self._published(key, current.version).get(name):
                yield Difference(name, row["position"], "a published version", str(current))

    def _published(self, key: ListKey, version: int) -> dict[str, PublishedVersion]:
        """Return the names that a version took, none where no event published it."""
        try:
            event = self.history.event(publication_id(*key), version)
            return published_versions(event) if isinstance(event, StatusListPublished) else {}
        except (UnknownEventError, UnknownFormError):
            return {}

    def _in_did_documents(self) -> Iterator[Difference]:
        """Compare the DID documents that are served with the issuers' keys.

        One of another version or form is on its way, and so is one that is missing, unless a list
        of the issuer's was published: its document was there before.
        """
        rows = self.scratch.rows[DirectoryProjection.name]
        publishing = self._publishing_issuers()
        for row in filter(has_document, rows.each(ISSUERS)):
            if row["home"] != self.shard:
                continue
            found = self._wrong_document(row, due=row["issuer_id"] in publishing)
            if found is not None:
                position = rows.written_by(ISSUERS, (row["issuer_id"],))
                name = did_name(row["issuer_id"])
                yield Difference(name, position, "the issuer's keys", found)

    def _publishing_issuers(self) -> set[str]:
        """Return the issuers of whom a list was published."""
        rows = self.scratch.rows[StatusListsProjection.name]
        published = {tuple(row.values()) for row in rows.each(PUBLICATIONS, ("list_id", "purpose"))}
        arrays = self._arrays()
        return {row["issuer_id"] for row in arrays if (row["list_id"], row["purpose"]) in published}

    def _wrong_document(self, row: Row, *, due: bool) -> str | None:
        """Say what is served instead of an issuer's document, None where nothing is wrong."""
        name = did_name(row["issuer_id"])
        current = self.folder.current(name)
        if current is None:
            return "no document" if due else None
        if current.version != document_version(row):
            return None
        same = self.folder.read(name, current) == document_bytes(row)
        return None if same else "another document"
