"""Indexes: given out once for ever, by any number of threads and processes, whatever stops them."""

import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from registry.allocation import LARGEST_BLOCK, SMALLEST_BLOCK
from registry.domain import events as e
from registry.domain.achievement import Profile
from registry.domain.credential import Placement
from registry.domain.permutation import Permutation
from registry.domain.status_list import Shelf, StatusList
from registry.store.database import Database, StoreUnavailableError
from registry.store.mapper import EventMapper
from registry.store.recorders import EventRecorder, open_recorder
from tests.making import Parts, connect, fail_once, open_unsure
from tests.workers import processes, take_and_be_killed, take_indexes

SHELF = Shelf("0b8a6e4c-8f7e-4f52-9e43-0f6f0a8f5b11", "eddsa-jcs-2022", Profile.DEFAULT)
SMALL = 200


@contextmanager
def connected(
    url: str, *, recorder: Callable[[Database], EventRecorder] = open_recorder
) -> Iterator[Parts]:
    parts = connect(url, list_size=SMALL, recorder=recorder)
    try:
        yield parts
    finally:
        parts.close()


def history(parts: Parts) -> list[e.Event]:
    found = parts.recorder.select_notifications(None, 10_000)
    return [EventMapper().to_domain_event(notification) for notification in found]


def status_list(parts: Parts, sequence: int) -> StatusList:
    return parts.streams.load(StatusList(SHELF.list_id(sequence)))


def blocks(parts: Parts) -> list[int]:
    return [event.count for event in history(parts) if isinstance(event, e.IndexesReserved)]


def repeated(placements: Sequence[object]) -> list[object]:
    return [each for each, times in Counter(placements).items() if times > 1]


def versions_have_no_gap(parts: Parts) -> bool:
    streams: dict[Any, list[int]] = {}
    for event in history(parts):
        streams.setdefault(event.originator_id, []).append(event.originator_version)
    return all(found == list(range(1, len(found) + 1)) for found in streams.values())


def test_indexes_lie_within_the_list_and_are_given_out_once(parts: Parts) -> None:
    placements = parts.allocator.take(SHELF, 500)
    assert {placement.list_id for placement in placements} == {str(SHELF.list_id(0))}
    assert all(0 <= placement.index < 131_072 for placement in placements)
    assert not repeated(placements)


def test_index_is_what_the_lists_permutation_makes_of_the_counter(parts: Parts) -> None:
    placements = parts.allocator.take(SHELF, 20)
    list_id = str(SHELF.list_id(0))
    permutation = Permutation(parts.keys.get(f"list/{list_id}"), 131_072)
    assert [permutation.counter(placement.index) for placement in placements] == list(range(20))


def test_indexes_of_different_shelves_come_from_different_lists(parts: Parts) -> None:
    shelves = [Shelf(SHELF.issuer_id, "eddsa-jcs-2022", profile) for profile in Profile]
    lists = {parts.allocator.take(shelf, 1)[0].list_id for shelf in shelves}
    assert len(lists) == 2


def test_every_index_of_a_list_is_used_before_the_next_list(ready_url: str) -> None:
    with connected(ready_url) as parts:
        placements = [p for _ in range(25) for p in parts.allocator.take(SHELF, 20)]
        counts = Counter(placement.list_id for placement in placements)
        sequence = [str(SHELF.list_id(number)) for number in range(3)]
        assert counts == dict(zip(sequence, [SMALL, SMALL, 100], strict=True))
        assert not repeated(placements)
        assert status_list(parts, 0).closed
        assert not status_list(parts, 2).closed


def test_next_list_is_open_before_the_present_one_is_full(ready_url: str) -> None:
    with connected(ready_url) as parts:
        for _ in range(11):
            parts.allocator.take(SHELF, SMALLEST_BLOCK)
            parts.clock.advance(minutes=2)
        assert (status_list(parts, 0).remaining, status_list(parts, 1).version) == (24, 0)
        parts.allocator.take(SHELF, 1)
        assert (status_list(parts, 0).remaining, status_list(parts, 1).version) == (8, 1)
        assert not status_list(parts, 0).closed
        opened = history(parts)[-1]
        assert isinstance(opened, e.StatusListOpened)
        assert (opened.sequence, opened.size) == (1, SMALL)


def test_blocks_grow_while_they_are_spent_fast(parts: Parts) -> None:
    for _ in range(6_000):
        parts.allocator.take(SHELF, 1)
    assert blocks(parts) == [SMALLEST_BLOCK, 64, 256, 1024, LARGEST_BLOCK, LARGEST_BLOCK]


def test_block_spent_slowly_is_followed_by_a_small_one(parts: Parts) -> None:
    for _ in range(3):
        parts.allocator.take(SHELF, SMALLEST_BLOCK)
        parts.clock.advance(minutes=2)
    assert blocks(parts) == [SMALLEST_BLOCK] * 3


def test_request_for_many_reserves_them_at_once(parts: Parts) -> None:
    assert len(parts.allocator.take(SHELF, 5_000)) == 5_000
    assert blocks(parts) == [LARGEST_BLOCK, LARGEST_BLOCK]


def test_nothing_is_reserved_for_nothing(parts: Parts) -> None:
    assert parts.allocator.take(SHELF, 0) == []
    assert history(parts) == []


def test_what_is_given_back_is_given_out_again_and_nothing_twice(ready_url: str) -> None:
    taken: list[Placement] = []
    for _ in range(40):
        with connected(ready_url) as parts:
            taken += parts.allocator.take(SHELF, 5)
            parts.allocator.give_back()
    with connected(ready_url) as parts:
        assert not repeated(taken)
        assert Counter(p.list_id for p in taken) == {str(SHELF.list_id(0)): SMALL}
        assert versions_have_no_gap(parts)


def test_giving_back_twice_returns_the_block_once(parts: Parts) -> None:
    parts.allocator.take(SHELF, 6)
    for _ in range(2):
        parts.allocator.give_back()
    returned = [event for event in history(parts) if isinstance(event, e.IndexesReturned)]
    assert [(event.first, event.count) for event in returned] == [(6, 10)]


def test_allocator_goes_on_after_giving_back(parts: Parts) -> None:
    before = parts.allocator.take(SHELF, 6)
    parts.allocator.give_back()
    assert not repeated([*before, *parts.allocator.take(SHELF, 200)])


def test_threads_never_get_the_same_index(ready_url: str) -> None:
    with connected(ready_url) as parts, ThreadPoolExecutor(8) as pool:
        portions = pool.map(lambda count: parts.allocator.take(SHELF, count), [1, 2, 3, 7] * 20)
        placements = [placement for portion in portions for placement in portion]
    assert len(placements) == 260
    assert not repeated(placements)


def test_eight_processes_never_get_the_same_index(ready_url: str) -> None:
    """They fill two lists and open a third; half of them give back what they have not spent."""
    counts = [1, 2, 3, 5, 8, 13, 13, 13]
    with ProcessPoolExecutor(8, mp_context=processes()) as pool:
        runs = [
            pool.submit(take_indexes, ready_url, SHELF, SMALL, counts, number % 2 == 0)
            for number in range(8)
        ]
        placements = [placement for run in runs for placement in run.result()]
    assert len(placements) == 8 * sum(counts)
    assert not repeated(placements)
    with connected(ready_url) as parts:
        assert versions_have_no_gap(parts)


def test_eight_processes_share_the_last_hundred_indexes(ready_url: str) -> None:
    with connected(ready_url) as parts:
        used = [(p.list_id, p.index) for p in parts.allocator.take(SHELF, 100)]
        parts.allocator.give_back()
    with ProcessPoolExecutor(8, mp_context=processes()) as pool:
        runs = [
            pool.submit(take_indexes, ready_url, SHELF, SMALL, [1] * 16, False) for _ in range(8)
        ]
        placements = [placement for run in runs for placement in run.result()]
    assert not repeated([*used, *placements])
    in_first_list = sum(list_id == str(SHELF.list_id(0)) for list_id, _ in placements)
    assert 0 < in_first_list <= 100
    assert len(placements) == 128


def test_indexes_that_died_with_a_process_are_never_given_out(ready_url: str) -> None:
    process = processes().Process(target=take_and_be_killed, args=(ready_url, SHELF, SMALL, 3))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    with connected(ready_url) as parts:
        placements = parts.allocator.take(SHELF, SMALL - SMALLEST_BLOCK)
        permutation = Permutation(parts.keys.get(f"list/{SHELF.list_id(0)}"), SMALL)
        counters = [permutation.counter(placement.index) for placement in placements]
        assert sorted(counters) == list(range(SMALLEST_BLOCK, SMALL))
        assert parts.allocator.take(SHELF, 1)[0].list_id == str(SHELF.list_id(1))


@pytest.mark.parametrize("applied", [False, True], ids=["not saved", "saved, answer lost"])
@pytest.mark.parametrize("meanwhile", [0, 80], ids=["nobody else", "somebody else"])
@pytest.mark.parametrize("already", [0, 16], ids=["opening the list", "a later block"])
def test_reservation_of_unknown_outcome_gives_nothing_out_twice(
    ready_url: str, applied: bool, already: int, meanwhile: int
) -> None:
    """The memory of a process must not run ahead of the history after a failed save."""
    with connected(ready_url, recorder=open_unsure) as unsure, connected(ready_url) as other:
        taken = unsure.allocator.take(SHELF, already)
        fail_once(unsure, "indexes-reserved", applied=applied)
        with pytest.raises(StoreUnavailableError):
            unsure.allocator.take(SHELF, 1)
        taken += other.allocator.take(SHELF, meanwhile)
        taken += unsure.allocator.take(SHELF, 40)
        taken += other.allocator.take(SHELF, 40)
        assert not repeated(taken)
        assert versions_have_no_gap(other)
