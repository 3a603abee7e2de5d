"""How the lists are shared out among publishers."""

from collections import Counter
from uuid import UUID

import pytest

from projections import turf
from projections.turf import ListParts
from registry.store.leadership import LeadershipLostError


class Locks:
    """Locks of one process, of which others hold `taken`."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self._held: set[str] = set()

    def lead(self, work: str) -> bool:
        if work not in self.taken:
            self._held.add(work)
        return work in self.held

    def still_leads(self, work: str) -> bool:
        return work in self._held - self.taken

    @property
    def held(self) -> frozenset[str]:
        return frozenset(self._held - self.taken)

    def close(self) -> None:
        self._held.clear()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turf, "TAKE_SECONDS", 0.0)


LIST_IDS = [str(UUID(int=number)) for number in range(2_000)]


def test_each_list_is_in_one_part_and_the_parts_are_about_even() -> None:
    parts = ListParts(Locks(), count=4)
    sizes = Counter(parts.part_of(list_id) for list_id in LIST_IDS)
    assert sorted(sizes) == [0, 1, 2, 3]
    assert min(sizes.values()) > 400


def test_a_publisher_takes_one_part_at_a_time_so_that_others_get_some() -> None:
    parts = ListParts(Locks(), count=4)
    assert parts.take() == {0}
    assert parts.take() == {0}


@pytest.mark.usefixtures("at_once")
def test_a_publisher_leaves_out_the_parts_of_others() -> None:
    locks = Locks()
    locks.taken = {"lists/1-of-3"}
    parts = ListParts(locks, count=3)
    parts.take()
    assert parts.take() == {0, 2}
    covered = {parts.part_of(each) for each in LIST_IDS if parts.covers(each)}
    assert covered == {0, 2}


@pytest.mark.usefixtures("at_once")
def test_a_part_that_passed_to_another_is_published_no_more() -> None:
    locks = Locks()
    parts = ListParts(locks, count=1)
    assert parts.take() == {0}
    parts.check(LIST_IDS[0])
    locks.taken = {"lists/0-of-1"}
    with pytest.raises(LeadershipLostError, match="lists/0-of-1"):
        parts.check(LIST_IDS[0])
    assert parts.take() == frozenset()
    assert not parts.covers(LIST_IDS[0])
