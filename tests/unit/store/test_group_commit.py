"""Saves of threads that come at once, over a writer that the test holds up and lets go."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent

from registry.store.database import StoreUnavailableError
from registry.store.group_commit import MOST_EVENTS, GroupCommit, Save
from registry.store.recorders import StreamMovedError
from tests.waiting import wait_until


class Disk:
    """Takes saves, the first of them only once `free` is set; keeps which were written together."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.busy = threading.Event()
        self.groups: list[list[Save]] = []
        self.refused: dict[UUID, Exception] = {}
        self._next = 1

    def write(self, saves: Sequence[Save]) -> list[list[int]]:
        self.busy.set()
        assert self.free.wait(10)
        self.groups.append(list(saves))
        for save in saves:
            if (error := self.refused.get(stream_of(save))) is not None:
                raise error
        return [[self._id() for _ in save.events] for save in saves]

    def _id(self) -> int:
        self._next += 1
        return self._next - 1


def save_of(
    *, stream: UUID | None = None, count: int = 1, resting_on: dict[UUID, int] | None = None
) -> Save:
    stream = stream or uuid4()
    events = [StoredEvent(stream, n, "test-v1", b"") for n in range(1, count + 1)]
    return Save(events, resting_on or {})


def stream_of(save: Save) -> UUID:
    return UUID(str(save.events[0].originator_id))


class Crowd:
    """One save at the disk, and others that come while it is there."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.together = GroupCommit(self.disk.write)
        self.pool = ThreadPoolExecutor(40)
        self.first = self.pool.submit(self.together.save, save_of())
        assert self.disk.busy.wait(10)

    def come(self, *saves: Save) -> list[Future[list[int]]]:
        """Let them come one after the other, then free the disk."""
        futures = []
        for number, save in enumerate(saves, 1):
            futures.append(self.pool.submit(self.together.save, save))
            wait_until(lambda: len(self.together._waiting) == number)  # noqa: B023
        self.disk.free.set()
        return futures

    @property
    def sizes(self) -> list[int]:
        return [len(group) for group in self.disk.groups]


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


def test_those_who_come_meanwhile_are_written_together_in_their_order(crowd: Crowd) -> None:
    futures = crowd.come(*(save_of(count=2) for _ in range(16)))
    assert [future.result(10) for future in futures] == [[n, n + 1] for n in range(2, 34, 2)]
    assert crowd.first.result() == [1]
    assert crowd.sizes == [1, 16]


def test_one_alone_is_written_at_once() -> None:
    disk = Disk()
    disk.free.set()
    together = GroupCommit(disk.write)
    assert [together.save(save_of()) for _ in range(3)] == [[1], [2], [3]]
    assert [len(group) for group in disk.groups] == [1, 1, 1]


@pytest.mark.parametrize("error", [IntegrityError("taken"), StreamMovedError("moved")])
def test_a_save_that_cannot_be_stored_fails_no_other(crowd: Crowd, error: Exception) -> None:
    good, bad, late = save_of(), save_of(), save_of()
    crowd.disk.refused[stream_of(bad)] = error
    first, second, third = crowd.come(good, bad, late)
    assert len(first.result(10)) == len(third.result(10)) == 1
    with pytest.raises(type(error)):
        second.result(10)
    assert crowd.sizes == [1, 3, 1, 1, 1]


def test_all_are_told_that_the_database_is_away(crowd: Crowd) -> None:
    saves = [save_of() for _ in range(3)]
    crowd.disk.refused[stream_of(saves[1])] = StoreUnavailableError("away")
    for future in crowd.come(*saves):
        with pytest.raises(StoreUnavailableError):
            future.result(10)
    assert crowd.sizes == [1, 3]


def test_a_writer_that_breaks_off_leaves_nobody_waiting(crowd: Crowd) -> None:
    saves = [save_of() for _ in range(3)]
    crowd.disk.refused[stream_of(saves[0])] = MemoryError()
    first, *others = crowd.come(*saves)
    with pytest.raises(MemoryError):
        first.result(10)
    for future in others:
        with pytest.raises(StoreUnavailableError):
            future.result(10)
    assert crowd.together.save(save_of())


def test_saves_that_bear_on_one_another_are_not_written_together(crowd: Crowd) -> None:
    stream = uuid4()
    writes, rests = save_of(stream=stream), save_of(resting_on={stream: 1})
    writes_again, rests_otherwise = save_of(stream=stream), save_of(resting_on={stream: 2})
    futures = crowd.come(writes, rests, writes_again, rests_otherwise)
    for future in futures:
        future.result(10)
    assert crowd.disk.groups[1:] == [[writes], [rests], [writes_again], [rests_otherwise]]


def test_saves_that_rest_on_the_same_version_are_written_together(crowd: Crowd) -> None:
    issuer = uuid4()
    for future in crowd.come(*(save_of(resting_on={issuer: 7}) for _ in range(5))):
        future.result(10)
    assert crowd.sizes == [1, 5]


def test_a_group_has_an_end(crowd: Crowd) -> None:
    futures = crowd.come(*(save_of(count=100) for _ in range(12)))
    for future in futures:
        future.result(10)
    assert crowd.sizes == [1, MOST_EVENTS // 100, 2]
