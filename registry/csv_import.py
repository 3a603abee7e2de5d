"""Read learners from a CSV file as spreadsheets write it, or from JSON Lines, row by row.

CSV is accepted as UTF-8 with or without a byte order mark, or Windows-1250; with semicolons,
commas or tabs, told by the header or by a line `sep=;` before it; with headers in English or
Polish. JSON Lines are UTF-8, an
object a line, with the same names and texts as values. Files of any size are read in constant
memory; a fault of a row leaves the others as they are, one of the file ends the reading.
"""

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from registry.csv_records import CsvRecords
from registry.domain.row_codes import RowCode
from registry.formats import strict_json
from registry.formats.strict_json import StrictJsonError
from registry.learner_rows import (
    Column,
    Fault,
    Row,
    RowReader,
    column_named,
    grade_fault,
    header_faults,
    unknown_faults,
)
from registry.text_lines import (
    LONGEST_LINE_BYTES,
    LineTooLongError,
    NotTextError,
    byte_lines,
    text_lines,
)

__all__ = ["Column", "Fault", "FileError", "Form", "Row", "grade_fault", "parse_rows", "read_rows"]

MAX_ROWS = 1_000
"""Rows of a file that is read at once, all rows or no row."""

MAX_FAULTS = 100
"""Faults reported at most of such a file; one in the wrong form has one in every cell."""

MAX_FAULTS_OF_A_ROW = 10
"""Faults kept of one row of JSON Lines, which may have thousands of members nobody knows."""


class Form(StrEnum):
    """How a file is written, by its media type."""

    CSV = "text/csv"
    JSON_LINES = "application/jsonl"


class FileError(ValueError):
    """The file is refused; `faults` names what is wrong, at most 100."""

    def __init__(self, faults: Collection[Fault]) -> None:
        self.faults = tuple(faults)[:MAX_FAULTS]
        super().__init__("1 fault" if len(faults) == 1 else f"{len(faults)} faults")


def parse_rows(data: bytes, *, grades: Collection[str] | None = None) -> list[Row]:
    """Return the rows of a small CSV file; raises FileError naming every fault.

    `grades` are the grades a row may carry, None for any. A date without a time means the whole
    day, in UTC.
    """
    rows: list[Row] = []
    faults: list[Fault] = []
    seen: dict[tuple[str, str], int] = {}
    for found in read_rows([data], Form.CSV, grades=grades, most=MAX_ROWS):
        if isinstance(found, Row):
            rows.append(found)
            faults += _repeated(found, seen)
        else:
            faults += found
    if faults:
        raise FileError(faults)
    return rows


def _repeated(row: Row, seen: dict[tuple[str, str], int]) -> list[Fault]:
    first = seen.setdefault((row.identity_type, row.identifier), row.line)
    if first == row.line:
        return []
    reason = f"the same learner as on line {first}"
    return [Fault(row.line, column_of_learner(row), reason, RowCode.DUPLICATE_IN_FILE)]


def column_of_learner(row: Row) -> str:
    """Return the column that names a row's learner, as far as it can be told."""
    is_email = row.identity_type == "emailAddress"
    return Column.EMAIL.value if is_email else Column.IDENTIFIER.value


def read_rows(
    chunks: Iterable[bytes], form: Form, *, grades: Collection[str] | None = None, most: int
) -> Iterator[Row | list[Fault]]:
    """Give each row that is not empty, or its faults; raises FileError.

    A file without rows, or with more than `most`, is refused.
    """
    reader = RowReader(grades)
    rows = _csv_rows(chunks, reader) if form is Form.CSV else _json_rows(chunks, reader)
    count, line = 0, 1
    for line, found in rows:
        count += 1
        if count > most:
            reason = f"a file has at most {most:,} rows"
            raise FileError([Fault(line, None, reason, RowCode.ROWS_TOO_MANY)])
        yield found
    if not count:
        reason = "there is no row below the header" if form is Form.CSV else "there is no row"
        raise FileError([Fault(line, None, reason, RowCode.ROWS_MISSING)])


Numbered = tuple[int, Row | list[Fault]]


def _csv_rows(chunks: Iterable[bytes], reader: RowReader) -> Iterator[Numbered]:
    records = _records(chunks)
    line, header = next(records, (1, []))
    if faults := header_faults(header, line):
        raise FileError(faults)
    columns = [column_named(cell) for cell in header]
    known = [column for column in columns if column is not None]
    for line, record in records:
        if any(cell.strip() for cell in record):
            yield line, _csv_row(line, record, known, reader)


def _csv_row(
    line: int, record: list[str], columns: list[Column], reader: RowReader
) -> Row | list[Fault]:
    if len(record) != len(columns):
        reason = f"{len(record)} cells under {len(columns)} headers"
        return [Fault(line, None, reason, RowCode.CELLS_MISSING)]
    cells = zip(columns, map(str.strip, record), strict=True)
    return reader.row(line, {column: cell for column, cell in cells if cell})


def _records(chunks: Iterable[bytes]) -> Iterator[tuple[int, list[str]]]:
    """Give the records of a file, each with the line it begins on."""
    try:
        records = CsvRecords(text_lines(chunks))
        yield from records
    except csv.Error as error:
        fault = Fault(records.begin, None, f"not CSV: {error}", RowCode.NOT_CSV)
        raise FileError([fault]) from error
    except NotTextError as error:
        raise FileError([Fault(error.line, None, str(error), RowCode.NOT_TEXT)]) from error
    except LineTooLongError as error:
        raise FileError([Fault(error.line, None, str(error), RowCode.LINE_TOO_LONG)]) from error


def _json_rows(chunks: Iterable[bytes], reader: RowReader) -> Iterator[Numbered]:
    for number, line in enumerate(byte_lines(chunks), start=1):
        if line is None:
            reason = f"a line has at most {LONGEST_LINE_BYTES:,} bytes"
            yield number, [Fault(number, None, reason, RowCode.LINE_TOO_LONG)]
        elif line.strip():
            yield number, _json_row(number, line, reader)


def _json_row(number: int, line: bytes, reader: RowReader) -> Row | list[Fault]:
    try:
        value = strict_json.loads(line)
    except StrictJsonError:
        value = None
    if not isinstance(value, dict):
        reason = "write a JSON object in UTF-8, each member once"
        return [Fault(number, None, reason, RowCode.NOT_JSON)]
    given = {name: cell for name, cell in value.items() if cell is not None}
    columns = [column_named(name) for name in given]
    if faults := [*unknown_faults(columns, number), *_value_faults(columns, given, number)]:
        return faults[:MAX_FAULTS_OF_A_ROW]
    cells = {column: cell.strip() for column, cell in zip(columns, given.values(), strict=True)}
    return reader.row(number, {column: cell for column, cell in cells.items() if column and cell})


def _value_faults(
    columns: Sequence[Column | None], given: Mapping[str, Any], line: int
) -> Iterator[Fault]:
    for column, cell in zip(columns, given.values(), strict=True):
        if column is not None and not isinstance(cell, str):
            yield Fault(line, column, "write the value as a text", RowCode.NOT_TEXT)
