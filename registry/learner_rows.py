"""From the cells of a row to a learner to issue to, or to what is wrong with the row.

Values are text and nothing else: what looks like a formula is kept as it stands and never
computed. Faults name line, column and code, never a value.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from itertools import zip_longest
from typing import Any, TypeVar

from registry.domain.instants import instant, parse_instant
from registry.domain.row_codes import RowCode
from registry.domain.subject import (
    IdentityType,
    SubjectError,
    normalise_email,
    normalise_identifier,
)

T = TypeVar("T")

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_FIRST = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_INSTANT = re.compile(_DATE.pattern + r"T[0-9:]{8}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_OTHER_MARK = str.maketrans(",.", ".,")
_LONGEST_NAME = 300
_LONGEST_GRADE = 64
_LONGEST_HEADER = 40


class Column(StrEnum):
    """A column the registry reads."""

    EMAIL = "email"
    IDENTIFIER = "identifier"
    IDENTITY_TYPE = "identity_type"
    NAME = "name"
    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
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
    "imię": Column.GIVEN_NAME,
    "imiona": Column.GIVEN_NAME,
    "nazwisko": Column.FAMILY_NAME,
    "ocena": Column.GRADE,
    "ważne_od": Column.VALID_FROM,
    "ważne_do": Column.VALID_UNTIL,
}
_USUAL = {"first_name": Column.GIVEN_NAME, "last_name": Column.FAMILY_NAME}
_HEADERS = {column.value: column for column in Column} | _POLISH | _USUAL


@dataclass(frozen=True)
class Fault:
    """What is wrong: the line of the file from 1, the column by its header's name, and why."""

    line: int
    column: str | None
    reason: str
    code: RowCode


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

    def plain(self) -> dict[str, Any]:
        """Return the row as plain JSON, without what is empty."""
        moments = {name: getattr(self, name) for name in ("valid_from", "valid_until")}
        written = {name: instant(moment) for name, moment in moments.items() if moment}
        return {name: value for name, value in vars(self).items() if value is not None} | written

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> "Row":
        """Return the row that `plain` was made of."""
        values = dict(plain)
        for name in ("valid_from", "valid_until"):
            if name in values:
                values[name] = parse_instant(values[name])
        return cls(**values | {"identity_type": IdentityType(values["identity_type"])})


class CellError(ValueError):
    """A cell is wrong: in `column`, unless that is where it was found."""

    def __init__(self, code: RowCode, reason: str, *, column: str | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.column = column


def column_named(header: str) -> Column | None:
    """Return the column of a header in English or Polish, None for one that nobody knows."""
    return _HEADERS.get(re.sub(r"[\s_-]+", "_", _composed(header).strip().lower()))


def _composed(text: str) -> str:
    """Return a text with one character a letter: some programs write "ż" as two, "z" and a dot."""
    return unicodedata.normalize("NFC", text)


def header_faults(header: Sequence[str], line: int) -> list[Fault]:
    """Return what is wrong with the header of a file.

    Unknown columns are named if another is known, and told by their place otherwise: a file
    without a header begins with a learner, whom no answer may quote.
    """
    columns = [column_named(cell) for cell in header]
    # `identifier` alone may be the type of a learner's own.
    is_header = any(set(columns) - {None, Column.IDENTIFIER})
    names = [_in_short(cell) for cell in header] if is_header else []
    faults = unknown_faults(columns, line, names=names)
    if Column.EMAIL not in columns and Column.IDENTIFIER not in columns:
        reason = "a column email, or identifier with identity_type, is needed"
        faults.append(Fault(line, Column.EMAIL, reason, RowCode.COLUMN_MISSING))
    if (Column.IDENTIFIER in columns) != (Column.IDENTITY_TYPE in columns):
        reason = "identifier and identity_type go together"
        faults.append(Fault(line, Column.IDENTITY_TYPE, reason, RowCode.COLUMN_MISSING))
    return faults


def _in_short(header: str) -> str:
    name = " ".join(header.split())
    return name if len(name) <= _LONGEST_HEADER else f"{name[: _LONGEST_HEADER - 1]}…"


def unknown_faults(
    columns: Sequence[Column | None], line: int, *, names: Sequence[str] = ()
) -> list[Fault]:
    """Return a fault for each name that nobody knows, or that names a column again.

    The unknown are told by their place, from "#1", unless `names` has something to call them.
    """
    known = "the registry knows no such column, but: " + ", ".join(Column)
    faults = [
        Fault(line, name or f"#{place}", known, RowCode.COLUMN_UNKNOWN)
        for place, (column, name) in enumerate(zip_longest(columns, names), start=1)
        if column is None
    ]
    given = [column for column in columns if column is not None]
    twice = [column for column, count in Counter(given).items() if count > 1]
    reason = "the column is there twice"
    return faults + [Fault(line, column, reason, RowCode.COLUMN_TWICE) for column in twice]


class RowReader:
    """Reads row after row; `grades` are those a row may carry, None for any."""

    def __init__(self, grades: Collection[str] | None = None) -> None:
        self._grades = grades
        spelt = {_composed(grade): grade for grade in grades or ()}
        # A comma or a dot, as the spreadsheet's country has it; what is spelt like that goes first.
        self._spelt = {each.translate(_OTHER_MARK): spelt[each] for each in spelt} | spelt

    def row(self, line: int, cells: Mapping[Column, str]) -> Row | list[Fault]:
        """Return a row of its filled cells, or every fault it has."""
        faults: list[Fault] = []

        def read(column: Column, reader: Callable[[str], T]) -> T | None:
            try:
                return reader(cells[column]) if column in cells else None
            except CellError as error:
                where = error.column or column.value
                faults.append(Fault(line, where, str(error), error.code))
                return None

        learner = _attempt(lambda: _identity(cells), line, faults)
        name = _attempt(lambda: _name(cells), line, faults)
        grade = read(Column.GRADE, self._grade)
        start = read(Column.VALID_FROM, _start)
        end = read(Column.VALID_UNTIL, _end)
        if start is not None and end is not None and end <= start:
            reason = "the end is not after the start"
            faults.append(Fault(line, Column.VALID_UNTIL, reason, RowCode.PERIOD_EMPTY))
        if faults or learner is None:
            return faults
        return Row(line, *learner, name, grade, start, end)

    def _grade(self, cell: str) -> str:
        grade = self._spelt.get(_composed(cell), cell)
        if self._grades is not None and grade not in self._grades:
            code = RowCode.GRADE_UNKNOWN if self._grades else RowCode.GRADE_UNSCHEMED
            raise CellError(code, grade_fault(self._grades))
        return _plain(_LONGEST_GRADE, RowCode.GRADE_MALFORMED)(grade)


def grade_fault(allowed: Collection[str]) -> str:
    """Return why a grade is refused: it is none of these, or there is no grade scheme at all."""
    if allowed:
        return "the grade scheme has no such grade, but: " + ", ".join(allowed)
    return "the achievement has no grade scheme; leave the grade out"


def _attempt(read: Callable[[], T], line: int, faults: list[Fault]) -> T | None:
    try:
        return read()
    except CellError as error:
        faults.append(Fault(line, error.column, str(error), error.code))
        return None


def _identity(cells: Mapping[Column, str]) -> tuple[IdentityType, str]:
    if (Column.EMAIL in cells) == (Column.IDENTIFIER in cells):
        is_twice = Column.EMAIL in cells
        code = RowCode.IDENTIFIER_TWICE if is_twice else RowCode.IDENTIFIER_MISSING
        reason = "name the learner by email or by identifier, one of the two"
        raise CellError(code, reason, column=Column.EMAIL.value)
    if Column.EMAIL in cells:
        return IdentityType.EMAIL_ADDRESS, _address(cells[Column.EMAIL], Column.EMAIL)
    kind = _identity_type(cells.get(Column.IDENTITY_TYPE, ""))
    if kind is IdentityType.EMAIL_ADDRESS:
        return kind, _address(cells[Column.IDENTIFIER], Column.IDENTIFIER)
    try:
        return kind, normalise_identifier(cells[Column.IDENTIFIER])
    except SubjectError as error:
        column = Column.IDENTIFIER.value
        raise CellError(RowCode.IDENTIFIER_MALFORMED, str(error), column=column) from error


def _name(cells: Mapping[Column, str]) -> str | None:
    """Return the name as a whole, also where it is given in parts."""
    parts = [column for column in (Column.GIVEN_NAME, Column.FAMILY_NAME) if column in cells]
    if parts and Column.NAME in cells:
        reason = "give name, or given_name and family_name; one of the two"
        raise CellError(RowCode.NAME_TWICE, reason, column=Column.NAME.value)
    columns = parts or [column for column in (Column.NAME,) if column in cells]
    if not columns:
        return None
    name = " ".join(cells[column] for column in columns)
    code, last = RowCode.NAME_MALFORMED, columns[-1].value
    return _plain(_LONGEST_NAME, code, column=last)(name)


def _address(cell: str, column: Column) -> str:
    try:
        return normalise_email(cell)
    except SubjectError as error:
        raise CellError(RowCode.EMAIL_MALFORMED, str(error), column=column.value) from error


def _identity_type(cell: str) -> IdentityType:
    try:
        return IdentityType(cell)
    except ValueError:
        known, column = "use one of: " + ", ".join(IdentityType), Column.IDENTITY_TYPE.value
        raise CellError(RowCode.IDENTITY_TYPE_UNKNOWN, known, column=column) from None


def _plain(longest: int, code: RowCode, *, column: str | None = None) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if len(cell) > longest or _CONTROL.search(cell):
            reason = f"at most {longest} characters, none of them a control character"
            raise CellError(code, reason, column=column)
        return cell

    return read


def _start(cell: str) -> datetime:
    return _moment(cell, time.min)


def _end(cell: str) -> datetime:
    return _moment(cell, time.max)


def _moment(cell: str, of_day: time) -> datetime:
    try:
        if day := _day(cell):
            return datetime.combine(day, of_day, tzinfo=UTC)
        if _INSTANT.fullmatch(cell):
            return parse_instant(cell)
    except (ValueError, OverflowError) as error:
        raise CellError(RowCode.DATE_IMPOSSIBLE, "there is no such day or time") from error
    reason = "write it like 2026-01-31, 31.01.2026 or 2026-01-31T12:00:00Z"
    raise CellError(RowCode.DATE_MALFORMED, reason)


def _day(cell: str) -> date | None:
    """Return the day of a cell that is one; with dots, the day of the month comes first."""
    if _DATE.fullmatch(cell):
        return date.fromisoformat(cell)
    if found := _DAY_FIRST.fullmatch(cell):
        day, month, year = map(int, found.groups())
        return date(year, month, day)
    return None
