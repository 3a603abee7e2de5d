"""Both recorders keep one contract: all or nothing, versions once, ids in order of commits."""

import itertools
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from registry.store import tables
from registry.store.database import Database
from registry.store.recorders import EventRecorder, StreamMovedError, open_recorder
from tests.workers import append_streams, append_to_one_stream, processes, stored_event


@pytest.fixture
def recorder(database: Database) -> EventRecorder:
    return open_recorder(database)


def stream_of(length: int, *, size: int = 20) -> list[StoredEvent]:
    stream = uuid4()
    return [stored_event(stream, version, size=size) for version in range(1, length + 1)]


def id_of(stream: list[StoredEvent]) -> UUID:
    return UUID(str(stream[0].originator_id))


def ids(recorder: EventRecorder, **arguments: object) -> list[int]:
    found = recorder.select_notifications(**{"start": None, "limit": 10_000} | arguments)  # type: ignore[arg-type]
    return [notification.id for notification in found]


def test_saved_events_are_read_back_by_stream_and_in_the_history(recorder: EventRecorder) -> None:
    first, second = stream_of(3), stream_of(2)
    given = recorder.insert_events([*first, *second])
    assert recorder.select_events(first[0].originator_id) == first
    history = recorder.select_notifications(None, 10)
    assert [n.id for n in history] == given
    assert [(n.originator_id, n.originator_version) for n in history] == [
        (event.originator_id, event.originator_version) for event in [*first, *second]
    ]
    assert all((n.topic, n.state) == ("test-event-v1", b"x" * 20) for n in history)


def test_state_of_any_bytes_is_kept(recorder: EventRecorder) -> None:
    event = StoredEvent(uuid4(), 1, "żółty % $1 ? :x", bytes(range(256)))
    recorder.insert_events([event])
    assert recorder.select_events(event.originator_id) == [event]


def test_stream_is_found_by_the_text_of_its_id(recorder: EventRecorder) -> None:
    events = stream_of(2)
    recorder.insert_events(events)
    assert recorder.select_events(str(events[0].originator_id)) == events


def test_many_streams_are_read_whole_each_by_version(recorder: EventRecorder) -> None:
    streams = [stream_of(2) for _ in range(1_001)]
    recorder.insert_events([event for stream in streams for event in reversed(stream)])
    unknown = uuid4()

    found = recorder.select_streams([*map(id_of, streams), unknown])

    assert found == {id_of(stream): stream for stream in streams}


def test_save_that_rests_on_a_stream_is_refused_once_that_moved_on(recorder: EventRecorder) -> None:
    held, saved = stream_of(3), stream_of(1)
    recorder.insert_events(held[:2])
    with pytest.raises(StreamMovedError):
        recorder.insert_events(saved, unchanged={id_of(held): 1})
    assert recorder.select_events(saved[0].originator_id) == []
    recorder.insert_events(saved, unchanged={id_of(held): 2, uuid4(): 0})
    assert recorder.select_events(saved[0].originator_id) == saved


def test_of_two_saves_that_rest_on_each_others_stream_one_is_stored(
    recorder: EventRecorder,
) -> None:
    """Neither sees the other's events before it writes its own."""
    pairs = [(stream_of(1), stream_of(1)) for _ in range(20)]
    both = threading.Barrier(2)

    def save(own: list[StoredEvent], other: list[StoredEvent]) -> bool:
        both.wait()
        try:
            return bool(recorder.insert_events(own, unchanged={id_of(other): 0}))
        except StreamMovedError:
            return False

    with ThreadPoolExecutor(2) as pool:
        for first, second in pairs:
            stored = [pool.submit(save, first, second), pool.submit(save, second, first)]
            assert sorted(each.result() for each in stored) == [False, True]


def test_saving_nothing_stores_nothing(recorder: EventRecorder) -> None:
    assert recorder.insert_events([]) == []
    assert recorder.max_notification_id() is None


def test_version_that_exists_is_refused(recorder: EventRecorder) -> None:
    events = stream_of(2)
    recorder.insert_events(events)
    with pytest.raises(IntegrityError):
        recorder.insert_events([events[1]])
    assert recorder.select_events(events[0].originator_id) == events


def test_save_is_stored_whole_or_not_at_all(recorder: EventRecorder) -> None:
    taken, new = stream_of(1), stream_of(500)
    recorder.insert_events(taken)
    with pytest.raises(IntegrityError):
        recorder.insert_events([*new, *taken])
    assert len(ids(recorder)) == 1
    assert recorder.select_events(new[0].originator_id) == []


def test_refused_save_leaves_at_most_a_gap(recorder: EventRecorder) -> None:
    before, after = stream_of(1), stream_of(1)
    recorder.insert_events(before)
    with pytest.raises(IntegrityError):
        recorder.insert_events([*stream_of(5), *before])
    recorder.insert_events(after)
    found = ids(recorder)
    assert found == sorted(set(found))
    assert len(found) == 2


@pytest.mark.parametrize(
    ("arguments", "versions"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"gt": 2}, [3, 4, 5]),
        ({"lte": 2}, [1, 2]),
        ({"gt": 1, "lte": 3}, [2, 3]),
        ({"gt": 5}, []),
        ({"lte": 0}, []),
        ({"desc": True}, [5, 4, 3, 2, 1]),
        ({"desc": True, "limit": 1}, [5]),
        ({"limit": 2}, [1, 2]),
        ({"gt": 1, "lte": 4, "desc": True, "limit": 2}, [4, 3]),
        ({"limit": 0}, []),
    ],
)
def test_part_of_a_stream_is_chosen_by_version(
    recorder: EventRecorder, arguments: dict[str, int], versions: list[int]
) -> None:
    events = stream_of(5)
    recorder.insert_events([*stream_of(2), *events, *stream_of(2)])
    found = recorder.select_events(events[0].originator_id, **arguments)  # type: ignore[arg-type]
    assert [event.originator_version for event in found] == versions


def test_part_of_the_history_is_chosen_by_id(recorder: EventRecorder) -> None:
    given = recorder.insert_events(stream_of(6))
    assert ids(recorder, start=given[2]) == given[2:]
    assert ids(recorder, start=given[2], inclusive_of_start=False) == given[3:]
    assert ids(recorder, stop=given[3]) == given[:4]
    assert ids(recorder, start=given[1], stop=given[3]) == given[1:4]
    assert ids(recorder, limit=2) == given[:2]
    assert ids(recorder, start=given[5], inclusive_of_start=False) == []
    assert recorder.max_notification_id() == given[-1]


def test_part_of_the_history_is_chosen_by_topic(recorder: EventRecorder) -> None:
    topics = ["a-v1", "b-v1", "c-v1", "a-v1"]
    events = [StoredEvent(uuid4(), 1, topic, b"{}") for topic in topics]
    given = recorder.insert_events(events)
    assert ids(recorder, topics=("a-v1",)) == [given[0], given[3]]
    assert ids(recorder, topics=["a-v1", "c-v1"], stop=given[2]) == [given[0], given[2]]
    assert ids(recorder, topics=("d-v1",)) == []
    assert ids(recorder, topics=()) == given


@pytest.mark.parametrize("table", tables.APPEND_ONLY)
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_database_refuses_to_change_what_was_appended(
    database: Database, table: str, change: str
) -> None:
    if change.startswith("TRUNCATE") and database.is_sqlite:
        change = "DELETE FROM {} WHERE 1"  # SQLite has no TRUNCATE.
    column = {"stored_events": "topic", "access_log": "actor"}[table]
    _append_one(database, table)
    with pytest.raises(DBAPIError, match="append-only"), database.writing() as connection:
        connection.execute(text(change.format(table, column, column)))
    with database.reading() as connection:
        assert connection.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar() == 1


def _append_one(database: Database, table: str) -> None:
    if table == "stored_events":
        open_recorder(database).insert_events(stream_of(1))
        return
    row = {c.name: c.name for c in tables.access_log.c if c.name != "entry_id"} | {"status": 404}
    with database.writing() as connection:
        connection.execute(insert(tables.access_log), [row])


def test_subscription_is_refused(recorder: EventRecorder) -> None:
    with pytest.raises(NotImplementedError):
        recorder.subscribe()


@pytest.mark.timeout(30)
def test_save_larger_than_any_socket_buffer_is_stored(recorder: EventRecorder) -> None:
    events = stream_of(10_000, size=1_200)
    given = recorder.insert_events(events)
    assert given == sorted(set(given))
    assert len(given) == 10_000
    assert recorder.select_events(events[0].originator_id, limit=1, desc=True) == [events[-1]]


class Tail:
    """A reader that follows the history in small pages and keeps what it saw."""

    def __init__(self, recorder: EventRecorder) -> None:
        self._recorder = recorder
        self._stopping = threading.Event()
        self.seen: list[int] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        # Once more after the writers stopped, so that what they saved last is seen too.
        last_round = False
        while not last_round:
            last_round = self._stopping.is_set()
            while page := self._page():
                self.seen += page

    def _page(self) -> list[int]:
        after = self.seen[-1] if self.seen else None
        found = self._recorder.select_notifications(after, 50, inclusive_of_start=False)
        return [notification.id for notification in found]

    def stop(self) -> list[int]:
        self._stopping.set()
        self._thread.join()
        return self.seen


def test_tailing_reader_misses_nothing_that_threads_write(recorder: EventRecorder) -> None:
    tail = Tail(recorder)
    with ThreadPoolExecutor(4) as pool:
        saves = [pool.submit(recorder.insert_events, stream_of(n % 5 + 1)) for n in range(120)]
    assert tail.stop() == sorted(itertools.chain.from_iterable(save.result() for save in saves))


def test_tailing_reader_misses_nothing_that_processes_write(database: Database) -> None:
    tail = Tail(open_recorder(database))
    url = database.url.render_as_string(hide_password=False)
    with ProcessPoolExecutor(4, mp_context=processes()) as pool:
        runs = [pool.submit(append_streams, url, 20, size) for size in (1, 3, 7, 40)]
    saves = [save for run in runs for save in run.result()]
    assert tail.stop() == sorted(itertools.chain.from_iterable(saves))
    assert all(save == list(range(save[0], save[0] + len(save))) for save in saves)


def test_ids_of_one_save_are_in_the_order_of_its_events(recorder: EventRecorder) -> None:
    events = stream_of(1_000)
    given = recorder.insert_events(list(reversed(events)))
    found = recorder.select_notifications(None, 2_000)
    assert [n.id for n in found] == given == sorted(given)
    assert [n.originator_version for n in found] == list(range(1_000, 0, -1))


def test_processes_that_add_to_one_stream_each_win_their_own_versions(database: Database) -> None:
    url, stream = database.url.render_as_string(hide_password=False), uuid4()
    with ProcessPoolExecutor(4, mp_context=processes()) as pool:
        runs = [pool.submit(append_to_one_stream, url, stream, 10) for _ in range(4)]
        wait(runs)
    won = sorted(version for run in runs for version in run.result())
    assert won == list(range(1, 41))
    assert _versions(database, stream) == won


def _versions(database: Database, stream: UUID) -> list[int]:
    found = open_recorder(database).select_events(stream)
    return [event.originator_version for event in found]
