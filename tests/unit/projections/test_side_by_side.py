"""Two series of rows are compared in order of their keys, a few rows at a time."""

import pytest

from projections.side_by_side import Values, unequal

ONE, TWO, THREE = ("1", "a"), ("2", "b"), ("3", "c")


def _unequal(
    expected: list[Values], found: list[Values], *, key_length: int = 1
) -> list[tuple[Values | None, Values | None]]:
    return list(unequal(iter(expected), iter(found), key_length=key_length))


def test_equal_series_do_not_differ() -> None:
    assert _unequal([ONE, TWO], [ONE, TWO]) == []
    assert _unequal([], []) == []


@pytest.mark.parametrize("missing", [ONE, TWO, THREE])
def test_row_that_one_side_lacks_stands_alone(missing: Values) -> None:
    rest = [row for row in (ONE, TWO, THREE) if row != missing]
    assert _unequal([ONE, TWO, THREE], rest) == [(missing, None)]
    assert _unequal(rest, [ONE, TWO, THREE]) == [(None, missing)]


def test_rows_of_one_key_stand_beside_each_other() -> None:
    other = ("2", "x")
    assert _unequal([ONE, TWO, THREE], [ONE, other, THREE]) == [(TWO, other)]


def test_key_of_two_columns_is_compared_as_a_whole() -> None:
    rows: list[Values] = [("1", "a", 0), ("1", "b", 0), ("2", "a", 0)]
    assert _unequal(rows, [rows[0], rows[2]], key_length=2) == [(rows[1], None)]


def test_row_that_stands_twice_is_found() -> None:
    assert _unequal([ONE, TWO], [ONE, ONE, TWO]) == [(None, ONE)]
