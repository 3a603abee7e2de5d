"""Write what was found of many inputs, one after the other, as CSV, JSON or JSON Lines."""

import csv
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TextIO

from registry.domain.instants import document_instant
from registry.domain.text import Language
from registry.verification.report import PresentationReport, Report, exit_code
from scripts.answers import inert
from scripts.verification.examining import Examined, Tally

COLUMNS = (
    "source",
    "kind",
    "verdict",
    "credential_id",
    "issuer",
    "reason_code",
    "reason",
    "checked_at",
)

# Where the separator of lists is a semicolon, as in Polish, a spreadsheet begins a cell after it.
# Some take the full-width forms of the signs for the signs.
_FORMULA = re.compile(r"(^|;)(?=[\s\"']*[=+\-@\uff1d\uff0b\uff0d\uff20])")


class Form(StrEnum):
    """How a report is written."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"


class Writer(Protocol):
    """Takes what was found, input by input."""

    def add(self, one: Examined) -> None:
        """Take what was found of one more input."""
        ...

    def finish(self, tally: Tally) -> None:
        """Take the whole at the end."""
        ...


class JsonDocument:
    """Writes one JSON object, its `reports` as they come and its verdict last."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._separator = '{"reports": [\n'

    def add(self, one: Examined) -> None:
        """Write one element of `reports`."""
        self._file.write(self._separator + _json(document(one)))
        self._separator = ",\n"

    def finish(self, tally: Tally) -> None:
        """Close the array, and write the verdict of all."""
        rest = _json(summary(tally)).removeprefix("{")
        self._file.write(f"\n], {rest}\n")


class JsonSummary:
    """Writes one JSON object at the end: the verdict of all; for when a report holds the rest."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def add(self, one: Examined) -> None:
        """Write nothing yet."""

    def finish(self, tally: Tally) -> None:
        """Write the object."""
        self._file.write(_json(summary(tally)) + "\n")


class JsonLines:
    """Writes one JSON object a line, one line an input."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def add(self, one: Examined) -> None:
        """Write one line."""
        self._file.write(_json(document(one)) + "\n")

    def finish(self, tally: Tally) -> None:
        """Write nothing: every line stands for itself."""


class Csv:
    """Writes a table for spreadsheets, one row an input, no cell of which is a formula."""

    def __init__(self, file: TextIO, *, language: Language) -> None:
        self._rows = csv.writer(file, quoting=csv.QUOTE_ALL)
        self._language = language
        self._rows.writerow(COLUMNS)

    def add(self, one: Examined) -> None:
        """Write one row."""
        self._rows.writerow([cell(value) for value in self._values(one)])

    def finish(self, tally: Tally) -> None:
        """Write nothing: a spreadsheet counts by itself."""

    def _values(self, one: Examined) -> Iterator[str | None]:
        decisive = one.decisive
        yield one.source
        yield kind(one.report)
        yield one.report.verdict.value
        yield " ".join(r.credential_id for r in one.credentials() if r.credential_id)
        yield " ".join(dict.fromkeys(r.issuer for r in one.credentials() if r.issuer))
        yield decisive.code if decisive else None
        yield decisive.sentence.in_language(self._language) if decisive else None
        yield document_instant(one.checked_at)


@contextmanager
def report_file(path: Path, form: Form, *, language: Language) -> Iterator[Writer]:
    """Give a writer whose file appears under its name when the block is left, whole or not at all.

    CSV begins with a byte order mark, without which spreadsheets take UTF-8 for something else.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    encoding = "utf-8-sig" if form is Form.CSV else "utf-8"
    try:
        with partial.open("x", encoding=encoding, newline="") as file:
            yield _writer(file, form, language)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def document(one: Examined) -> dict[str, Any]:
    """Return what was found of one input as plain JSON, sentences in both languages."""
    return {
        "source": one.source,
        "kind": kind(one.report),
        **_plain(one.report),
        "checked_at": document_instant(one.checked_at),
        "exit_code": exit_code(one.report.verdict),
    }


def summary(tally: Tally) -> dict[str, Any]:
    """Return the verdict on all inputs together, and how many got which."""
    counts = {verdict.value: count for verdict, count in tally.counts.items()}
    return {
        "verdict": tally.verdict.value,
        "checked": sum(counts.values()),
        "counts": counts,
        "exit_code": exit_code(tally.verdict),
    }


def kind(report: Report | PresentationReport) -> str:
    """Return what a report is about."""
    return "presentation" if isinstance(report, PresentationReport) else "credential"


def cell(value: str | None) -> str:
    """Return a text that no spreadsheet takes for a formula, on one line."""
    return _FORMULA.sub(r"\1'", inert(value))


def _json(value: dict[str, Any]) -> str:
    """Return JSON on one line that cannot command a terminal: what is not printed is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def _plain(report: Report | PresentationReport) -> dict[str, Any]:
    """Return a report without the credential itself, which is the holder's own business."""
    plain = asdict(report)
    for one in (plain, *plain.get("credentials", ())):
        one.pop("credential", None)
    return plain


def _writer(file: TextIO, form: Form, language: Language) -> Writer:
    match form:
        case Form.CSV:
            return Csv(file, language=language)
        case Form.JSON:
            return JsonDocument(file)
        case Form.JSONL:
            return JsonLines(file)
