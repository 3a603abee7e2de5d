"""Replay: fold the whole history from zero, in memory and without any private key, and compare.

Every row of every view, every bit of every list, and the published bytes of each list's versions
are made again from the events and held against what is there. The first difference is named with
the event it goes back to.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Table, select

from projections import positions
from projections.history import History, Recorded, Unreadable
from projections.list_documents import published_bytes, terms_of
from projections.press import published_version
from projections.projection import Projection
from projections.publish_folder import PublishFolder, list_name
from projections.rows import Key, MemoryRows, Row
from projections.status_changes import ListKey
from projections.status_lists import PUBLICATIONS, STATUS_ARRAYS, StatusListsProjection
from registry.domain.events import Event, SigningKeyAdded, StatusListPublished
from registry.domain.status_list import publication_id
from registry.formats import bitstring
from registry.formats.data_integrity import ProofError, verify_proof
from registry.formats.multikey import decode_public_key
from registry.formats.strict_json import loads
from registry.store.database import Database

BATCH = 1000
STATUS_LISTS = StatusListsProjection.name


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
    are that they do not hold yet.
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


@dataclass
class Fold:
    """The state of every view as of one position, in memory; `stops` ends some views earlier."""

    projections: Iterable[Projection]
    stops: dict[str, int] = field(default_factory=dict)
    rows: dict[str, MemoryRows] = field(default_factory=dict)
    touched: dict[tuple[str, Key], int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def apply(self, event: Event, position: int) -> None:
        """Fold one event into every view."""
        if isinstance(event, SigningKeyAdded):
            self.keys[event.verification_method] = event.key
        for projection in self.projections:
            if position > self.stops.get(projection.name, position):
                continue
            rows = self.rows.setdefault(projection.name, MemoryRows())
            projection.apply(event, position=position, rows=_Watched(rows, self, position))

    def bits(self, key: ListKey) -> bytes:
        """Return a list's bits as of now."""
        row = self.rows[STATUS_LISTS].tables[STATUS_ARRAYS][key]
        data: bytes = row["bits"].tobytes()
        return data


@dataclass(frozen=True)
class _Watched:
    """Rows that remember which event touched each of them last."""

    rows: MemoryRows
    fold: Fold
    position: int

    def insert(self, table: str, key: Key, row: Row) -> None:
        self.fold.touched[table, key] = self.position
        self.rows.insert(table, key, row)

    def change(self, table: str, key: Key, values: Row) -> None:
        self.fold.touched[table, key] = self.position
        self.rows.change(table, key, values)

    def get(self, table: str, key: Key) -> Any:
        return self.rows.get(table, key)


class Replay:
    """Replays one registry's history."""

    def __init__(
        self,
        *,
        database: Database,
        history: History,
        folder: PublishFolder,
        public_url: str,
        projections: Iterable[Projection],
    ) -> None:
        self._database = database
        self._history = history
        self._folder = folder
        self._public_url = public_url
        self._projections = tuple(projections)

    def until(self, position: int, *, on_event: Callable[[int], None] = lambda _: None) -> Fold:
        """Return the state as of `position`; unreadable events are passed over."""
        fold = Fold(self._projections)
        for item in self._history.all(stop=position):
            if isinstance(item, Recorded):
                fold.apply(item.event, item.position)
            on_event(item.position)
        return fold

    def verify(
        self, *, all_versions: bool = False, on_event: Callable[[int], None] = lambda _: None
    ) -> Outcome:
        """Fold everything and compare everything; stops at the first difference.

        The views are compared as of the position they stand at, which is read first. With
        `all_versions` every version ever published is made again, otherwise each list's last.
        """
        outcome = Outcome()
        with self._database.snapshot() as connection:
            stops = {p.name: positions.live(connection, p.name).position for p in self._projections}
            outcome.position = max(stops.values())
            outcome.pending = self._history.end() - outcome.position
            fold = Fold(self._projections, stops)
            outcome.difference = next(
                chain(
                    self._history_differences(fold, outcome, all_versions, on_event),
                    self._served_differences(fold),
                    self._row_differences(connection, fold, outcome),
                ),
                None,
            )
        return outcome

    def _history_differences(
        self, fold: Fold, outcome: Outcome, all_versions: bool, on_event: Callable[[int], None]
    ) -> Iterator[Difference]:
        lists_stop = fold.stops[STATUS_LISTS]
        waiting = self._versions(lists_stop, all_versions=all_versions)
        for item in self._history.all(stop=outcome.position):
            if isinstance(item, Unreadable):
                yield Difference("event", item.position, "a known event", item.reason)
                return
            fold.apply(item.event, item.position)
            outcome.events += 1
            on_event(item.position)
            for version in waiting.pop(item.position, ()):
                outcome.versions += 1
                yield from self._version_differences(fold, version, outcome)

    def _served_differences(self, fold: Fold) -> Iterator[Difference]:
        """Compare what is served now with the event that published it."""
        publications = fold.rows.get(STATUS_LISTS, MemoryRows()).tables[PUBLICATIONS]
        for (list_id, purpose), row in publications.items():
            name = list_name(list_id, purpose)
            current = self._folder.current(name)
            if current is None or current.version < row["version"]:
                yield Difference(name, row["position"], f"version {row['version']}", str(current))
                continue
            event = self._history.event(publication_id(list_id, purpose), current.version)
            if not isinstance(event, StatusListPublished) or published_version(event) != current:
                yield Difference(name, row["position"], "a published version", str(current))

    def _versions(
        self, stop: int, *, all_versions: bool
    ) -> defaultdict[int, list[StatusListPublished]]:
        """Return the published versions to make again, by the position they were made at."""
        chosen: dict[object, StatusListPublished] = {}
        for item in self._history.all(stop=stop, topics=(StatusListPublished.TOPIC,)):
            if isinstance(item, Recorded) and isinstance(item.event, StatusListPublished):
                event = item.event
                version = event.originator_version if all_versions else 0
                chosen[event.originator_id, version] = event
        waiting: defaultdict[int, list[StatusListPublished]] = defaultdict(list)
        for event in chosen.values():
            waiting[event.position].append(event)
        return waiting

    def _version_differences(
        self, fold: Fold, event: StatusListPublished, outcome: Outcome
    ) -> Iterator[Difference]:
        name = list_name(event.list_id, event.purpose)
        what = f"version {event.originator_version} of {name}"
        published = published_version(event)
        found = self._folder.read(name, published)
        if found is None:
            yield Difference(what, event.position, "its bytes in the publish folder", "no file")
            return
        if sha256(found).hexdigest() != published.digest:
            yield Difference(what, event.position, published.digest, sha256(found).hexdigest())
        if self._made_again(fold, event, found, outcome) != found:
            yield Difference(what, event.position, "the bytes the events make", "other bytes")
        yield from self._signature_differences(fold, event, found, what)

    def _made_again(
        self, fold: Fold, event: StatusListPublished, found: bytes, outcome: Outcome
    ) -> bytes:
        """Return the version's bytes as the events make them.

        Where the compressor that made them is not installed, its text is taken over, provided
        that it unpacks to the same bits: the bytes then agree but for the compression.
        """
        terms = terms_of(event)
        proof_value = event.representations[0]["proof_value"]
        bits = fold.bits((event.list_id, event.purpose))
        try:
            text = bitstring.encode_with(bits, event.encoder)
        except bitstring.UnknownEncoderError:
            outcome.compared_by_bits += 1
            text = str(loads(found)["credentialSubject"]["encodedList"])
            if bitstring.decode(text) != bits:
                return b""
        return published_bytes(self._public_url, terms, text, proof_value=proof_value)

    def _signature_differences(
        self, fold: Fold, event: StatusListPublished, body: bytes, what: str
    ) -> Iterator[Difference]:
        method = event.representations[0]["verification_method"]
        if method not in fold.keys:
            yield Difference(what, event.position, "a key of the issuer's", method)
            return
        document = loads(body)
        try:
            key = decode_public_key(fold.keys[method])
            verify_proof(document, document["proof"][0], public_key=key)
        except ProofError as error:
            yield Difference(what, event.position, "a signature that verifies", str(error))

    def _row_differences(
        self, connection: Connection, fold: Fold, outcome: Outcome
    ) -> Iterator[Difference]:
        for projection in self._projections:
            place = positions.live(connection, projection.name)
            tables = place.generation.tables(projection.tables)
            rows = fold.rows.get(projection.name, MemoryRows())
            for view, table in tables.items():
                expected = rows.tables[view]
                yield from self._table_differences(connection, view, table, expected, fold, outcome)

    def _table_differences(
        self,
        connection: Connection,
        view: str,
        table: Table,
        expected: dict[Key, Row],
        fold: Fold,
        outcome: Outcome,
    ) -> Iterator[Difference]:
        unseen = set(expected)
        result = connection.execution_options(yield_per=BATCH).execute(select(table))
        for found in result.mappings():
            key = tuple(found[column.name] for column in table.primary_key)
            outcome.rows += 1
            unseen.discard(key)
            yield from _row_difference(view, key, expected.get(key), dict(found), fold)
        for key in sorted(unseen, key=str):
            position = fold.touched.get((view, key))
            yield Difference(f"{view} {_shown(key)}", position, "a row", "no row")


def _row_difference(
    view: str, key: Key, expected: Row | None, found: Row, fold: Fold
) -> Iterator[Difference]:
    position = fold.touched.get((view, key))
    if expected is None:
        yield Difference(f"{view} {_shown(key)}", position, "no row", "a row")
        return
    for column, value in expected.items():
        if found[column] != value:
            what = f"{view} {_shown(key)}, {column}"
            yield Difference(what, position, _brief(value), _brief(found[column]))


def _shown(key: Key) -> str:
    return " ".join(str(part) for part in key)


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= 100 else f"{text[:80]}… ({len(text)} characters)"
