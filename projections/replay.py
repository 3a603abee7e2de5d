"""Replay: fold the whole history from zero, in memory and without any private key, and compare.

Every row of every view, every bit of every list, and the published bytes of each list's versions
are made again from the events and held against what is there. The first difference is named with
the event it goes back to.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain

from sqlalchemy import Connection, Table, select

from projections import positions
from projections.fold import Fold
from projections.history import History, Recorded, Unreadable
from projections.list_documents import published_bytes, terms_of
from projections.press import published_version
from projections.projection import Projection
from projections.publish_folder import PublishFolder, list_name
from projections.rows import Key, Row
from projections.status_lists import PUBLICATIONS, StatusListsProjection
from registry.domain.events import StatusListPublished
from registry.domain.status_list import publication_id
from registry.formats import bitstring
from registry.formats.data_integrity import ProofError, verify_proof
from registry.formats.multikey import decode_public_key
from registry.formats.strict_json import loads
from registry.store.database import Database

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
            differences = comparison.differences(all_versions=all_versions, on_event=on_event)
            outcome.difference = next(differences, None)
        return outcome


class _Comparison:
    """One run of `Replay.verify`, over one snapshot of the database."""

    def __init__(self, replay: Replay, connection: Connection) -> None:
        self.replay = replay
        self.connection = connection
        stops = {p.name: positions.live(connection, p.name).position for p in replay.projections}
        newest = max(stops.values())
        self.fold = Fold(replay.projections, stops)
        self.outcome = Outcome(position=newest, pending=replay.history.end() - newest)

    def differences(self, *, all_versions: bool, on_event: OnEvent) -> Iterator[Difference]:
        """Yield every difference, history first, then what is served, then the views."""
        waiting = self._versions(all_versions=all_versions)
        return chain(self._in_history(waiting, on_event), self._in_serving(), self._in_views())

    def _versions(self, *, all_versions: bool) -> dict[int, list[StatusListPublished]]:
        """Return the published versions to make again, by the position they were made at."""
        stop = self.fold.stops[StatusListsProjection.name]
        topics = (StatusListPublished.TOPIC,)
        chosen: dict[object, StatusListPublished] = {}
        for item in self.replay.history.all(stop=stop, topics=topics):
            if isinstance(item, Recorded) and isinstance(item.event, StatusListPublished):
                event = item.event
                version = event.originator_version if all_versions else 0
                chosen[event.originator_id, version] = event
        waiting: defaultdict[int, list[StatusListPublished]] = defaultdict(list)
        for event in chosen.values():
            waiting[event.position].append(event)
        return waiting

    def _in_history(
        self, waiting: dict[int, list[StatusListPublished]], on_event: OnEvent
    ) -> Iterator[Difference]:
        for item in self.replay.history.all(stop=self.outcome.position):
            if isinstance(item, Unreadable):
                yield Difference("event", item.position, "a known event", item.reason)
                continue
            self.fold.apply(item.event, item.position)
            self.outcome.events += 1
            on_event(item.position)
            for version in waiting.pop(item.position, ()):
                self.outcome.versions += 1
                yield from self._in_version(version)

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
        if method not in self.fold.keys:
            yield Difference(what, event.position, "a key of the issuer's", method)
            return
        document = loads(body)
        key = decode_public_key(self.fold.keys[method])
        try:
            verify_proof(document, document["proof"][0], public_key=key)
        except ProofError as error:
            yield Difference(what, event.position, "a signature that verifies", str(error))

    def _in_serving(self) -> Iterator[Difference]:
        """Compare what is served now with the event that published it."""
        publications = self.fold.rows[StatusListsProjection.name].tables[PUBLICATIONS]
        for (list_id, purpose), row in publications.items():
            name = list_name(list_id, purpose)
            current = self.replay.folder.current(name)
            if self.fold.is_retired((list_id, purpose)):
                continue
            if current is None or current.version < row["version"]:
                yield Difference(name, row["position"], f"version {row['version']}", str(current))
                continue
            stream = publication_id(list_id, purpose)
            event = self.replay.history.event(stream, current.version)
            if not isinstance(event, StatusListPublished) or published_version(event) != current:
                yield Difference(name, row["position"], "a published version", str(current))

    def _in_views(self) -> Iterator[Difference]:
        for projection in self.replay.projections:
            place = positions.live(self.connection, projection.name)
            for view, table in place.generation.tables(projection.tables).items():
                yield from self._in_table(view, table, self.fold.rows[projection.name].tables[view])

    def _in_table(self, view: str, table: Table, expected: dict[Key, Row]) -> Iterator[Difference]:
        missing = set(expected)
        rows = self.connection.execution_options(yield_per=BATCH).execute(select(table))
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
                yield self._row_difference(f"{column} of {view}", key, value, found[column])

    def _row_difference(self, what: str, key: Key, expected: object, found: object) -> Difference:
        view = what.rpartition(" ")[2]
        name = " ".join(str(part) for part in key)
        position = self.fold.touched.get((view, key))
        return Difference(f"{what} {name}", position, _brief(expected), _brief(found))


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:80]}… ({len(text)} characters)"
