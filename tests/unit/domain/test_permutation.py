"""The permutation that turns counters into indexes: no collision, no order, one a key."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.permutation import Permutation

KEY_BYTES = 32
KEY = bytes(range(KEY_BYTES))
LARGEST = 1 << 26


@pytest.mark.parametrize("size", [2, 3, 5, 8, 9, 1000])
def test_every_index_of_a_small_list_is_given_out_once(size: int) -> None:
    permutation = Permutation(KEY, size)
    assert sorted(map(permutation.index, range(size))) == list(range(size))


@pytest.mark.parametrize("size", [131_072, 200_000])
def test_every_index_of_a_list_is_given_out_once(size: int) -> None:
    permutation = Permutation(KEY, size)
    assert set(map(permutation.index, range(size))) == set(range(size))


@given(key=st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES), data=st.data())
def test_counter_is_found_again_by_its_index(key: bytes, data: st.DataObject) -> None:
    size = data.draw(st.integers(2, LARGEST))
    counter = data.draw(st.integers(0, size - 1))
    permutation = Permutation(key, size)
    index = permutation.index(counter)
    assert 0 <= index < size
    assert permutation.counter(index) == counter
    assert permutation.index(permutation.counter(counter)) == counter


@pytest.mark.parametrize("size", [131_072, 200_000])
def test_indexes_in_the_order_they_are_given_out_look_unordered(size: int) -> None:
    """Of 10,000 neighbours almost none lie beside each other, and half of the steps go down."""
    indexes = list(map(Permutation(KEY, size).index, range(10_000)))
    steps = [after - before for before, after in itertools.pairwise(indexes)]
    assert sum(abs(step) == 1 for step in steps) <= 5
    assert 4_800 < sum(step < 0 for step in steps) < 5_200
    assert _longest_run(indexes) < 10


def _longest_run(numbers: list[int]) -> int:
    longest = run = 1
    for before, after in itertools.pairwise(numbers):
        run = run + 1 if after > before else 1
        longest = max(longest, run)
    return longest


def test_indexes_spread_over_the_whole_list() -> None:
    indexes = map(Permutation(KEY, 131_072).index, range(16_000))
    counts = [0] * 16
    for index in indexes:
        counts[index // 8192] += 1
    assert all(800 < count < 1_200 for count in counts)


def test_another_key_gives_another_order() -> None:
    first, second = (Permutation(bytes([n]) * KEY_BYTES, 131_072) for n in (1, 2))
    assert sum(first.index(n) == second.index(n) for n in range(1_000)) <= 3


def test_order_of_a_list_never_changes() -> None:
    """Indexes were given out by this order; another one would give some of them out again."""
    permutation = Permutation(KEY, 131_072)
    assert [permutation.index(counter) for counter in range(4)] == [94531, 29031, 42056, 62254]
    odd = Permutation(KEY, 200_000)
    assert [odd.index(counter) for counter in range(4)] == [76318, 177573, 154572, 146331]


@pytest.mark.parametrize("value", [-1, 100, 101])
def test_value_outside_the_list_is_refused(value: int) -> None:
    permutation = Permutation(KEY, 100)
    for direction in (permutation.index, permutation.counter):
        with pytest.raises(ValueError, match=r"outside 0\.\.99"):
            direction(value)
