"""Answers as CSV files."""

import csv
import io
from typing import Any

import pytest

from api.csv_answers import csv_text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_is_text(text: str) -> None:
    [row] = csv.DictReader(io.StringIO(csv_text(["a"], [{"a": text}]), newline=""))
    assert row["a"] == f"'{text}"


def test_columns_are_those_named_and_what_is_absent_is_empty() -> None:
    rows: list[dict[str, Any]] = [{"b": 1, "a": 'x,"y"', "c": 3}, {"a": None, "b": -1}]
    assert csv_text(["a", "b"], rows) == 'a,b\r\n"x,""y""",1\r\n,-1\r\n'
