"""Credentials issued in bulk: every row is decided upon once, then each slice is issued at once.

A slice is issued under idempotency keys of its own, in one save: a repeat after a crash finds the
credentials there and names the same ids. Where one of its rows has become impossible since the
check, the rest is issued under the next key, which is recorded before: what was saved under the
key before would have been found.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol
from uuid import UUID

from registry.application import CredentialRegistry
from registry.commands import Caller, Commands, issuer_scope
from registry.csv_import import Row
from registry.domain.credential import Credential, Status
from registry.domain.errors import (
    ConcurrentChangeError,
    DocumentGoneError,
    InvalidValueError,
    RevokedIsFinalError,
)
from registry.domain.job import Claim, Job, JobState, Outcome, RowReport
from registry.domain.job import Row as JobRow
from registry.domain.row_codes import RowCode
from registry.issuance import Learner, Order
from registry.jobs.issuing_deciding import PENDING, Known, decide, faults_of, outcome
from registry.jobs.issuing_receiving import whom
from registry.jobs.issuing_terms import IssuingTerms, Rows
from registry.store.job_intake import JobIntake
from registry.store.jobs import JobStore
from registry.store.known_people import KnownPeople
from registry.streams import Streams

PATIENCE_SECONDS: Final = 2.0
"""How long a check waits for the views before it lets other work go first."""

_LOOK_AGAIN_SECONDS: Final = 0.02


class RowsRefusedError(InvalidValueError):
    """Rows of the file cannot be issued, so none was."""


class Holdings(Protocol):
    """What the views tell of who holds which credential."""

    def position(self) -> int:
        """Return up to which event that is known."""
        ...

    def newest(
        self, issuer_id: str, achievement_id: str, references: Sequence[str]
    ) -> dict[str, str]:
        """Return the newest credential of each learner that is not revoked, by its reference."""
        ...


class IssuingJobs:
    """The kind of job that issues credentials (JobHandler)."""

    def __init__(
        self,
        *,
        store: JobStore,
        intake: JobIntake,
        application: CredentialRegistry,
        streams: Streams,
        commands: Commands,
        people: KnownPeople,
        holdings: Holdings,
        newest_event: Callable[[], int],
    ) -> None:
        self._store = store
        self._intake = intake
        self._application = application
        self._streams = streams
        self._commands = commands
        self._people = people
        self._holdings = holdings
        self._newest_event = newest_event
        self._awaited: tuple[str, int] = ("", 0)

    # ------------------------------------------------------------------ the check

    def check(self, claim: Claim) -> Outcome:
        """Decide of each row whether it is issued, and keep what was decided."""
        self._await_views(claim.job)
        terms = IssuingTerms.of_plain(claim.job.terms)
        reports = [fault for row in claim.rows for fault in faults_of(row)]
        rows = [Row.of_plain(row) for row in claim.rows if "faults" not in row]
        now, known = self._commands.clock(), self._known(claim.job, rows, terms)
        decided = [
            decide(row, about, terms.duplicates, now=now)
            for row, about in zip(rows, known, strict=True)
        ]
        kept = [each.row for each in decided if each.row is not None]
        reports += [each.report for each in decided]
        return outcome(reports, accepted=len(kept), rows=kept)

    def checked(self, job: Job) -> JobState:
        """End a dry run, and a job with faults unless the valid rows are enough."""
        self._intake.forget(job.job_id)
        terms = IssuingTerms.of_plain(job.terms)
        if terms.dry_run:
            return JobState.DONE
        if job.refused and terms.rows is Rows.ALL:
            count = "1 row" if job.refused == 1 else f"{job.refused:,} rows"
            raise RowsRefusedError(f"{count} cannot be issued, so none was: see the report")
        return JobState.WAITING if terms.wait else JobState.RUNNING

    def _await_views(self, job: Job) -> None:
        """Wait until the views hold what was recorded before this job was first looked at."""
        if self._awaited[0] != job.job_id:
            self._awaited = (job.job_id, self._newest_event())
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._holdings.position() < self._awaited[1]:
            if time.monotonic() > deadline:
                raise ConcurrentChangeError("the views are behind the events")
            time.sleep(_LOOK_AGAIN_SECONDS)

    def _known(self, job: Job, rows: Sequence[Row], terms: IssuingTerms) -> list[Known]:
        digests = self._intake.digest(job.job_id, map(whom, rows))
        lines = self._intake.lines(job.job_id, digests)
        people = [_learner(row).person() for row in rows]
        references = self._people.references(job.issuer_id, people)
        wanted = [reference for reference in references if reference is not None]
        held = self._holdings.newest(job.issuer_id, terms.achievement_id, wanted)
        return [
            Known(lines.get(digest, row.line), held.get(reference or ""))
            for row, digest, reference in zip(rows, digests, references, strict=True)
        ]

    # ------------------------------------------------------------------ carrying out

    def carry_out(self, claim: Claim) -> Outcome:
        """Issue the rows of a slice that the check accepted."""
        before = [report for report in claim.reports if report.code not in PENDING]
        if not claim.rows:
            return outcome(before, accepted=0)
        # Only a slice that was begun before can have been issued before.
        issued = self._issued_before(claim) if claim.claims > 1 else []
        ids = issued or self._issue(claim)
        if ids is None:
            return self.carry_out(self._without_impossible(claim))
        done = [_report(row, str(each)) for row, each in zip(claim.rows, ids, strict=True)]
        return outcome([*before, *done], accepted=len(done))

    def _issue(self, claim: Claim) -> list[UUID] | None:
        """Issue a slice; None where a row of it can never be issued."""
        job, achievement_id = claim.job, claim.job.terms["achievement_id"]
        orders = [_order(row, achievement_id) for row in claim.rows]
        try:
            issued = self._application.issue(_caller(claim), job.issuer_id, orders)
        except RevokedIsFinalError:
            # Another worker may have been first, and have superseded it itself.
            return self._issued_before(claim) or None
        except DocumentGoneError as error:
            raise ConcurrentChangeError("a learner is being erased", remedy="wait") from error
        except InvalidValueError as error:
            # Its text may name a value.
            raise RowsRefusedError(
                f"the achievement was changed: {error.field} of a row is refused now"
            ) from error
        return [one.credential.id for one in issued]

    def _issued_before(self, claim: Claim) -> list[UUID]:
        """Return the ids of a slice's credentials; none where it was not issued."""
        scope, caller = issuer_scope(claim.job.issuer_id), _caller(claim)
        ids = [
            self._commands.new_id(caller.part(number), scope=scope, operation="credentials")
            for number in range(len(claim.rows))
        ]
        return ids if self._streams.load_many(Credential, ids[:1]) else []

    def _without_impossible(self, claim: Claim) -> Claim:
        """Take the rows out whose superseded credential was revoked meanwhile, and say so."""
        revoked = self._revoked(claim.rows)
        if not revoked:
            raise ConcurrentChangeError("a credential was revoked meanwhile", remedy="try again")
        rows = [
            {**row, "attempt": _attempt(row) + 1}
            for row in claim.rows
            if row.get("supersedes") not in revoked
        ]
        lost = [row["line"] for row in claim.rows if row.get("supersedes") in revoked]
        kept = [report for report in claim.reports if report.line not in lost]
        told = [RowReport(line, RowCode.REVOKED_MEANWHILE) for line in lost]
        if not self._store.claims.amend(claim, rows, [*kept, *told]):
            raise ConcurrentChangeError("another worker has taken these rows")
        return replace(claim, rows=rows, reports=[*kept, *told])

    def _revoked(self, rows: Sequence[JobRow]) -> set[str]:
        superseded = [UUID(row["supersedes"]) for row in rows if "supersedes" in row]
        found = self._streams.load_many(Credential, superseded)
        return {str(each.id) for each in found.values() if each.status is Status.REVOKED}


def _attempt(row: JobRow) -> int:
    attempt: int = row.get("attempt", 1)
    return attempt


def _caller(claim: Claim) -> Caller:
    attempt = max(map(_attempt, claim.rows), default=1)
    key = f"job/{claim.job.job_id}/{claim.number}/{attempt}"
    return Caller(claim.job.actor, key)


def _order(plain: JobRow, achievement_id: str) -> Order:
    own = {name: value for name, value in plain.items() if name not in ("supersedes", "attempt")}
    row = Row.of_plain(own)
    return Order(
        achievement_id,
        _learner(row),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        grade=row.grade,
        supersedes=plain.get("supersedes"),
    )


def _learner(row: Row) -> Learner:
    return Learner(row.identity_type, row.identifier, name=row.name)


def _report(row: JobRow, credential_id: str) -> RowReport:
    code = RowCode.ISSUED_ANEW if "supersedes" in row else RowCode.ISSUED
    return RowReport(row["line"], code, credential_id=credential_id)
