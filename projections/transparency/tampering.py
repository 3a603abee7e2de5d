"""Hold the stored events against the signed log: which is the first that somebody changed?

What is compared are bytes: the leaf each row of the database makes, and the leaf whose hash a
checkpoint proves. A row is read as it is, for whoever changed it was not bound to the forms this
registry writes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Text, cast, func, select, text

from projections.transparency.floor import LogFiles
from projections.transparency.growing_files import damaged
from projections.transparency.proved_tiles import ProvedTiles
from projections.transparency.runs import Runs
from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.entry_bundles import EntryBundleError, decode_entries
from registry.formats.tlog.leaves import EventLeaf, LeafError, event_leaf, read_leaf
from registry.formats.tlog.merkle import HASH_BYTES, leaf_hash, leaf_hashes
from registry.formats.tlog.tile_paths import entries_path
from registry.formats.tlog.tiles import TILE_WIDTH
from registry.store.tables import stored_events

_EVERY_EVENT = text(
    "SELECT notification_id, originator_id, originator_version, topic, state "
    "FROM stored_events ORDER BY notification_id"
)


class Tampering(StrEnum):
    """What was done to an event."""

    EDITED = "edited"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"


@dataclass(frozen=True)
class Tampered:
    """The first event that is not as the log has it.

    `position` is where it stands in the database, or stood if it was removed; None where that is
    not known. `leaf` is its index in the log, for an inserted event that of the leaf it stands
    before. Topic, stream and version are the log's, for an inserted event the database's.
    """

    kind: Tampering
    position: int | None
    leaf: int
    topic: str
    stream: str
    version: int
    detail: str


@dataclass(frozen=True)
class _Stored:
    """A row of the event store as it is; `leaf` is None where it makes none."""

    position: int
    stream: str
    version: Any
    topic: str
    leaf: bytes | None


class EventsAndLog:
    """The events of one database beside the leaves of one log under a checkpoint."""

    def __init__(self, connection: Connection, files: LogFiles, checkpoint: Checkpoint) -> None:
        self._connection = connection
        self._files = files
        self._size = checkpoint.size
        self._tiles = ProvedTiles(files, checkpoint)
        self._runs = Runs(files.runs())

    def first_tampered(self, on_leaf: Callable[[int], None]) -> Tampered | None:
        """Go through all of them, a tile at a time, up to the first event that was changed.

        Raises FloorDamagedError where the log's folder is what was changed.
        """
        rows = self._connection.execution_options(yield_per=4 * TILE_WIDTH).execute(_EVERY_EVENT)
        with rows:
            stored = map(_stored, rows)
            for number in range(-(-self._size // TILE_WIDTH)):
                if tampered := self._in_tile(number, stored):
                    return tampered
                on_leaf(min((number + 1) * TILE_WIDTH, self._size))
        return None

    def newer_events(self) -> int:
        """Return how many events the checkpoint does not cover yet."""
        query = select(func.count()).select_from(stored_events)
        covered = self._size - (self._files.number > 1)
        return int(self._connection.execute(query).scalar_one()) - covered

    def _in_tile(self, number: int, stored: Iterator[_Stored]) -> Tampered | None:
        data = self._tiles.hashes(number)
        hashes = [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]
        entries = self._entries(number, len(hashes))
        # The first leaf of a log that follows another is no event.
        foreign = entries[:1] if number == 0 and self._files.number > 1 else []
        events = list(islice(stored, len(hashes) - len(foreign)))
        leaves = [*foreign, *(event.leaf or b"" for event in events)]
        found = leaf_hashes(leaves)
        if found == hashes:
            _check_entries(number, entries, leaves)
            return self._moved(number * TILE_WIDTH + len(foreign), events)
        place = next(i for i, expected in enumerate(hashes) if found[i : i + 1] != [expected])
        _check_entries(number, [leaf_hash(entries[place])], [hashes[place]])
        event = next(iter(events[place - len(foreign) :]), None)
        return self._tampered(number * TILE_WIDTH + place, entries[place], event)

    def _moved(self, start: int, events: Sequence[_Stored]) -> Tampered | None:
        """Return the first event that has another position than it was logged from."""
        for index, event in enumerate(events, start):
            had = self._runs.position_of(index)
            if had is not None and had != event.position:
                detail = f"its position was {had}"
                return _named(
                    Tampering.EDITED, event, index, position=event.position, detail=detail
                )
        return None

    def _entries(self, number: int, width: int) -> list[bytes]:
        try:
            return decode_entries(self._files.read_bundle(number, width))
        except EntryBundleError as error:
            raise damaged(f"the log's folder: {entries_path(number)}: {error}") from error

    def _tampered(self, index: int, leaf: bytes, found: _Stored | None) -> Tampered:
        """Tell what was done, where `found` stands in the place of a leaf."""
        logged, had = _event(leaf), self._runs.position_of(index)
        if found is not None and (found.stream, found.version) == (logged.stream, logged.version):
            detail = _what_was_edited(logged, found)
            return _named(Tampering.EDITED, logged, index, position=found.position, detail=detail)
        now = self._present_position(logged)
        belongs = None if found is None else self._index_in_log(found, after=index)
        if found is not None and belongs is None and (now is not None or found.position == had):
            return _unlogged(found, logged, index, is_logged_there=now is not None)
        if now is not None:
            detail = f"it stands at position {now}, the event of leaf {belongs} in its place"
            return _named(Tampering.REORDERED, logged, index, position=now, detail=detail)
        detail = "no event follows" if found is None else "the database has it no more"
        return _named(Tampering.REMOVED, logged, index, position=had, detail=detail)

    def _present_position(self, logged: EventLeaf) -> int | None:
        """Return where the database has an event of this stream and version, None for nowhere."""
        of_stream = func.lower(cast(stored_events.c.originator_id, Text))
        # SQLite keeps its streams as texts, which the type of the column takes for granted.
        query = select(func.min(stored_events.c.notification_id)).where(
            of_stream == logged.stream,
            stored_events.c.originator_version == logged.version,
        )
        found: int | None = self._connection.execute(query).scalar_one()
        return found

    def _index_in_log(self, event: _Stored, *, after: int) -> int | None:
        """Return the leaf that an event is further on in the log, None where it is none."""
        wanted = leaf_hash(event.leaf) if event.leaf is not None else b""
        for number in range(after // TILE_WIDTH, -(-self._size // TILE_WIDTH)):
            data = self._tiles.hashes(number)
            for start in range(0, len(data), HASH_BYTES):
                index = number * TILE_WIDTH + start // HASH_BYTES
                if index > after and data[start : start + HASH_BYTES] == wanted:
                    return index
        return None


def _check_entries(number: int, found: Sequence[bytes], expected: Sequence[bytes]) -> None:
    if found != expected:
        path = entries_path(number)
        raise damaged(f"the log's folder: {path} does not hold the leaves that were signed")


def _stored(row: Any) -> _Stored:
    position, stream, version, topic, state = row
    return _Stored(
        position, str(stream), version, str(topic), _leaf(str(stream), version, topic, state)
    )


def _leaf(stream: str, version: Any, topic: Any, state: Any) -> bytes | None:
    # SQLite keeps whatever type it is given; this registry gives it bytes.
    if not isinstance(state, bytes) or not isinstance(version, int):
        return None
    try:
        return event_leaf(stream=stream, version=version, topic=str(topic), state=state)
    except LeafError:
        return None


def _event(leaf: bytes) -> EventLeaf:
    try:
        logged = read_leaf(leaf)
    except LeafError as error:
        raise damaged(f"the log's folder: a leaf that was signed is none: {error}") from error
    if not isinstance(logged, EventLeaf):
        raise damaged("the log's folder: it is another log's beginning")
    return logged


def _unlogged(found: _Stored, logged: EventLeaf, index: int, *, is_logged_there: bool) -> Tampered:
    """Name an event that the log does not have: it was put in, or the leaf's was made into it.

    `is_logged_there` says that the leaf's own event stands in the database besides.
    """
    position = found.position
    if is_logged_there:
        detail = "the log has no such event here"
        return _named(Tampering.INSERTED, found, index, position=position, detail=detail)
    detail = f"it is version {found.version} of stream {found.stream} now"
    return _named(Tampering.EDITED, logged, index, position=position, detail=detail)


def _named(
    kind: Tampering,
    event: EventLeaf | _Stored,
    index: int,
    *,
    position: int | None,
    detail: str,
) -> Tampered:
    return Tampered(
        kind,
        position=position,
        leaf=index,
        topic=event.topic,
        stream=event.stream,
        version=event.version,
        detail=detail,
    )


def _what_was_edited(logged: EventLeaf, found: _Stored) -> str:
    """Name the members that differ, not what they hold."""
    if found.topic != logged.topic:
        return f"its topic is {found.topic} now"
    try:
        now = read_leaf(found.leaf or b"")
    except LeafError:
        return "it cannot be read any more"
    then, members = logged.event, now.event if isinstance(now, EventLeaf) else {}
    names = sorted(n for n in then.keys() | members.keys() if then.get(n) != members.get(n))
    return f"other: {', '.join(names)}" if names else "it is written in another way"
