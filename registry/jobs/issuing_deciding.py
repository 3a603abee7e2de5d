"""Decide of a row whether it is issued: once, at the check, so that every repeat decides the same.

A row that is to be issued is kept with what was decided: the credential it supersedes, and when
its validity begins where only its end was given, so that time cannot change it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from registry.csv_import import Column, Row, column_of_learner
from registry.domain.instants import instant
from registry.domain.job import Job, JobState, Kind, Outcome, RowReport
from registry.domain.job import Row as JobRow
from registry.domain.row_codes import RowCode
from registry.jobs.issuing_terms import Duplicates

PENDING: Final = frozenset({RowCode.ACCEPTED, RowCode.SUPERSEDES})
ISSUED: Final = frozenset({RowCode.ISSUED, RowCode.ISSUED_ANEW})
SKIPPED: Final = frozenset(
    {RowCode.SKIPPED_IN_FILE, RowCode.SKIPPED_AS_ISSUED, RowCode.REPLACED_IN_FILE}
)
_IN_FILE: Final = {
    Duplicates.REFUSE: RowCode.DUPLICATE_IN_FILE,
    Duplicates.SKIP: RowCode.SKIPPED_IN_FILE,
    Duplicates.SUPERSEDE: RowCode.REPLACED_IN_FILE,
}
_HELD: Final = {
    Duplicates.REFUSE: RowCode.ALREADY_ISSUED,
    Duplicates.SKIP: RowCode.SKIPPED_AS_ISSUED,
}
_ENDED_EARLY: Final = {
    JobState.CANCELLED: RowCode.JOB_CANCELLED,
    JobState.FAILED: RowCode.JOB_FAILED,
}


@dataclass(frozen=True)
class Known:
    """What is known of a row's learner: the line that counts, and a credential they hold."""

    line: int
    held: str | None


@dataclass(frozen=True)
class Decided:
    """A row to issue, or None, and what is said of it."""

    row: JobRow | None
    report: RowReport


def faults_of(row: JobRow) -> list[RowReport]:
    """Return what was wrong with a row when it was read; nothing for one that can be issued."""
    faults = row.get("faults", ())
    return [RowReport(row["line"], code, column) for column, code in faults]


def decide(row: Row, known: Known, duplicates: Duplicates, *, now: datetime) -> Decided:
    """Decide of a row that could be read."""
    learner = column_of_learner(row)
    if known.line != row.line:
        return Decided(None, RowReport(row.line, _IN_FILE[duplicates], learner))
    if row.valid_until is not None and row.valid_from is None and row.valid_until <= now:
        over = RowReport(row.line, RowCode.PERIOD_OVER, Column.VALID_UNTIL.value)
        return Decided(None, over)
    if known.held is None:
        return Decided(_kept(row, now), RowReport(row.line, RowCode.ACCEPTED))
    if duplicates in _HELD:
        return Decided(None, RowReport(row.line, _HELD[duplicates], learner))
    superseding = {**_kept(row, now), "supersedes": known.held}
    return Decided(superseding, RowReport(row.line, RowCode.SUPERSEDES))


def as_ended(report: RowReport, job: Job) -> RowReport:
    """Return what is said of a row of any job: one that ended before its end issued no more."""
    if job.kind is not Kind.ISSUING or report.code not in PENDING:
        return report
    return replace(report, code=_ENDED_EARLY.get(job.state, report.code))


def outcome(
    reports: Sequence[RowReport], *, accepted: int, rows: Sequence[JobRow] | None = None
) -> Outcome:
    """Return the outcome of a slice; a row is refused that is neither issued nor skipped."""
    passed = PENDING | ISSUED | SKIPPED
    refused = {report.line for report in reports if report.code not in passed}
    return Outcome(accepted, len(refused), reports, rows)


def _kept(row: Row, now: datetime) -> Mapping[str, Any]:
    if row.valid_until is None or row.valid_from is not None:
        return row.plain()
    return {**row.plain(), "valid_from": instant(now)}
