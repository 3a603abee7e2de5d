"""Replay: fold the whole history from zero, in memory and without any private key, and compare.

Every row of every view, every bit of every list, and the published bytes of each list's versions
are made again from the events and held against what is there. The first difference is named with
the event it goes back to.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from bitarray import bitarray
from sqlalchemy import Connection, Table, select

from projections import positions
from projections.did_documents import document_bytes, has_document
from projections.directory import ISSUERS, DirectoryProjection
from projections.fold import Fold
from projections.history import History, Recorded, Unreadable
from projections.list_documents import published_bytes, terms_of
from projections.press import published_version
from projections.projection import Projection
from projections.publish_folder import PublishedVersion, PublishFolder, did_name, list_name
from projections.rows import Key, Row
from projections.status_lists import PUBLICATIONS, StatusListsProjection
from registry.domain.events import SigningKeyAdded, StatusListPublished
from registry.domain.status_list import publication_id
from registry.formats import bitstring
from registry.formats.data_integrity import ProofError, verify_proof
from registry.formats.multikey import decode_public_key
from registry.formats.strict_json import loads
from registry.store.database import Database
from registry.store.mapper import UnknownEventError

BATCH = 1000
LONGEST_SHOWN = 100

OnEvent = Callable[[int], None]


@dataclass(frozen=True)
class Difference:
    """Something that is not what the events make it; `position` is the event it goes back to."""

    what: str
    position: int | None
    expected: str
    found: str


@dataclass
class Outcome:
    """What a replay did: how many events, rows and published versions, and the first difference.

    `position` is the newest event that the views hold, `pending` how many newer positions there
    are that they do not hold yet. `compared_by_bits` counts versions whose compressor is not
    installed here, so that their bits were compared instead of the compressed text.
    """

    events: int = 0
    position: int = 0
    pending: int = 0
    rows: int = 0
    versions: int = 0
    compared_by_bits: int = 0
    difference: Difference | None = None

    @property
    def identical(self) -> bool:
        """Whether everything there is what the events make it."""
        return self.difference is None


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
        self.keys: dict[str, str] = {}

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
                    self.keys[added.verification_method] = added.key
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
            self.outcome.versions += 1
            yield from self._in_version(waiting.pop())

    def _in_version(self, event: StatusListPublished) -> Iterator[Difference]:
        name = list_name(event.list_id, event.purpose)
        what = f"version {event.originator_version} of {name}"
        published = published_version(event)
        found = self.replay.folder.read(name, published)
        if found is None:
            yield Difference(what, event.position, "its bytes in the publish folder", "no file")
            return
        digest = sha256(found).hexdigest()
        if digest != published.digest:
            yield Difference(what, event.position, published.digest, digest)
        if self._made_again(event, found) != found:
            yield Difference(what, event.position, "the bytes the events make", "other bytes")
        yield from self._in_signature(event, found, what)

    def _made_again(self, event: StatusListPublished, found: bytes) -> bytes:
        """Return the version's bytes as the events make them.

        Where the compressor that made them is not installed, its text is taken over, provided
        that it unpacks to the same bits: the bytes then agree but for the compression.
        """
        bits = self.fold.bits((event.list_id, event.purpose))
        try:
            text = bitstring.encode_with(bits, event.encoder)
        except bitstring.UnknownEncoderError:
            self.outcome.compared_by_bits += 1
            text = str(loads(found)["credentialSubject"]["encodedList"])
            if bitstring.decode(text) != bits:
                return b""
        proof_value = event.representations[0]["proof_value"]
        public_url = self.replay.public_url
        return published_bytes(public_url, terms_of(event), text, proof_value=proof_value)

    def _in_signature(
        self, event: StatusListPublished, body: bytes, what: str
    ) -> Iterator[Difference]:
        method = event.representations[0]["verification_method"]
        if method not in self.keys:
            yield Difference(what, event.position, "a key of the issuer's", method)
            return
        document = loads(body)
        key = decode_public_key(self.keys[method])
        try:
            verify_proof(document, document["proof"], public_key=key)
        except ProofError as error:
            yield Difference(what, event.position, "a signature that verifies", str(error))

    def _in_serving(self) -> Iterator[Difference]:
        """Compare which version is served with the events that published it."""
        publications = self.fold.rows[StatusListsProjection.name].tables[PUBLICATIONS]
        for (list_id, purpose), row in publications.items():
            name = list_name(list_id, purpose)
            current = self.replay.folder.current(name)
            if self.fold.is_retired((list_id, purpose)):
                continue
            if current is None or current.version < row["version"]:
                yield Difference(name, row["position"], f"version {row['version']}", str(current))
            elif current != self._published(publication_id(list_id, purpose), current.version):
                yield Difference(name, row["position"], "a published version", str(current))

    def _published(self, stream: UUID, version: int) -> PublishedVersion | None:
        try:
            event = self.replay.history.event(stream, version)
        except UnknownEventError:
            return None
        return published_version(event) if isinstance(event, StatusListPublished) else None

    def _in_did_documents(self) -> Iterator[Difference]:
        """Compare the DID documents that are served with the issuers' keys.

        One of another version is on its way, and so is one that is missing, unless a list of the
        issuer's was published: its document was there before.
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
            if current is None or current.version != row["version"]:
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
