"""The records of a CSV file as spreadsheets write it, each with the line it begins on."""

import csv
import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from registry.text_lines import LONGEST_LINE_BYTES, LineTooLongError

_SEPARATORS: Final = (";", ",", "\t")
_NAMED_SEPARATOR: Final = re.compile(r"""\s*"?sep=([;,\t|])"?\s*""", re.IGNORECASE)
"""The first line of a file that tells Excel how it is separated; it is no record."""


class CsvRecords:
    """Gives line and cells of each record; the separator is found in the first line.

    Raises csv.Error for a stray quotation mark, LineTooLongError for a record of more than 65,536
    characters, and what `lines` raises.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        first, begin = next(lines, ""), 1
        separator = max(_SEPARATORS, key=first.count)
        if named := _NAMED_SEPARATOR.fullmatch(first):
            separator, first, begin = named[1], next(lines, ""), 2
        self.first = first
        """The line of the first record, which may be a header."""
        self._bounded = _BoundedRecords(chain([first], lines), begin=begin)
        self._reader = csv.reader(self._bounded, delimiter=separator, strict=True)

    @property
    def begin(self) -> int:
        """The line that the next record begins on, from 1; of one that failed, its own."""
        return self._bounded.begin

    def __iter__(self) -> "CsvRecords":
        return self

    def __next__(self) -> tuple[int, list[str]]:
        begin, record = self.begin, next(self._reader)
        self._bounded.end(self._reader.line_num)
        return begin, record


class _BoundedRecords:
    """Hands lines to the CSV reader, which would read on for ever for a quote that never closes.

    `begin` is the number of the first line, from 1.
    """

    def __init__(self, lines: Iterator[str], *, begin: int = 1) -> None:
        self._lines = lines
        self._characters = 0
        self._first = begin
        self.begin = begin
        """The line that the record begins on."""

    def __iter__(self) -> "_BoundedRecords":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._characters += len(line)
        if self._characters > LONGEST_LINE_BYTES:
            raise LineTooLongError(self.begin)
        return line

    def end(self, line: int) -> None:
        """Count anew: a record ended on a line, counted from the first one handed on."""
        self._characters, self.begin = 0, self._first + line
