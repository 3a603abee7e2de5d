"""Whoever changes the events behind the registry's back is found out by the signed log."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eventsourcing.persistence import StoredEvent
from sqlalchemy import text

from projections.transparency.errors import FloorDamagedError
from projections.transparency.floor import LogFiles, LogFolder
from projections.transparency.log import TransparencyLog
from projections.transparency.tampering import EventsAndLog, Tampered, Tampering
from projections.transparency.trusted_checkpoints import (
    NOTHING_BROUGHT,
    Brought,
    UntrustedCheckpointError,
    check_never_logged,
    trusted,
)
from registry.formats.tlog.policies import Policy
from registry.store.database import Database
from registry.store.mapper import EventMapper
from registry.store.recorders import EventRecorder, open_recorder
from scripts.benchmarks.sample_history import sample_events
from tests.making import PUBLIC_URL, Clock, migrate

EVENTS = 600
"""Two full tiles and a partial one."""

MIDDLE = 300
"""A position in the second tile; its leaf is the one before, for leaves count from 0."""


@dataclass(frozen=True)
class Attacked:
    """A log of sample events, and an administrator of the database who means no good."""

    database: Database
    recorder: EventRecorder
    log: TransparencyLog
    keys: list[Ed25519PrivateKey]

    @property
    def files(self) -> LogFiles:
        return self.log.files

    def append(self, count: int, *, seed: int) -> None:
        """Record events as the registry does."""
        mapper = EventMapper()
        events = islice(sample_events(count, seed=seed), count)
        self.recorder.insert_events([mapper.to_stored_event(event) for event in events])

    def disarm(self) -> None:
        """Switch off what refuses changes, as an administrator can."""
        if self.database.is_sqlite:
            self.execute("DROP TRIGGER stored_events_no_update")
            self.execute("DROP TRIGGER stored_events_no_delete")
        else:
            self.execute("ALTER TABLE stored_events DISABLE TRIGGER USER")

    def execute(self, statement: str, **parameters: Any) -> None:
        with self.database.writing() as connection:
            connection.execute(text(statement), parameters)

    def set(self, column: str, value: Any, *, position: int) -> None:
        statement = f"UPDATE stored_events SET {column} = :value WHERE notification_id = :position"
        self.execute(statement, value=value, position=position)

    def move(self, position: int, to: int) -> None:
        self.set("notification_id", to, position=position)

    def remove(self, condition: str) -> None:
        self.execute(f"DELETE FROM stored_events WHERE {condition}")

    def event(self, position: int) -> StoredEvent:
        (found,) = self.recorder.select_notifications(position, 1, position)
        return found

    def insert(self, position: int) -> StoredEvent:
        """Put a new event at a free position."""
        event = next(sample_events(1, seed=99))
        stored = EventMapper().to_stored_event(event)
        self.execute(
            "INSERT INTO stored_events VALUES (:position, :stream, :version, :topic, :state)",
            position=position,
            stream=str(stored.originator_id),
            version=stored.originator_version,
            topic=stored.topic,
            state=stored.state,
        )
        return stored

    def found(self, brought: Brought = NOTHING_BROUGHT) -> Tampered | None:
        """Return the first event that is found to be changed."""
        against = trusted(self.log.folder, PUBLIC_URL, brought)
        assert against is not None
        with self.database.snapshot() as connection:
            both = EventsAndLog(connection, against.files, against.newest)
            return both.first_tampered(lambda _: None)

    def first(self) -> Tampered:
        found = self.found()
        assert found is not None
        return found


@pytest.fixture
def attacked(database_url: str, tmp_path: Path) -> Iterator[Attacked]:
    with logged(database_url, tmp_path) as attacked:
        yield attacked


@pytest.fixture
def folder_attacked(tmp_path: Path) -> Iterator[Attacked]:
    """One whose folder is attacked; its database is none the wiser."""
    with logged(f"sqlite:///{tmp_path}/registry.db", tmp_path) as attacked:
        yield attacked


@contextmanager
def logged(database_url: str, folder: Path) -> Iterator[Attacked]:
    migrate(database_url)
    database = Database(database_url)
    recorder, keys = open_recorder(database), [Ed25519PrivateKey.generate()]
    log = TransparencyLog(
        database=database,
        recorder=recorder,
        folder=LogFolder(folder / "log"),
        public_url=PUBLIC_URL,
        open_keys=lambda: keys,
        clock=Clock(),
    )
    attacked = Attacked(database, recorder, log, keys)
    attacked.append(EVENTS, seed=1)
    log.run()
    attacked.disarm()
    try:
        yield attacked
    finally:
        database.close()


def test_history_that_nobody_changed_is_the_log(attacked: Attacked) -> None:
    assert attacked.found() is None
    assert attacked.log.size == EVENTS


def test_events_after_the_checkpoint_are_counted_and_not_judged(attacked: Attacked) -> None:
    attacked.append(3, seed=2)
    assert attacked.found() is None
    assert _newer(attacked) == 3


def _newer(attacked: Attacked) -> int:
    against = trusted(attacked.log.folder, PUBLIC_URL, NOTHING_BROUGHT)
    assert against is not None
    with attacked.database.reading() as connection:
        return EventsAndLog(connection, against.files, against.newest).newer_events()


@pytest.mark.parametrize("position", [1, 257, EVENTS])
def test_edited_event_is_named_with_what_differs(attacked: Attacked, position: int) -> None:
    event = attacked.event(position)
    edited = event.state.replace(b'"actor":"api-key:0', b'"actor":"api-key:1')
    attacked.set("state", edited, position=position)
    assert attacked.first() == Tampered(
        Tampering.EDITED,
        position=position,
        leaf=position - 1,
        topic=event.topic,
        stream=str(event.originator_id),
        version=event.originator_version,
        detail="other: actor",
    )


@pytest.mark.parametrize(
    ("column", "value", "detail"),
    [
        ("topic", "credential-named", "its topic is credential-named now"),
        ("topic", "Not A Topic", "its topic is Not A Topic now"),
        ("originator_version", 77, "it is version 77 of stream "),
        ("originator_id", "00000000-0000-4000-8000-000000000000", "of stream 00000000-0000-4000"),
        ("state", b"no JSON", "it cannot be read any more"),
    ],
)
def test_edit_of_any_column_is_found(
    attacked: Attacked, column: str, value: Any, detail: str
) -> None:
    attacked.set(column, value, position=MIDDLE)
    found = attacked.first()
    assert (found.kind, found.position, found.leaf) == (Tampering.EDITED, MIDDLE, MIDDLE - 1)
    assert detail in found.detail


def test_edit_in_the_way_of_an_administrator_is_found(attacked: Attacked) -> None:
    """SQLite's `replace` even leaves a text where bytes were."""
    change = "replace(state, 'api-key:0', 'api-key:1')"
    if not attacked.database.is_sqlite:
        as_text = change.replace("state", "convert_from(state, 'UTF8')")
        change = f"convert_to({as_text}, 'UTF8')"
    attacked.execute(f"UPDATE stored_events SET state = {change} WHERE notification_id = 7")
    found = attacked.first()
    assert (found.kind, found.position) == (Tampering.EDITED, 7)


def test_edit_that_only_writes_the_same_in_another_way_is_found(attacked: Attacked) -> None:
    attacked.set("state", attacked.event(MIDDLE).state.replace(b",", b", "), position=MIDDLE)
    found = attacked.first()
    assert (found.kind, found.detail) == (Tampering.EDITED, "it is written in another way")


@pytest.mark.parametrize("position", [1, MIDDLE])
def test_removed_event_is_named(attacked: Attacked, position: int) -> None:
    event = attacked.event(position)
    attacked.remove(f"notification_id = {position}")
    found = attacked.first()
    assert (found.kind, found.position, found.leaf) == (Tampering.REMOVED, position, position - 1)
    assert (found.stream, found.topic) == (str(event.originator_id), event.topic)


@pytest.mark.parametrize("last", [0, 256, EVENTS - 1])
def test_truncated_tail_is_named_by_its_first_event(attacked: Attacked, last: int) -> None:
    attacked.remove(f"notification_id > {last}")
    found = attacked.first()
    assert (found.kind, found.position, found.leaf) == (Tampering.REMOVED, last + 1, last)
    assert found.detail == "no event follows"


def test_truncated_tail_is_found_also_where_new_events_follow(attacked: Attacked) -> None:
    attacked.remove(f"notification_id > {EVENTS - 10}")
    attacked.append(20, seed=2)
    found = attacked.first()
    assert (found.kind, found.position) == (Tampering.REMOVED, EVENTS - 9)


@pytest.mark.parametrize("position", [1, MIDDLE])
def test_inserted_event_is_named(attacked: Attacked, position: int) -> None:
    attacked.execute(
        f"UPDATE stored_events SET notification_id = -notification_id"
        f" WHERE notification_id >= {position}"
    )
    attacked.execute(
        "UPDATE stored_events SET notification_id = 1 - notification_id WHERE notification_id < 0"
    )
    event = attacked.insert(position)
    assert attacked.first() == Tampered(
        Tampering.INSERTED,
        position=position,
        leaf=position - 1,
        topic=event.topic,
        stream=str(event.originator_id),
        version=event.originator_version,
        detail="the log has no such event here",
    )


def test_copy_of_an_earlier_event_is_inserted(postgres_url: str, tmp_path: Path) -> None:
    """An administrator of PostgreSQL can drop what keeps a version from standing twice."""
    with logged(postgres_url, tmp_path) as attacked:
        attacked.execute("ALTER TABLE stored_events DROP CONSTRAINT stored_events_stream")
        attacked.move(EVENTS, to=EVENTS + 1)
        attacked.execute(
            "INSERT INTO stored_events SELECT 600, originator_id, originator_version, topic, state"
            " FROM stored_events WHERE notification_id = 590"
        )
        found = attacked.first()
        assert (found.kind, found.position) == (Tampering.INSERTED, EVENTS)
        assert found.stream == str(attacked.event(590).originator_id)


@pytest.mark.parametrize(("one", "other"), [(MIDDLE, MIDDLE + 1), (2, EVENTS)])
def test_swapped_events_are_named_by_the_first(attacked: Attacked, one: int, other: int) -> None:
    event = attacked.event(one)
    attacked.move(one, to=100_000)
    attacked.move(other, to=one)
    attacked.move(100_000, to=other)
    found = attacked.first()
    assert (found.kind, found.position, found.leaf) == (Tampering.REORDERED, other, one - 1)
    assert found.stream == str(event.originator_id)
    assert (
        found.detail == f"it stands at position {other}, the event of leaf {other - 1} in its place"
    )


def test_event_that_was_moved_to_the_end_is_reordered(attacked: Attacked) -> None:
    attacked.move(MIDDLE, to=100_000)
    found = attacked.first()
    assert (found.kind, found.position, found.leaf) == (Tampering.REORDERED, 100_000, MIDDLE - 1)


def test_first_of_several_changes_is_the_one_that_is_named(attacked: Attacked) -> None:
    attacked.remove(f"notification_id = {MIDDLE}")
    attacked.set("topic", "credential-named", position=MIDDLE - 200)
    attacked.set("topic", "credential-named", position=MIDDLE + 200)
    found = attacked.first()
    assert (found.kind, found.position) == (Tampering.EDITED, MIDDLE - 200)


def test_position_of_a_removed_event_is_told_where_positions_skip(attacked: Attacked) -> None:
    if attacked.database.is_sqlite:
        attacked.execute("UPDATE sqlite_sequence SET seq = seq + 40 WHERE name = 'stored_events'")
    else:
        attacked.execute(
            "SELECT setval(pg_get_serial_sequence('stored_events', 'notification_id'), 640)"
        )
    attacked.append(10, seed=2)
    attacked.log.run()
    attacked.remove("notification_id = 645")
    found = attacked.first()
    assert (found.position, found.leaf) == (645, 604)


def test_log_that_follows_another_is_compared_from_its_second_leaf_on(attacked: Attacked) -> None:
    attacked.remove(f"notification_id = {MIDDLE}")
    attacked.log.reopen(lambda: attacked.keys.append(Ed25519PrivateKey.generate()))
    attacked.log.run()
    assert attacked.found() is None
    assert _newer(attacked) == 0
    attacked.remove(f"notification_id = {MIDDLE + 1}")
    found = attacked.first()
    assert (found.kind, found.position, found.leaf) == (Tampering.REMOVED, MIDDLE + 1, MIDDLE)


def test_no_row_in_the_database_begins_another_log(attacked: Attacked) -> None:
    attacked.set("topic", "credential-revoked-v1", position=MIDDLE)
    attacked.execute(
        "INSERT INTO log_state (log_number, origin, size, position, frontier) "
        "VALUES (2, :origin, 0, 0, :frontier)",
        origin=f"{attacked.log.origin}/2",
        frontier=b"",
    )
    attacked.log.tend()
    assert "nobody closed log 1" in (attacked.log.alarm or "")
    assert attacked.log.folder.numbers() == [1]
    assert attacked.first().position == MIDDLE


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("tile/0/000", "tile/0/000 does not hash to the signed checkpoint"),
        ("tile/0/001", "tile/0/001 does not hash to the signed checkpoint"),
        ("tile/0/002", "tile/0/002.p/88 or tile/1/000.p/2 is not what was signed"),
        ("tile/1/000", "tile/0/002.p/88 or tile/1/000.p/2 is not what was signed"),
        ("entries/001", "tile/entries/001"),
    ],
)
def test_damage_of_the_folder_is_told_apart(
    folder_attacked: Attacked, file: str, named: str
) -> None:
    _flip(folder_attacked.files.path / file, at=40)
    with pytest.raises(FloorDamagedError) as caught:
        folder_attacked.found()
    assert named in caught.value.reason
    assert "the log's folder" in caught.value.reason


def _flip(path: Path, *, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("file", ["tile/0/001", "entries/001", "entries/002"])
def test_file_of_the_folder_that_is_missing_or_cut_short_is_told_apart(
    folder_attacked: Attacked, file: str
) -> None:
    path = folder_attacked.files.path / file
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FloorDamagedError, match=r"00[12]"):
        folder_attacked.found()
    path.unlink()
    with pytest.raises(FloorDamagedError, match="is missing"):
        folder_attacked.found()


def test_event_and_leaf_that_were_changed_alike_are_damage_of_the_folder(
    folder_attacked: Attacked,
) -> None:
    event = folder_attacked.event(MIDDLE)
    edited = event.state.replace(b'"actor":"api-key:0', b'"actor":"api-key:1')
    folder_attacked.set("state", edited, position=MIDDLE)
    bundle = folder_attacked.files.path / "entries/001"
    bundle.write_bytes(bundle.read_bytes().replace(event.state, edited))
    with pytest.raises(FloorDamagedError, match="entries/001 does not hold the leaves"):
        folder_attacked.found()


def test_checkpoint_that_another_key_signed_is_damage_of_the_folder(
    folder_attacked: Attacked,
) -> None:
    _flip(folder_attacked.files.path / "checkpoint", at=-20)
    with pytest.raises(FloorDamagedError, match="the checkpoint in "):
        folder_attacked.found()


def test_folder_of_another_registry_is_refused(folder_attacked: Attacked) -> None:
    with pytest.raises(FloorDamagedError, match=r"not of elsewhere\.example\.org/log"):
        trusted(folder_attacked.log.folder, "https://elsewhere.example.org", NOTHING_BROUGHT)


def test_folder_that_is_gone_is_no_log_that_was_never_begun(
    folder_attacked: Attacked, tmp_path: Path
) -> None:
    empty = LogFolder(tmp_path / "empty")
    assert trusted(empty, PUBLIC_URL, NOTHING_BROUGHT) is None
    with (
        folder_attacked.database.reading() as connection,
        pytest.raises(FloorDamagedError, match="knows of 600 leaves"),
    ):
        check_never_logged(empty, connection)


def test_checkpoint_that_was_brought_is_one_the_log_still_extends(
    folder_attacked: Attacked,
) -> None:
    earlier = folder_attacked.files.checkpoint()
    folder_attacked.append(10, seed=2)
    folder_attacked.log.run()
    against = trusted(folder_attacked.log.folder, PUBLIC_URL, Brought(earlier))
    assert against is not None
    assert against.believed is not None
    assert (against.newest.size, against.believed.size) == (EVENTS + 10, EVENTS)


def test_folder_that_was_put_back_behind_the_checkpoint_that_was_brought_is_found(
    folder_attacked: Attacked,
) -> None:
    path = folder_attacked.files.path / "checkpoint"
    earlier = path.read_bytes()
    folder_attacked.append(10, seed=2)
    folder_attacked.log.run()
    later = path.read_bytes()
    path.write_bytes(earlier)
    with pytest.raises(FloorDamagedError, match=r"ends at 600 leaves.* covers 610"):
        folder_attacked.found(Brought(later))


def test_log_that_was_forked_is_found_by_the_checkpoint_that_was_brought(
    folder_attacked: Attacked, tmp_path: Path
) -> None:
    """The administrator has the log's key too, and writes history anew."""
    signed = folder_attacked.files.checkpoint()
    folder_attacked.set("topic", "credential-named", position=MIDDLE)
    folder_attacked.execute("DELETE FROM log_state")
    folder_attacked.execute("DELETE FROM log_runs")
    folder_attacked.files.path.rename(tmp_path / "away")
    folder_attacked.log.run()
    assert folder_attacked.found() is None
    keys = (tmp_path / "away" / "keys").read_text()
    assert (folder_attacked.files.path / "keys").read_text() == keys
    with pytest.raises(FloorDamagedError, match="does not extend the checkpoint of 600 leaves"):
        folder_attacked.found(Brought(signed))


def test_policy_decides_whose_checkpoint_is_believed(folder_attacked: Attacked) -> None:
    (key,) = folder_attacked.files.keys()
    fitting = Policy.parse(f"log {key.vkey}\nquorum none\n".encode())
    against = trusted(folder_attacked.log.folder, PUBLIC_URL, Brought(policy=fitting))
    assert against is not None
    assert against.believed == against.newest
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    strange = type(key)(key.name, key.key_type, other)
    policy = Policy.parse(f"log {strange.vkey}\nquorum none\n".encode())
    with pytest.raises(UntrustedCheckpointError):
        folder_attacked.found(Brought(policy=policy))


def test_events_that_got_other_positions_in_the_same_order_are_found(attacked: Attacked) -> None:
    for moved in ("- notification_id", "5000 - notification_id"):
        attacked.execute(
            f"UPDATE stored_events SET notification_id = {moved} "
            f"WHERE notification_id >= {MIDDLE} OR notification_id < 0"
        )
    found = attacked.first()
    assert (found.kind, found.leaf) == (Tampering.EDITED, MIDDLE - 1)
    assert found.detail == f"its position was {MIDDLE}"


def test_events_are_logged_once_whatever_the_database_says_of_the_log(attacked: Attacked) -> None:
    attacked.execute("UPDATE log_state SET position = position - 3")
    attacked.log.tend()
    assert f"position {EVENTS - 3}" in (attacked.log.alarm or "")
    assert attacked.log.size == EVENTS
