"""Read the learners of an issuing from a CSV file as spreadsheets write it: all rows or no row.

Accepted: UTF-8 with or without a byte order mark, or Windows-1250; semicolons, commas or tabs,
told by the header; headers in English or Polish. Values are text and nothing else: what looks
like a formula is kept as it stands and never computed.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import TypeVar

from registry.domain.instants import parse_instant
from registry.domain.subject import (
    IdentityType,
    SubjectError,
    normalise_email,
    normalise_identifier,
)

T = TypeVar("T")

MAX_ROWS = 1_000
MAX_PROBLEMS = 100
"""Faults reported at most; a file in the wrong form has one in every cell."""

_SEPARATORS = (";", ",", "\t")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(_DATE.pattern + r"T[0-9:]{8}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_LONGEST = {"name": 300, "grade": 64}


class Column(StrEnum):
    """A column the registry reads."""

    EMAIL = "email"
    IDENTIFIER = "identifier"
    IDENTITY_TYPE = "identity_type"
    NAME = "name"
    GRADE = "grade"
    VALID_FROM = "valid_from"
    VALID_UNTIL = "valid_until"


_POLISH = {
    "e_mail": Column.EMAIL,
    "adres_e_mail": Column.EMAIL,
    "adres_email": Column.EMAIL,
    "identyfikator": Column.IDENTIFIER,
    "rodzaj_identyfikatora": Column.IDENTITY_TYPE,
    "typ_identyfikatora": Column.IDENTITY_TYPE,
    "imię_i_nazwisko": Column.NAME,
    "ocena": Column.GRADE,
    "ważne_od": Column.VALID_FROM,
    "ważne_do": Column.VALID_UNTIL,
}
_UNKNOWN_COLUMN = "the registry knows no such column, but: " + ", ".join(Column)
_HEADERS = {column.value: column for column in Column} | _POLISH


@dataclass(frozen=True)
class CsvProblem:
    """A fault: the line of the file from 1, the column by its header's name, and why."""

    line: int
    column: str | None
    reason: str


class CsvError(ValueError):
    """The file is refused; `problems` names every fault, at most 100."""

    def __init__(self, problems: Collection[CsvProblem]) -> None:
        self.problems = tuple(problems)[:MAX_PROBLEMS]
        super().__init__("1 fault" if len(problems) == 1 else f"{len(problems)} faults")


@dataclass(frozen=True)
class Row:
    """A learner to issue to; `line` is where the row begins in the file."""

    line: int
    identity_type: IdentityType
    identifier: str
    name: str | None = None
    grade: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


Cells = dict[Column, str]
Line = tuple[int, list[str]]


def parse_rows(data: bytes, *, grades: Collection[str] | None = None) -> list[Row]:
    """Return the rows of a file; raises CsvError naming every fault.

    `grades` are the grades a row may carry, None for any. A date without a time means the whole
    day, in UTC.
    """
    lines = _lines(_text(data))
    columns = _columns(lines)
    reading = _Reading(columns, grades)
    filled = [line for line in lines[1:] if any(cell.strip() for cell in line[1])]
    rows = [row for line in filled if (row := reading.row(line)) is not None]
    _check_count(filled, reading.problems)
    if reading.problems:
        raise CsvError(reading.problems)
    return rows


def grade_fault(allowed: Collection[str]) -> str:
    """Return why a grade is refused: it is none of these, or there is no grade scheme at all."""
    if allowed:
        return "the grade scheme has no such grade, but: " + ", ".join(allowed)
    return "the achievement has no grade scheme; leave the grade out"


def _check_count(filled: list[Line], problems: list[CsvProblem]) -> None:
    if not filled:
        problems.append(CsvProblem(1, None, "there is no row below the header"))
    if len(filled) > MAX_ROWS:
        number = filled[MAX_ROWS][0]
        problems.insert(0, CsvProblem(number, None, f"a file has at most {MAX_ROWS:,} rows"))


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1250"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise CsvError([CsvProblem(1, None, "the file is neither UTF-8 nor Windows-1250 text")])


def _lines(text: str) -> list[Line]:
    """Return the records of a file, each with the line it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    lines, begin = [], 1
    try:
        for record in reader:
            lines.append((begin, record))
            begin = reader.line_num + 1
    except csv.Error as error:
        raise CsvError([CsvProblem(begin, None, f"not CSV: {error}")]) from error
    return lines


def _separator(text: str) -> str:
    header = text.partition("\n")[0]
    return max(_SEPARATORS, key=header.count)


def _columns(lines: list[Line]) -> list[Column]:
    header = lines[0][1] if lines else []
    names = [re.sub(r"[\s_-]+", "_", cell.strip().lower()) for cell in header]
    problems = [
        CsvProblem(1, cell.strip(), _UNKNOWN_COLUMN)
        for name, cell in zip(names, header, strict=True)
        if name not in _HEADERS
    ]
    columns = [_HEADERS[name] for name in names if name in _HEADERS]
    problems += _column_problems(columns)
    if problems:
        raise CsvError(problems)
    return columns


def _column_problems(columns: list[Column]) -> Iterator[CsvProblem]:
    for column in {column for column in columns if columns.count(column) > 1}:
        yield CsvProblem(1, column, "the column is there twice")
    if Column.EMAIL not in columns and Column.IDENTIFIER not in columns:
        yield CsvProblem(
            1, Column.EMAIL, "a column email, or identifier with identity_type, is needed"
        )
    if (Column.IDENTIFIER in columns) != (Column.IDENTITY_TYPE in columns):
        yield CsvProblem(1, Column.IDENTITY_TYPE, "identifier and identity_type go together")


class _Reading:
    """Reads row after row and collects what is wrong with them."""

    def __init__(self, columns: list[Column], grades: Collection[str] | None) -> None:
        self._columns = columns
        self._grades = grades
        self._seen: dict[tuple[IdentityType, str], int] = {}
        self.problems: list[CsvProblem] = []

    def row(self, line: Line) -> Row | None:
        """Return a row, or None where it has a fault."""
        number, record = line
        if len(record) != len(self._columns):
            reason = f"{len(record)} cells under {len(self._columns)} headers"
            self.problems.append(CsvProblem(number, None, reason))
            return None
        cells = {column: cell.strip() for column, cell in zip(self._columns, record, strict=True)}
        before = len(self.problems)
        row = self._read(number, {column: cell for column, cell in cells.items() if cell})
        return row if len(self.problems) == before else None

    def _read(self, number: int, cells: Cells) -> Row | None:
        def read(column: Column, reader: Callable[[str], T]) -> T | None:
            try:
                return reader(cells[column]) if column in cells else None
            except ValueError as error:
                self.problems.append(CsvProblem(number, column, str(error)))
                return None

        learner = self._learner(number, cells)
        name = read(Column.NAME, _plain(_LONGEST["name"]))
        grade = read(Column.GRADE, self._grade)
        start = read(Column.VALID_FROM, _start)
        end = read(Column.VALID_UNTIL, _end)
        if start is not None and end is not None and end <= start:
            self.problems.append(
                CsvProblem(number, Column.VALID_UNTIL, "the end is not after the start")
            )
        if learner is None:
            return None
        return Row(number, *learner, name, grade, start, end)

    def _learner(self, number: int, cells: Cells) -> tuple[IdentityType, str] | None:
        try:
            learner = _identity(cells)
        except _CellError as error:
            self.problems.append(CsvProblem(number, error.column, str(error)))
            return None
        if learner in self._seen:
            reason = f"the same learner as on line {self._seen[learner]}"
            column = Column.EMAIL if Column.EMAIL in cells else Column.IDENTIFIER
            self.problems.append(CsvProblem(number, column, reason))
        self._seen.setdefault(learner, number)
        return learner

    def _grade(self, cell: str) -> str:
        if self._grades is not None and cell not in self._grades:
            raise ValueError(grade_fault(self._grades))
        return _plain(_LONGEST["grade"])(cell)


class _CellError(ValueError):
    """A cell that names the learner is wrong."""

    def __init__(self, column: Column, reason: str) -> None:
        super().__init__(reason)
        self.column = column


def _identity(cells: Cells) -> tuple[IdentityType, str]:
    if (Column.EMAIL in cells) == (Column.IDENTIFIER in cells):
        raise _CellError(Column.EMAIL, "name the learner by email or by identifier, one of the two")
    if Column.EMAIL in cells:
        normal = _normal(Column.EMAIL, normalise_email, cells)
        return IdentityType.EMAIL_ADDRESS, normal
    kind = _identity_type(cells.get(Column.IDENTITY_TYPE, ""))
    normalise = normalise_email if kind is IdentityType.EMAIL_ADDRESS else normalise_identifier
    return kind, _normal(Column.IDENTIFIER, normalise, cells)


def _normal(column: Column, normalise: Callable[[str], str], cells: Cells) -> str:
    try:
        return normalise(cells[column])
    except SubjectError as error:
        raise _CellError(column, str(error)) from error


def _identity_type(cell: str) -> IdentityType:
    try:
        return IdentityType(cell)
    except ValueError:
        raise _CellError(Column.IDENTITY_TYPE, "use one of: " + ", ".join(IdentityType)) from None


def _plain(longest: int) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if len(cell) > longest or _CONTROL.search(cell):
            raise ValueError(f"at most {longest} characters, none of them a control character")
        return cell

    return read


def _start(cell: str) -> datetime:
    return _moment(cell, time.min)


def _end(cell: str) -> datetime:
    return _moment(cell, time.max)


def _moment(cell: str, of_day: time) -> datetime:
    try:
        if _DATE.fullmatch(cell):
            return datetime.combine(datetime.fromisoformat(cell).date(), of_day, tzinfo=UTC)
        if _INSTANT.fullmatch(cell):
            return parse_instant(cell)
    except (ValueError, OverflowError) as error:
        raise ValueError("there is no such day or time") from error
    raise ValueError("write it like 2026-01-31 or 2026-01-31T12:00:00Z")
