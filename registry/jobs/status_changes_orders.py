"""Order a mass change, have it confirmed, take it back: what becomes of it, a worker sees to."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final

from registry.commands import Caller, Commands, issuer_scope
from registry.domain.errors import (
    ConflictError,
    EffectiveAtError,
    FourEyesError,
    InvalidValueError,
    IssuerClosedError,
)
from registry.domain.instants import instant
from registry.domain.issuer import Issuer
from registry.domain.job import MOST_ROWS, Job, JobState, Kind, NewJob, Row
from registry.jobs.jobs import Jobs
from registry.jobs.status_changes_terms import Code, Operation, Rest, Terms, portions
from registry.lookups import Lookups
from registry.store.key_store import KeyStore

RECEIVED_AT_ONCE: Final = 10_000
"""Rows of a slice while a job is received and checked."""

_FAMILY: Final = "status-jobs"


class StatusChangeOrders:
    """The use cases of mass changes; who may do what is the caller's affair."""

    def __init__(self, *, jobs: Jobs, keys: KeyStore, commands: Commands, lookups: Lookups) -> None:
        self._jobs = jobs
        self._store = jobs.store
        self._keys = keys
        self._commands = commands
        self._lookups = lookups

    def order(
        self,
        caller: Caller,
        issuer_id: str,
        terms: Terms,
        rows: Iterable[Row],
        *,
        note: str | None = None,
    ) -> Job:
        """Take an order; `rows` have a `line` and an `id`, None where a line has none.

        A repeat returns the job of the first order. Raises InvalidValueError, EffectiveAtError,
        UnknownReasonError, IssuerClosedError or IdempotencyConflictError, and leaves nothing then.
        """
        self._lookups.check_here(issuer_id)
        issuer = self._lookups.issuer(issuer_id)
        job_id = self._new_id(caller, issuer_id)
        if self._jobs.intake.is_received(job_id, at=self._commands.clock()):
            digest = self._digest(issuer_id, terms, note, rows)
            self._jobs.intake.check_same(job_id, digest)
            return self._store.read(job_id)
        self._check(issuer, terms)
        upload = self._commands.salt()
        new = NewJob(job_id, Kind.STATUS_CHANGE, issuer_id, caller.actor, upload, terms.plain())
        self._store.create(new, at=self._commands.clock())
        is_whole = False
        try:
            digest = self._receive(new, terms, rows, note)
            now = self._commands.clock()
            self._jobs.intake.complete(job_id, upload, request_digest=digest, at=now)
            is_whole = True
        finally:
            if not is_whole:
                self._jobs.intake.discard(job_id, upload)
        self._jobs.wake()
        return self._store.read(job_id)

    def confirm(
        self, job_id: str, *, by: str, rest: Rest | None = None, alone: bool = False
    ) -> Job:
        """Let a job run; `alone` for who holds the master key.

        Raises ConflictError, also where some cannot be changed and `rest` does not leave them, and
        FourEyesError where another than the one who ordered must confirm.
        """
        job = self._store.read(job_id)
        found = dict(job.findings or {})
        if found.get("confirmed_by") == by:
            return job
        if job.state is not JobState.WAITING:
            raise ConflictError(f"the job is {job.state}", remedy="confirm one that is waiting")
        if found["approval_required"] and by == job.actor and not alone:
            raise FourEyesError(
                "who ordered the change does not confirm it",
                remedy="let somebody else confirm it with another API key",
            )
        found["rest"] = _checked_rest(rest or Terms.of(job.terms).rest, found)
        now = self._commands.clock()
        found |= {"confirmed_by": by, "confirmed_at": instant(now)}
        if not self._store.move(job_id, JobState.WAITING, JobState.RUNNING, at=now, findings=found):
            raise ConflictError("the job went on at the same moment", remedy="read it again")
        self._jobs.wake()
        return self._store.read(job_id)

    def undo(self, caller: Caller, job_id: str, terms: Terms, *, note: str | None = None) -> Job:
        """Order that what a job suspended is reinstated, unless it was changed since.

        Raises ConflictError for a job that suspended nothing, or is not at its end.
        """
        job = self._store.read(job_id)
        if job.kind is not Kind.STATUS_CHANGE or job.terms["operation"] != Operation.SUSPEND:
            raise ConflictError(
                "only a suspension can be taken back",
                field="job_id",
                remedy="suspend anew what was reinstated; of what was revoked, issue another",
            )
        if not job.ended:
            raise ConflictError(
                f"the job is {job.state}", field="job_id", remedy="cancel it or let it end first"
            )
        rows = self._changed_by(job_id)
        if (first := next(rows, None)) is None:
            raise ConflictError(
                "the job suspended no credential, so that nothing is left to undo", field="job_id"
            )
        return self.order(caller, job.issuer_id, terms, chain([first], rows), note=note)

    def _changed_by(self, job_id: str) -> Iterator[Row]:
        line = 0
        for number in self._store.slice_numbers(job_id):
            (reports,) = self._store.reports(job_id, first=number, limit=1)
            for report in reports:
                if report.code == Code.SUSPENDED:
                    line += 1
                    yield {"line": line, "id": report.credential_id}

    def _check(self, issuer: Issuer, terms: Terms) -> None:
        if issuer.closed and not terms.by_operator:
            raise IssuerClosedError(
                "the issuer is closed and changes no status itself",
                remedy="ask its custodian, or an operator where it has none",
            )
        issuer.check_reason(terms.reason)
        self._check_moments(terms)

    def _check_moments(self, terms: Terms) -> None:
        now = self._commands.clock()
        if terms.effective_at is not None and terms.effective_at > now:
            raise EffectiveAtError(
                f"{instant(terms.effective_at)} lies in the future",
                field="effective_at",
                remedy="leave it out, or name the earlier moment since when it holds",
            )
        if terms.until is None:
            return
        if terms.operation is not Operation.SUSPEND:
            raise InvalidValueError(
                "only a suspension has an end", field="until", remedy="leave it out"
            )
        if terms.until <= now:
            raise EffectiveAtError(
                f"the end of the suspension {instant(terms.until)} is not in the future",
                field="until",
                remedy="name a later moment, or none",
            )

    def _receive(self, new: NewJob, terms: Terms, rows: Iterable[Row], note: str | None) -> str:
        """Keep the rows, the note with the first of each slice; return the request's digest."""
        heard = _Heard(terms)
        for number, some in enumerate(portions(heard.all(rows), RECEIVED_AT_ONCE)):
            first = {**some[0], "note": note} if note is not None else some[0]
            sealed = self._store.sealed_slice(new.job_id, number, [first, *some[1:]])
            now = self._commands.clock()
            self._jobs.intake.add(new.job_id, new.request_digest, sealed, at=now)
        if not heard.count:
            raise InvalidValueError(
                "no credential is selected", remedy="name some in the file, or widen the query"
            )
        return self._keyed(new.issuer_id, terms, note, heard)

    def _digest(self, issuer_id: str, terms: Terms, note: str | None, rows: Iterable[Row]) -> str:
        heard = _Heard(terms)
        for _ in heard.all(rows):
            pass
        return self._keyed(issuer_id, terms, note, heard)

    def _keyed(self, issuer_id: str, terms: Terms, note: str | None, heard: "_Heard") -> str:
        request = {**terms.plain(), "selection": heard.selection(), "note": note}
        data = json.dumps(request, sort_keys=True).encode()
        scope = issuer_scope(issuer_id)
        return self._keys.keyed_digest(scope, f"request/{_FAMILY}", data).hex()

    def _new_id(self, caller: Caller, issuer_id: str) -> str:
        scope = issuer_scope(issuer_id)
        return str(self._commands.new_id(caller, scope=scope, operation=_FAMILY))


class _Heard:
    """Counts and digests the rows that pass; of a query, the question itself is the request."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._is_file = "file" in terms.selection
        self._digest = hashlib.sha256()
        self.count = 0

    def all(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows; raises InvalidValueError past a million."""
        for row in rows:
            self.count += 1
            if self.count > MOST_ROWS:
                raise InvalidValueError(
                    f"an order has at most {MOST_ROWS:,} credentials",
                    remedy="make several orders of it",
                )
            self._digest.update(f"{row['line']} {row['id']}\n".encode())
            yield row

    def selection(self) -> dict[str, Any]:
        """Return what recognises the same selection in a repeat."""
        asked = {k: v for k, v in self._terms.selection.items() if k != "position"}
        return asked | ({"rows": self._digest.hexdigest()} if self._is_file else {})


def _checked_rest(rest: Rest, found: dict[str, Any]) -> Rest:
    refused = sum(found["refused"].values())
    if refused and rest is Rest.REFUSE:
        raise ConflictError(
            f"{refused:,} cannot be changed, {found['changes']:,} can",
            field="rest",
            remedy="confirm with rest=leave, and the report names the rest; or cancel",
        )
    return rest
