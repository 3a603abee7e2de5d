"""Replay: fold the whole history from zero, in memory and without any private key, and compare.

Every row of every view, every bit of every list, and the published bytes of each list's versions
are made again from the events and held against what is there. The first difference is named with
the event it goes back to.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

from bitarray import bitarray
from sqlalchemy import Connection, Table, select

from projections import positions
from projections.did_documents import document_bytes, document_version, has_document
from projections.differences import Difference, Outcome
from projections.directory import ISSUERS, DirectoryProjection
from projections.fold import Fold
from projections.history import History, Recorded, Unreadable
from projections.list_documents import UnknownFormError, published_versions
from projections.list_versions import ListVersions
from projections.projection import Projection
from projections.publish_folder import (
    PublishedVersion,
    PublishFolder,
    did_name,
    jwt_name,
    list_name,
)
from projections.rows import Key, Row
from projections.status_changes import ListKey
from projections.status_lists import PUBLICATIONS, StatusListsProjection
from registry.domain.events import SigningKeyAdded, StatusListPublished
from registry.domain.status_list import publication_id
from registry.store.database import Database
from registry.store.mapper import UnknownEventError

BATCH = 1000
LONGEST_SHOWN = 100

OnEvent = Callable[[int], None]


@dataclass(frozen=True)
class Replay:
    """Replays one registry's history."""

    database: Database
    history: History
    folder: PublishFolder
    public_url: str
    projections: Iterable[Projection]

    def until(self, position: int, *, on_event: OnEvent = lambda _: None) -> Fold:
        """Return the state as of `position`; unreadable events are passed over."""
        fold = Fold(self.projections)
        for item in self.history.all(stop=position):
            if isinstance(item, Recorded):
                fold.apply(item.event, item.position)
            on_event(item.position)
        return fold

    def verify(self, *, all_versions: bool = False, on_event: OnEvent = lambda _: None) -> Outcome:
        """Fold everything and compare everything; stop at the first difference.

        The views are compared as of the position they stand at. With `all_versions` every version
        ever published is made again, otherwise each list's last.
        """
        with self.database.snapshot(patient=True) as connection:
            comparison = _Comparison(self, connection)
            outcome = comparison.outcome
            found = comparison.differences(all_versions=all_versions, on_event=on_event)
            with closing(found) as differences:
                outcome.difference = next(differences, None)
        return outcome


class _Comparison:
    """One run of `Replay.verify`, over one snapshot of the database."""

    def __init__(self, replay: Replay, connection: Connection) -> None:
        self.replay = replay
        self.connection = connection
        places = [positions.live(connection, p.name) for p in replay.projections]
        self.tables = {
            projection.name: place.generation.tables(projection.tables)
            for projection, place in zip(replay.projections, places, strict=True)
        }
        self._hold_tables()
        stops = {place.generation.projection: place.position for place in places}
        newest = max(stops.values())
        self.fold = Fold(replay.projections, stops)
        self.outcome = Outcome(position=newest, pending=replay.history.end() - newest)
        self.versions = ListVersions(replay.folder, replay.public_url, self.outcome)

    def _hold_tables(self) -> None:
        """Touch every table, so that PostgreSQL keeps them until this reading ends."""
        for tables in self.tables.values():
            for table in tables.values():
                self.connection.execute(select(table).limit(0)).close()

    def differences(self, *, all_versions: bool, on_event: OnEvent) -> Generator[Difference]:
        """Yield every difference, history first, then what is served, then the views."""
        waiting = self._versions(all_versions=all_versions)
        yield from self._in_history(waiting, on_event)
        yield from self._in_serving()
        yield from self._in_did_documents()
        yield from self._in_views()

    def _versions(self, *, all_versions: bool) -> list[StatusListPublished]:
        """Return the published versions to make again, the one made first at the end.

        The keys that were ever added are taken in on the way: a list is signed with a key that
        was added before it was published, perhaps after the position it states.
        """
        topics = (StatusListPublished.TOPIC, SigningKeyAdded.TOPIC)
        stop = self.fold.stops[StatusListsProjection.name]
        chosen: dict[object, StatusListPublished] = {}
        for item in self.replay.history.all(topics=topics):
            match item:
                case Recorded(event=SigningKeyAdded() as added):
                    self.versions.add_key(added)
                case Recorded(event=StatusListPublished() as event) if item.position <= stop:
                    version = event.originator_version if all_versions else 0
                    chosen[event.originator_id, version] = event
        return sorted(chosen.values(), key=lambda event: event.position, reverse=True)

    def _in_history(
        self, waiting: list[StatusListPublished], on_event: OnEvent
    ) -> Iterator[Difference]:
        for item in self.replay.history.all(stop=self.outcome.position):
            # A version states the position up to which it is the fold, so its bits are compared
            # before the first event after that position, also where the one there is gone.
            yield from self._in_versions(waiting, before=item.position)
            unreadable = (
                item if isinstance(item, Unreadable) else self.fold.apply(item.event, item.position)
            )
            if unreadable is not None:
                yield Difference("event", item.position, "a known event", unreadable.reason)
            self.outcome.events += 1
            on_event(item.position)
        yield from self._in_versions(waiting, before=self.outcome.position + 1)

    def _in_versions(
        self, waiting: list[StatusListPublished], *, before: int
    ) -> Iterator[Difference]:
        while waiting and waiting[-1].position < before:
            event = waiting.pop()
            self.outcome.versions += 1
            bits = self.fold.bits((event.list_id, event.purpose))
            yield from self.versions.differences(event, bits)

    def _in_serving(self) -> Iterator[Difference]:
        """Compare which version is served with the events that published it."""
        publications = self.fold.rows[StatusListsProjection.name].tables[PUBLICATIONS]
        for (list_id, purpose), row in publications.items():
            key = (str(list_id), str(purpose))
            if not self.fold.is_retired(key):
                yield from self._in_names(key, row)

    def _in_names(self, key: ListKey, row: Row) -> Iterator[Difference]:
        due = self._published(key, row["version"])
        for name in (list_name(*key), jwt_name(*key)):
            current = self.replay.folder.current(name)
            if name in due and (current is None or current.version < row["version"]):
                yield Difference(name, row["position"], f"version {row['version']}", str(current))
            elif current and current != self._published(key, current.version).get(name):
                yield Difference(name, row["position"], "a published version", str(current))

    def _published(self, key: ListKey, version: int) -> dict[str, PublishedVersion]:
        """Return the names that a version took, none where no event published it."""
        try:
            event = self.replay.history.event(publication_id(*key), version)
            return published_versions(event) if isinstance(event, StatusListPublished) else {}
        except (UnknownEventError, UnknownFormError):
            return {}

    def _in_did_documents(self) -> Iterator[Difference]:
        """Compare the DID documents that are served with the issuers' keys.

        One of another version or form is on its way, and so is one that is missing, unless a list
        of the issuer's was published: its document was there before.
        """
        issuers = self.fold.rows[DirectoryProjection.name].tables[ISSUERS]
        published = self.fold.publishing_issuers()
        for (issuer_id,), row in issuers.items():
            name = did_name(str(issuer_id))
            current = self.replay.folder.current(name)
            position = self.fold.touched.get((ISSUERS, (issuer_id,)))
            if not has_document(row):
                continue
            if current is None and issuer_id in published:
                yield Difference(name, position, "the issuer's keys", "no document")
            if current is None or current.version != document_version(row):
                continue
            if self.replay.folder.read(name, current) != document_bytes(row):
                yield Difference(name, position, "the issuer's keys", "another document")

    def _in_views(self) -> Iterator[Difference]:
        for projection, tables in self.tables.items():
            for view, table in tables.items():
                yield from self._in_table(view, table, self.fold.rows[projection].tables[view])

    def _in_table(self, view: str, table: Table, expected: dict[Key, Row]) -> Iterator[Difference]:
        missing = set(expected)
        streamed = self.connection.execution_options(yield_per=BATCH)
        with streamed.execute(select(table)) as rows:
            for found in rows.mappings():
                key = tuple(found[column.name] for column in table.primary_key)
                self.outcome.rows += 1
                missing.discard(key)
                yield from self._in_row(view, key, expected.get(key), dict(found))
        for key in sorted(missing, key=str):
            yield self._row_difference(view, key, "a row", "no row")

    def _in_row(
        self, view: str, key: Key, expected: Row | None, found: Row
    ) -> Iterator[Difference]:
        if expected is None:
            yield self._row_difference(view, key, "no row", "a row")
            return
        for column, value in expected.items():
            if found[column] != value:
                shown = _shown(value, found[column])
                yield self._row_difference(f"{column} of {view}", key, *shown)

    def _row_difference(self, what: str, key: Key, expected: str, found: str) -> Difference:
        view = what.rpartition(" ")[2]
        name = " ".join(str(part) for part in key)
        return Difference(f"{what} {name}", self.fold.touched.get((view, key)), expected, found)


def _shown(expected: object, found: object) -> tuple[str, str]:
    """Return two values as a person tells them apart."""
    if isinstance(expected, bitarray) and isinstance(found, bitarray):
        if len(expected) == len(found):
            index = (expected ^ found).find(1)
            return f"entry {index} is {expected[index]}", f"entry {index} is {found[index]}"
        expected, found = f"{len(expected)} entries", f"{len(found)} entries"
    return _brief(expected), _brief(found)


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:80]}… ({len(text)} characters)"
