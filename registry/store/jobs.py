"""The store of jobs: what was ordered in bulk, sealed until it is done, and who works on what.

A claim is a lease: a worker that dies loses it after a while, and another takes the slice anew.
That two work on one slice for a moment does no harm: rows are carried out under idempotency keys,
and only the holder of the newest claim reports. On PostgreSQL workers skip what others hold
(SKIP LOCKED); on SQLite they take turns.

The rows are sealed under a key of the job's own, bound to their place. When a job ends the rows
and the key are deleted in the same transaction.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
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
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from registry.domain.errors import IdempotencyConflictError, UnknownJobError
from registry.domain.instants import instant
from registry.domain.job import (
    ENDED,
    PRIORITIES,
    Claim,
    Group,
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
from registry.store.key_store import KeyStore, SecretMissingError, unseal
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
_other: Final = jobs.alias("other")
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
        self._keys.find_or_create([key_name(new.job_id)], at=instant(at))
        row = {
            "job_id": new.job_id,
            "kind": new.kind,
            "issuer_id": new.issuer_id,
            "actor": new.actor,
            "request_digest": new.request_digest,
            "terms": json.dumps(new.terms, sort_keys=True),
            "turn": new.turn,
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
        self, job_id: str, groups: Iterable[Sequence[Row]], *, state: SliceState
    ) -> None:
        """Put other slices in the place of all that a job has, in one transaction."""
        with self._database.writing() as connection:
            connection.execute(delete(slices).where(slices.c.job_id == job_id))
            for number, group in enumerate(groups):
                values = self._slice(job_id, number, group, state)
                connection.execute(insert(slices), [values])

    def regroup(self, job_id: str, groups: Iterable[Group], *, findings: Mapping[str, Any]) -> bool:
        """Put other slices in the place of all that a checked job has, and keep what was found.

        In one transaction, once a job: False where it was done before, or the job left its check.
        """
        checked = (jobs.c.state == JobState.CHECKING, jobs.c.findings.is_(None))
        change = update(jobs).where(jobs.c.job_id == job_id, *checked)
        with self._database.writing() as connection:
            if not connection.execute(change.values(findings=json.dumps(findings))).rowcount:
                return False
            connection.execute(delete(slices).where(slices.c.job_id == job_id))
            for number, group in enumerate(groups):
                values = self._slice(job_id, number, group.rows, group.state)
                connection.execute(insert(slices), [values | _result(group.outcome)])
        return True

    def sealed_slice(self, job_id: str, number: int, rows: Sequence[Row]) -> dict[str, Any]:
        """Return a received slice as it is stored."""
        return self._slice(job_id, number, rows, SliceState.RECEIVED)

    def slice_numbers(self, job_id: str) -> Sequence[int]:
        """Return the numbers of a job's slices, in order."""
        query = select(slices.c.number).where(slices.c.job_id == job_id)
        with self._database.reading() as connection:
            return connection.execute(query.order_by(slices.c.number)).scalars().all()

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
        findings: Mapping[str, Any] | None = None,
    ) -> bool:
        """Take a job from one state to another; False where it was not in that state.

        The rows of a job that ends, and their key, are deleted. `findings` replaces what was found.
        """
        change = update(jobs).where(jobs.c.job_id == job_id, jobs.c.state == now)
        values = {"state": then, "changed_at": instant(at), "failure": failure}
        if findings is not None:
            values["findings"] = json.dumps(findings)
        with self._database.writing() as connection:
            if not connection.execute(change.values(values)).rowcount:
                return False
            if then in ENDED:
                forgotten = {"content": None, "claimed_by": None, "claimed_until": None}
                gone = update(slices).where(slices.c.job_id == job_id)
                connection.execute(gone.values(forgotten))
                self._keys.destroy(key_name(job_id), connection)
        return True

    def give_up(self, claim: Claim, failure: str, *, at: datetime) -> None:
        """Let a job end that cannot be carried on; what others have in hand they may finish.

        The slice goes back as if it had not been begun: nothing of it was carried out.
        """
        job_id = claim.job.job_id
        stopping = update(jobs).where(jobs.c.job_id == job_id, jobs.c.state == JobState.RUNNING)
        values = {"state": JobState.CANCELLING, "changed_at": instant(at), "failure": failure}
        unbegun = {"claims": 0, "claimed_by": None, "claimed_until": None}
        with self._database.writing() as connection:
            if connection.execute(_held(claim).values(unbegun)).rowcount:
                connection.execute(stopping.values(values))

    def past_their_stage(self, kinds: Sequence[Kind], *, only: str | None = None) -> list[Job]:
        """Return the jobs whose slices are all checked, or all carried out, or not to be begun."""
        over = [and_(jobs.c.state == state, ~_has_slices(state)) for state in WORKING]
        query = select(jobs.c.job_id).where(or_(*over), jobs.c.kind.in_(kinds))
        if only is not None:
            query = query.where(jobs.c.job_id == only)
        order = (jobs.c.priority, jobs.c.created_at, jobs.c.job_id)
        with self._database.reading() as connection:
            found = connection.execute(query.order_by(*order)).scalars().all()
        return [self.read(job_id) for job_id in found]

    # ------------------------------------------------------------------ working on it

    def claim(
        self,
        worker: str,
        *,
        at: datetime,
        kinds: Sequence[Kind] = tuple(Kind),
        only: str | None = None,
    ) -> Claim | None:
        """Hold the most urgent slice that nobody holds, or return None where there is none.

        `only` names the one job to look at. The job has the state it had at the claim.
        """
        with self._database.writing() as connection:
            query = _open_slice(at, kinds, only)
            found = connection.execute(query).mappings().one_or_none()
            if found is None:
                return None
            own = (slices.c.job_id == found["job_id"], slices.c.number == found["number"])
            held = {
                "claims": slices.c.claims + 1,
                "claimed_by": worker,
                "claimed_until": instant(at + LEASE),
            }
            connection.execute(update(slices).where(*own).values(held))
            taken = connection.execute(select(slices).where(*own)).mappings().one()
            # While the claim is not committed, nobody ends the job and destroys its key.
            rows = self._open(taken["job_id"], taken["number"], taken["content"])
        return Claim(
            job=replace(self.read(taken["job_id"]), state=JobState(found["job_state"])),
            number=taken["number"],
            worker=worker,
            claims=taken["claims"],
            rows=rows,
            reports=_reports(taken["report"]),
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
            **_result(outcome),
            "claims": 0,
            "claimed_by": None,
            "claimed_until": None,
        }
        if outcome.rows is not None:
            values["content"] = self._sealed(claim.job.job_id, claim.number, outcome.rows)
        change = _held(claim).where(slices.c.state == now)
        with self._database.writing() as connection:
            return bool(connection.execute(change.values(values)).rowcount)

    def amend(self, claim: Claim, rows: Sequence[Row], reports: Sequence[RowReport]) -> bool:
        """Change what is to be done of a slice that is held; False where the claim was lost."""
        try:
            content = self._sealed(claim.job.job_id, claim.number, rows)
        except SecretMissingError:
            return False  # Others have ended the job.
        values = {"content": content, "report": json.dumps([_plain(each) for each in reports])}
        with self._database.writing() as connection:
            return bool(connection.execute(_held(claim).values(values)).rowcount)

    def release(self, claim: Claim) -> None:
        """Let another worker have the slice at once."""
        with self._database.writing() as connection:
            connection.execute(_held(claim).values(claimed_by=None, claimed_until=None))

    def workers(self) -> Sequence[str]:
        """Return the names of the workers that hold slices."""
        query = select(slices.c.claimed_by).where(slices.c.claimed_by.is_not(None)).distinct()
        with self._database.reading() as connection:
            return connection.execute(query).scalars().all()

    def release_all(self, worker: str) -> None:
        """Let others have what a worker held that is no more."""
        held = update(slices).where(slices.c.claimed_by == worker)
        with self._database.writing() as connection:
            connection.execute(held.values(claimed_by=None, claimed_until=None))

    # ------------------------------------------------------------------ reading

    def read(self, job_id: str) -> Job:
        """Return a job as it stands; raises UnknownJobError."""
        found = self._found(_described().where(jobs.c.job_id == job_id))
        if not found:
            raise UnknownJobError("there is no such job", field="job_id")
        return found[0]

    def state(self, job_id: str) -> JobState | None:
        """Return the state of a job, None where there is none."""
        query = select(jobs.c.state).where(jobs.c.job_id == job_id)
        with self._database.reading() as connection:
            found = connection.execute(query).scalar_one_or_none()
        return None if found is None else JobState(found)

    def ahead_of(self, job: Job) -> str | None:
        """Return the id of a job that one which is checking has to wait for; None where none is."""
        query = select(_other.c.job_id).where(jobs.c.job_id == job.job_id, _is_ahead())
        with self._database.reading() as connection:
            return connection.execute(query.limit(1)).scalar_one_or_none()

    def newest(
        self,
        *,
        limit: int,
        issuer_id: str | None = None,
        kind: Kind | None = None,
        before: Job | None = None,
    ) -> list[Job]:
        """Return jobs, newest first: an issuer's, of a kind, those that follow `before`."""
        query = _described()
        if issuer_id is not None:
            query = query.where(jobs.c.issuer_id == issuer_id)
        if kind is not None:
            query = query.where(jobs.c.kind == kind)
        if before is not None:
            place = (literal(before.created_at), literal(before.job_id))
            query = query.where(tuple_(jobs.c.created_at, jobs.c.job_id) < tuple_(*place))
        order = (jobs.c.created_at.desc(), jobs.c.job_id.desc())
        return self._found(query.order_by(*order).limit(limit))

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
        return {
            "job_id": job_id,
            "number": number,
            "rows": len(rows),
            "content": self._sealed(job_id, number, rows),
            "state": state,
            "accepted": 0,
            "refused": 0,
            "report": "[]",
            "claims": 0,
        }

    def _sealed(self, job_id: str, number: int, rows: Sequence[Row]) -> bytes:
        key = self._keys.get(key_name(job_id))
        content = json.dumps(list(rows), ensure_ascii=False, separators=(",", ":")).encode()
        return sealed(key, content, bound_to=_bound_to(job_id, number))

    def _open(self, job_id: str, number: int, content: bytes) -> Sequence[Row]:
        key = self._keys.get(key_name(job_id))
        try:
            rows: Sequence[Row] = json.loads(
                unseal(key, bytes(content), bound_to=_bound_to(job_id, number))
            )
        except InvalidTag as error:
            raise VaultDamagedError(
                "stored rows of a job were damaged or moved", remedy="cancel the job"
            ) from error
        return rows


def key_name(job_id: str) -> str:
    """Name the secret that a job's rows are sealed under."""
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


def _has_slices(state: JobState) -> ColumnElement[bool]:
    return exists().where(slices.c.job_id == jobs.c.job_id, _offered(state))


def _has_its_turn() -> ColumnElement[bool]:
    """A job is not checked while another of the same turn is, or runs: it would not see its rows.

    Those that are checking go in the order in which they came to it.
    """
    return or_(jobs.c.state != JobState.CHECKING, ~exists().where(_is_ahead()))


def _is_ahead() -> ColumnElement[bool]:
    mine = tuple_(jobs.c.changed_at, jobs.c.job_id)
    earlier = tuple_(_other.c.changed_at, _other.c.job_id) < mine
    underway = or_(
        _other.c.state.in_((JobState.RUNNING, JobState.CANCELLING)),
        and_(_other.c.state == JobState.CHECKING, earlier),
    )
    return and_(_other.c.turn == jobs.c.turn, _other.c.job_id != jobs.c.job_id, underway)


def _open_slice(at: datetime, kinds: Sequence[Kind], only: str | None) -> Select[Any]:
    """Find the most urgent slice that nobody holds; others skip it while it is being taken.

    Its content is read once it is found: SQLite would carry all contents through the sorting.
    """
    wanted = [] if only is None else [jobs.c.job_id == only]
    offered = [and_(jobs.c.state == state, _offered(state)) for state in WORKING]
    free = or_(slices.c.claimed_until.is_(None), slices.c.claimed_until <= instant(at))
    return (
        select(slices.c.job_id, slices.c.number, jobs.c.state.label("job_state"))
        .join(jobs, jobs.c.job_id == slices.c.job_id)
        .where(or_(*offered), free, jobs.c.kind.in_(kinds), _has_its_turn(), *wanted)
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
        findings=json.loads(row["findings"]) if row["findings"] else None,
        **{name: int(row[name]) for name in counts},
    )


def _result(outcome: Outcome) -> dict[str, Any]:
    return {
        "accepted": outcome.accepted,
        "refused": outcome.refused,
        "report": json.dumps([_plain(each) for each in outcome.reports]),
    }


def _plain(report: RowReport) -> dict[str, Any]:
    return {name: value for name, value in vars(report).items() if value is not None}


def _reports(text: str) -> list[RowReport]:
    return [RowReport(**each) for each in json.loads(text)]
