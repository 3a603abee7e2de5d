"""What a job is: an order of many rows, the states it goes through, and what is said of each row.

A job is *received* while its rows arrive, *checking* while every row is looked at and nothing is
changed, *waiting* until somebody confirms what the check found, *running* while rows are carried
out, and then *done*. One that is *cancelling* begins no slice any more and ends those it began, and
is then *cancelled*. A cancelled or failed job keeps what was carried out before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

Row = Mapping[str, Any]
"""A row in plain JSON: its `line` in the file, from 1, and what its kind of job needs."""

MOST_ROWS: Final = 1_000_000
SLICE_ROWS: Final = 1_000
"""Rows that are claimed, carried out and reported together, unless a kind slices otherwise."""


class Kind(StrEnum):
    """The kinds of jobs."""

    ISSUING = "issuing"
    STATUS_CHANGE = "status-change"


PRIORITIES: Final = {Kind.STATUS_CHANGE: 0, Kind.ISSUING: 10}
"""The lower goes first, from the next slice on: no revocation waits behind a mass issuing."""


class JobState(StrEnum):
    """How far a job has come."""

    RECEIVING = "receiving"
    CHECKING = "checking"
    WAITING = "waiting"
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


ENDED: Final = frozenset({JobState.DONE, JobState.CANCELLED, JobState.FAILED})


class SliceState(StrEnum):
    """How far a slice has come: a slice of a job that is checking is received, then checked."""

    RECEIVED = "received"
    CHECKED = "checked"
    DONE = "done"


@dataclass(frozen=True)
class RowReport:
    """What became of a row: a code where it was refused or skipped, or what was done for it.

    It never quotes a value. `column` is the cell's header in its normal form, None for the row.
    """

    line: int
    code: str | None = None
    column: str | None = None
    credential_id: str | None = None


@dataclass(frozen=True)
class NewJob:
    """A job to take; `request_digest` tells a repeat of the same request from another one.

    `terms` is plain JSON without anything about a person. Jobs of one `turn` are checked and
    carried out one after the other.
    """

    job_id: str
    kind: Kind
    issuer_id: str
    actor: str
    request_digest: str
    terms: Mapping[str, Any]
    turn: str | None = None


@dataclass(frozen=True)
class Job:
    """A job as it stands; counts are of rows."""

    job_id: str
    kind: Kind
    issuer_id: str
    actor: str
    terms: Mapping[str, Any]
    state: JobState
    created_at: str
    changed_at: str
    failure: str | None = None
    findings: Mapping[str, Any] | None = None
    """What the check found of the job as a whole and what was decided upon it, in plain JSON."""
    total: int = 0
    checked: int = 0
    finished: int = 0
    accepted: int = 0
    refused: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more will be done."""
        return self.state in ENDED


@dataclass(frozen=True)
class Claim:
    """A slice that a worker holds for a while, with its rows opened.

    `claims` counts how often it was claimed: from the second time on, rows of it may have been
    carried out already. `reports` is what its check said of its rows.
    """

    job: Job
    number: int
    worker: str
    claims: int
    rows: Sequence[Row]
    reports: Sequence[RowReport] = ()


@dataclass(frozen=True)
class Outcome:
    """What was found or done for a slice; `reports` names the rows worth naming, in any order.

    `accepted` and `refused` count rows that can be carried out, or were, and rows that were not.
    `rows` takes the place of the slice's rows, where a check adds to them what it found.
    """

    accepted: int
    refused: int
    reports: Sequence[RowReport] = field(default=())
    rows: Sequence[Row] | None = None


@dataclass(frozen=True)
class Group:
    """Rows that are made a slice of after a check, and what is said of them already."""

    rows: Sequence[Row]
    state: SliceState
    outcome: Outcome
