"""Read the ids of credentials from a file: CSV, JSON Lines, or an id a line.

Only the ids are kept: whatever else stands in the file may be about persons. What is no id of a
credential is kept as a line without one, and never quoted.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from registry.csv_records import CsvRecords
from registry.domain.errors import InvalidValueError
from registry.domain.job import Row
from registry.text_lines import LineTooLongError, lines_of_any_text

_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEADERS: Final = ("credential_id", "id", "identyfikator")
"""The columns that may hold the ids; the first that is there counts."""


class Form(StrEnum):
    """The forms of a file; one without a header is an id a line."""

    CSV = "csv"
    JSON_LINES = "jsonl"


def read_ids(chunks: Iterable[bytes], form: Form) -> Iterator[Row]:
    """Yield a row for each line that is not blank, from 1: its `line`, and its `id` or None.

    Raises InvalidValueError for a file that cannot be read in this form, or has an endless line.
    """
    # A name in another column may be in any encoding; an id is in ASCII in all of them.
    lines = lines_of_any_text(chunks)
    try:
        yield from _json_lines(lines) if form is Form.JSON_LINES else _csv(lines)
    except LineTooLongError as error:
        raise InvalidValueError(
            f"{error}, line {error.line} has more", remedy="send ids, one a line"
        ) from error


def _json_lines(lines: Iterable[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield {"line": number, "id": _of_json(line)}


def _of_json(line: str) -> str | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict):
        value = value.get("credential_id")
    return of_text(value) if isinstance(value, str) else None


def _csv(lines: Iterator[str]) -> Iterator[Row]:
    """Read CSV; refuse a file with a stray quotation mark, which may hide the ids after it."""
    records = CsvRecords(lines)
    try:
        yield from _of_records(records)
    except csv.Error as error:
        raise InvalidValueError(
            f"line {records.begin} is not CSV: {error}",
            field="credential_id",
            remedy="close its quotation mark, or send ids alone, one a line",
        ) from error


def _of_records(records: CsvRecords) -> Iterator[Row]:
    column = 0
    if of_text("".join(next(csv.reader([records.first]), [])[:1])) is None:
        _, header = next(records)
        column = _column(header)
    for line, record in records:
        if any(cell.strip() for cell in record):
            found = of_text(record[column]) if column < len(record) else None
            yield {"line": line, "id": found}


def _column(header: list[str]) -> int:
    names = [re.sub(r"[\s_-]+", "_", cell.strip().lower()) for cell in header]
    for name in _HEADERS:
        if name in names:
            return names.index(name)
    raise InvalidValueError(
        "the file has no column with the ids of credentials",
        field="credential_id",
        remedy="name a column credential_id in its first line, or send an id a line",
    )


def of_text(text: str) -> str | None:
    """Return the id of a credential in its usual form, None for what is none."""
    plain = text.strip().lower()
    return plain if _ID.fullmatch(plain) else None
