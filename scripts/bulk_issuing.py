"""Issue to a file of any size: make a job of it, and tell what became of each row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from itertools import islice
from pathlib import Path
from typing import Any, Final

from api.bootstrap import Registry
from api.clock import nonce
from api.errors import RefusedFileError
from registry.csv_import import Fault, Form
from registry.domain.errors import RegistryError
from registry.domain.job import Job, JobState, RowReport
from registry.domain.text import Language
from registry.jobs.issuing_deciding import ISSUED, PENDING, SKIPPED
from registry.jobs.issuing_terms import IssuingTerms, Rows
from scripts import issuing_words as words
from scripts.local import caller

CHUNK_BYTES: Final = 1 << 16
MOST_FAULTS: Final = 100
"""Faults given to programs; the report has them all."""

_SLICES_AT_ONCE: Final = 10


class FaultyFileError(RefusedFileError):
    """The file was refused and nothing was issued."""

    def __init__(
        self,
        reason: str,
        *,
        faults: Sequence[dict[str, Any]],
        language: Language,
        job_id: str | None = None,
    ) -> None:
        super().__init__(reason, errors=faults)
        self.field, self.remedy = None, words.REMEDY.in_language(language)
        self._language = language
        self._job_id = job_id

    @property
    def title(self) -> str:
        """The refusal in the language that was asked for."""
        return words.REFUSED.in_language(self._language)

    def lines(self, *, report: Path | None) -> Iterator[str]:
        """Give the lines for people, which name the report that has all faults."""
        language = self._language
        where = str(report or words.all_faults(self._job_id, language=language))
        return words.refusal_lines(
            self.title, self.reason, self.errors, where=where, language=language
        )


class JobEndedEarlyError(RegistryError):
    """The job ended before all rows were issued."""


@dataclass(frozen=True)
class Row:
    """A row of a job and what became of it; `number` counts the rows of the file from 1."""

    number: int
    reports: Sequence[RowReport]


class Bulk:
    """A file of learners, issued by a job of this registry."""

    def __init__(
        self, registry: Registry, file: Path, *, issuer_id: str, terms: IssuingTerms
    ) -> None:
        self._registry = registry
        self._file = file
        self._issuer_id = issuer_id
        self._terms = terms

    def own_key(self) -> str:
        """Return the key where the user gave none: the same file on the same terms is known again.

        A dry run is made anew each time, and so is a job that ended before its end.
        """
        if self._terms.dry_run:
            return nonce()
        with self._file.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        terms = self._terms
        key = f"{terms.achievement_id}/{digest}/{terms.rows}/{terms.duplicates}"
        key += "/wait" if terms.wait else ""
        attempt = 1
        while self._ended_early(f"{key}/{attempt}"):
            attempt += 1
        return f"{key}/{attempt}"

    def _ended_early(self, key: str) -> bool:
        job_id = self._registry.issuing_jobs.job_id(caller(key), self._issuer_id)
        state = self._registry.jobs.store.state(job_id)
        return state in (JobState.FAILED, JobState.CANCELLED)

    def order(self, key: str) -> Job:
        """Make the job, or find the one that was made of the same file; raises FileError."""
        form = Form.JSON_LINES if is_json_lines(self._file) else Form.CSV
        receive, chunks = self._registry.issuing_jobs.receive, chunks_of(self._file)
        return receive(caller(key), self._issuer_id, self._terms, form=form, chunks=chunks)


def chunks_of(file: Path) -> Iterator[bytes]:
    """Give the bytes of a file, some at a time."""
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK_BYTES):
            yield chunk


def is_json_lines(file: Path) -> bool:
    """Say whether a file is JSON Lines, by its name; any other is CSV."""
    return file.suffix.lower() in (".jsonl", ".ndjson")


def rows_of(registry: Registry, job: Job) -> Iterator[Row]:
    """Give the rows of a job and what is said of them, in the file's order."""
    first, number = 0, 0
    while slices := registry.jobs.store.reports(job.job_id, first=first, limit=_SLICES_AT_ONCE):
        for reports in slices:
            by_line: dict[int, list[RowReport]] = {}
            for report in sorted(reports, key=lambda each: each.line):
                by_line.setdefault(report.line, []).append(report)
            for said in by_line.values():
                number += 1
                yield Row(number, said)
        first += len(slices)


def issued_rows(registry: Registry, job: Job) -> Iterator[dict[str, Any]]:
    """Give the rows that were issued, as a command answers them."""
    for row in rows_of(registry, job):
        report = row.reports[0]
        if report.code in ISSUED:
            yield {
                "row": row.number,
                "line": report.line,
                "credential_id": report.credential_id,
                "file": None,
                "receipt": None,
            }


def check_ended_well(registry: Registry, job: Job, language: Language) -> None:
    """Raise FaultyFileError naming the faults, or JobEndedEarlyError."""
    if job.refused and IssuingTerms.of_plain(job.terms).rows is Rows.ALL and not job.finished:
        raise FaultyFileError(
            words.faulty_rows(job.refused, total=job.total, language=language),
            faults=_faults(registry, job, language),
            language=language,
            job_id=job.job_id,
        )
    if job.state is not JobState.DONE:
        issued = sum(1 for _ in issued_rows(registry, job))
        raise JobEndedEarlyError(
            f"{job.failure or 'it was cancelled'}; {issued:,} were issued",
            remedy="repeat with --duplicates skip once that is mended",
        )


def refused(faults: Sequence[Fault], language: Language) -> FaultyFileError:
    """Return the error for a file that cannot be read, so that no job was made of it."""
    named = [words.fault(each.line, each.column, each.code, language=language) for each in faults]
    reason = words.faults_of_file(len(faults), language=language)
    return FaultyFileError(reason, faults=named, language=language)


def _faults(registry: Registry, job: Job, language: Language) -> list[dict[str, Any]]:
    passed = PENDING | ISSUED | SKIPPED
    found = (
        words.fault(report.line, report.column, report.code or "", language=language)
        for row in rows_of(registry, job)
        for report in row.reports
        if report.code not in passed
    )
    return list(islice(found, MOST_FAULTS))
