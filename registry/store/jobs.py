"""The store of jobs: what was ordered in bulk, sealed until it is done, and who works on what.

A claim is a lease: a worker that dies loses it after a while, and another takes the slice anew.
That two work on one slice for a moment does no harm: rows are carried out under idempotency keys,
and only the holder of the newest claim reports. On PostgreSQL workers skip what others hold
(SKIP LOCKED); on SQLite they take turns.

The rows are sealed under a key of the job's own, bound to their place. When a job ends the rows
and the key are deleted in the same transaction.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from registry.domain.errors import IdempotencyConflictError, UnknownJobError
from registry.domain.instants import instant
from registry.domain.job import (
    ENDED,
    PRIORITIES,
    Claim,
    Job,
    JobState,
    Kind,
    NewJob,
    Outcome,
    Row,
    RowReport,
    SliceState,
)
from registry.store.database import Database
from registry.store.key_store import KeyStore, unseal
from registry.store.learner_keys import VaultDamagedError, sealed
from registry.store.tables import job_slices as slices
from registry.store.tables import jobs

LEASE: Final = timedelta(seconds=60)
"""How long a slice is held without a renewal."""

_NEXT: Final = {
    JobState.CHECKING: SliceState.RECEIVED,
    JobState.RUNNING: SliceState.CHECKED,
    JobState.CANCELLING: SliceState.CHECKED,
}
"""Which slices a job in a state has to offer; one that is cancelling, those that were begun."""
WORKING: Final = tuple(_NEXT)
"""The states of jobs that workers have something to do for."""
_AFTER: Final = {
    SliceState.RECEIVED: SliceState.CHECKED,
    SliceState.CHECKED: SliceState.DONE,
}


class JobStore:
    """Jobs and their slices in the database; keys come from the key store."""

    def __init__(self, database: Database, keys: KeyStore) -> None:
        self._database = database
        self._keys = keys

    # ------------------------------------------------------------------ taking a job

    def create(self, new: NewJob, *, at: datetime) -> Job:
        """Take a job whose rows are still to come, or return the one the same request made.

        Raises IdempotencyConflictError where the id belongs to another request.
        """
        self._keys.find_or_create([_key_name(new.job_id)], at=instant(at))
        row = {
            "job_id": new.job_id,
            "kind": new.kind,
            "issuer_id": new.issuer_id,
            "actor": new.actor,
            "request_digest": new.request_digest,
            "terms": json.dumps(new.terms, sort_keys=True),
            "priority": PRIORITIES[new.kind],
            "state": JobState.RECEIVING,
            "created_at": instant(at),
            "changed_at": instant(at),
        }
        dialect = sqlite if self._database.is_sqlite else postgresql
        with self._database.writing() as connection:
            connection.execute(dialect.insert(jobs).on_conflict_do_nothing(), row)
            wanted = select(jobs.c.request_digest).where(jobs.c.job_id == new.job_id)
            known = connection.execute(wanted).scalar_one()
        if known != new.request_digest:
            raise IdempotencyConflictError(
                "the Idempotency-Key belongs to an earlier job with other terms",
                field="Idempotency-Key",
                remedy="use a new key for a new job, or repeat the first request unchanged",
            )
        return self.read(new.job_id)

    def add_slice(self, job_id: str, number: int, rows: Sequence[Row]) -> None:
        """Add rows to a job that is being received; a slice that is there already stays."""
        values = self._slice(job_id, number, rows, SliceState.RECEIVED)
        dialect = sqlite if self._database.is_sqlite else postgresql
        with self._database.writing() as connection:
            connection.execute(dialect.insert(slices).on_conflict_do_nothing(), values)

    def replace_slices(
        self, job_id: str, groups: Sequence[Sequence[Row]], *, state: SliceState
    ) -> None:
        """Put other slices in the place of all that a job has, in one transaction."""
        rows = [self._slice(job_id, number, group, state) for number, group in enumerate(groups)]
        with self._database.writing() as connection:
            connection.execute(delete(slices).where(slices.c.job_id == job_id))
            if rows:
                connection.execute(insert(slices), rows)

    def rows(self, job_id: str, number: int) -> Sequence[Row]:
        """Return the rows of a slice; raises UnknownJobError once they are destroyed."""
        query = select(slices.c.content).where(slices.c.job_id == job_id, slices.c.number == number)
        with self._database.reading() as connection:
            content = connection.execute(query).scalar_one_or_none()
        if content is None:
            raise UnknownJobError("the rows of the job were destroyed when it ended")
        return self._open(job_id, number, content)

    # ------------------------------------------------------------------ its states

    def move(
        self,
        job_id: str,
        now: JobState,
        then: JobState,
        *,
        at: datetime,
        failure: str | None = None,
    ) -> bool:
        """Take a job from one state to another; False where it was not in that state.

        The rows of a job that ends, and their key, are deleted.
        """
        change = update(jobs).where(jobs.c.job_id == job_id, jobs.c.state == now)
        values = {"state": then, "changed_at": instant(at), "failure": failure}
        with self._database.writing() as connection:
            if not connection.execute(change.values(values)).rowcount:
                return False
            if then in ENDED:
                forgotten = {"content": None, "claimed_by": None, "claimed_until": None}
                gone = update(slices).where(slices.c.job_id == job_id)
                connection.execute(gone.values(forgotten))
                self._keys.destroy(_key_name(job_id), connection)
        return True

    def has_open_slices(self, job_id: str, state: JobState) -> bool:
        """Return whether a job in this state has slices that are still to be worked on."""
        query = select(slices.c.number).where(slices.c.job_id == job_id, _offered(state))
        with self._database.reading() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def unfinished(self, states: Sequence[JobState]) -> list[Job]:
        """Return the jobs in some states, the most urgent first."""
        order = (jobs.c.priority, jobs.c.created_at, jobs.c.job_id)
        return self._found(_described().where(jobs.c.state.in_(states)).order_by(*order))

    # ------------------------------------------------------------------ working on it

    def claim(
        self, worker: str, *, at: datetime, kinds: Sequence[Kind] = tuple(Kind)
    ) -> Claim | None:
        """Hold the most urgent slice that nobody holds, or return None where there is none."""
        with self._database.writing() as connection:
            found = connection.execute(_open_slice(at, kinds)).mappings().one_or_none()
            if found is None:
                return None
            held = {
                "claims": found["claims"] + 1,
                "claimed_by": worker,
                "claimed_until": instant(at + LEASE),
            }
            connection.execute(_of(found["job_id"], found["number"]).values(held))
        job_id, number = found["job_id"], found["number"]
        return Claim(
            job=self.read(job_id),
            number=number,
            worker=worker,
            claims=held["claims"],
            rows=self._open(job_id, number, found["content"]),
            reports=_reports(found["report"]),
        )

    def renew(self, claim: Claim, *, at: datetime) -> bool:
        """Hold a slice longer; False where the claim was lost."""
        held = _held(claim).values(claimed_until=instant(at + LEASE))
        with self._database.writing() as connection:
            return bool(connection.execute(held).rowcount)

    def complete(self, claim: Claim, outcome: Outcome) -> bool:
        """Record what became of a slice; False where the claim was lost or the job has ended."""
        now = _NEXT[claim.job.state]
        values = {
            "state": _AFTER[now],
            "accepted": outcome.accepted,
            "refused": outcome.refused,
            "report": json.dumps([_plain(each) for each in outcome.reports]),
            "claims": 0,
            "claimed_by": None,
            "claimed_until": None,
        }
        change = _held(claim).where(slices.c.state == now)
        with self._database.writing() as connection:
            return bool(connection.execute(change.values(values)).rowcount)

    def release(self, claim: Claim) -> None:
        """Let another worker have the slice at once."""
        with self._database.writing() as connection:
            connection.execute(_held(claim).values(claimed_by=None, claimed_until=None))

    # ------------------------------------------------------------------ reading

    def read(self, job_id: str) -> Job:
        """Return a job as it stands; raises UnknownJobError."""
        found = self._found(_described().where(jobs.c.job_id == job_id))
        if not found:
            raise UnknownJobError("there is no such job", field="job_id")
        return found[0]

    def of_issuer(self, issuer_id: str, *, kind: Kind, limit: int) -> list[Job]:
        """Return an issuer's newest jobs of a kind."""
        mine = _described().where(jobs.c.issuer_id == issuer_id, jobs.c.kind == kind)
        return self._found(mine.order_by(jobs.c.created_at.desc(), jobs.c.job_id).limit(limit))

    def reports(self, job_id: str, *, first: int = 0, limit: int = 100) -> list[list[RowReport]]:
        """Return what is said of the rows of some slices, from the slice `first` on."""
        query = select(slices.c.report).where(slices.c.job_id == job_id, slices.c.number >= first)
        with self._database.reading() as connection:
            found = connection.execute(query.order_by(slices.c.number).limit(limit)).scalars()
            return [_reports(report) for report in found]

    def _found(self, query: Select[Any]) -> list[Job]:
        with self._database.reading() as connection:
            return [_job(row) for row in connection.execute(query).mappings()]

    # ------------------------------------------------------------------ sealing

    def _slice(
        self, job_id: str, number: int, rows: Sequence[Row], state: SliceState
    ) -> dict[str, Any]:
        key = self._keys.get(_key_name(job_id))
        content = json.dumps(list(rows), ensure_ascii=False, separators=(",", ":")).encode()
        return {
            "job_id": job_id,
            "number": number,
            "rows": len(rows),
            "content": sealed(key, content, bound_to=_bound_to(job_id, number)),
            "state": state,
            "accepted": 0,
            "refused": 0,
            "report": "[]",
            "claims": 0,
        }

    def _open(self, job_id: str, number: int, content: bytes) -> Sequence[Row]:
        key = self._keys.get(_key_name(job_id))
        try:
            rows: Sequence[Row] = json.loads(
                unseal(key, bytes(content), bound_to=_bound_to(job_id, number))
            )
        except InvalidTag as error:
            raise VaultDamagedError(
                "stored rows of a job were damaged or moved", remedy="cancel the job"
            ) from error
        return rows


def _key_name(job_id: str) -> str:
    return f"job/{job_id}"


def _bound_to(job_id: str, number: int) -> str:
    return f"job/{job_id}/{number}"


def _of(job_id: str, number: int) -> Any:
    return update(slices).where(slices.c.job_id == job_id, slices.c.number == number)


def _held(claim: Claim) -> Any:
    own = _of(claim.job.job_id, claim.number)
    return own.where(slices.c.claimed_by == claim.worker, slices.c.claims == claim.claims)


def _offered(state: JobState) -> ColumnElement[bool]:
    begun = slices.c.claims > (0 if state is JobState.CANCELLING else -1)
    return and_(slices.c.state == _NEXT[state], begun)


def _open_slice(at: datetime, kinds: Sequence[Kind]) -> Select[Any]:
    """Find the most urgent slice that nobody holds; others skip it while it is being taken."""
    offered = [and_(jobs.c.state == state, _offered(state)) for state in WORKING]
    free = or_(slices.c.claimed_until.is_(None), slices.c.claimed_until <= instant(at))
    return (
        select(slices)
        .join(jobs, jobs.c.job_id == slices.c.job_id)
        .where(or_(*offered), free, jobs.c.kind.in_(kinds))
        .order_by(jobs.c.priority, jobs.c.created_at, jobs.c.job_id, slices.c.number)
        .limit(1)
        .with_for_update(of=slices, skip_locked=True)
    )


def _described() -> Select[Any]:
    """Select jobs with counts of their rows."""

    def rows(*states: SliceState) -> Any:
        counted = case((slices.c.state.in_(states), slices.c.rows), else_=0)
        return func.coalesce(func.sum(counted), 0)

    return (
        select(
            jobs,
            func.coalesce(func.sum(slices.c.rows), 0).label("total"),
            rows(SliceState.CHECKED, SliceState.DONE).label("checked"),
            rows(SliceState.DONE).label("finished"),
            func.coalesce(func.sum(slices.c.accepted), 0).label("accepted"),
            func.coalesce(func.sum(slices.c.refused), 0).label("refused"),
        )
        .outerjoin(slices, slices.c.job_id == jobs.c.job_id)
        .group_by(jobs.c.job_id)
    )


def _job(row: RowMapping) -> Job:
    counts = ("total", "checked", "finished", "accepted", "refused")
    return Job(
        job_id=row["job_id"],
        kind=Kind(row["kind"]),
        issuer_id=row["issuer_id"],
        actor=row["actor"],
        terms=json.loads(row["terms"]),
        state=JobState(row["state"]),
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        failure=row["failure"],
        **{name: int(row[name]) for name in counts},
    )


def _plain(report: RowReport) -> dict[str, Any]:
    return {name: value for name, value in asdict(report).items() if value is not None}


def _reports(text: str) -> list[RowReport]:
    return [RowReport(**each) for each in json.loads(text)]
