"""Read jobs: how each stands, what its rows are, and what was said of them."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, case, func, literal, select, tuple_

from registry.domain.errors import UnknownJobError
from registry.domain.instants import instant
from registry.domain.job import Job, JobState, Kind, Outcome, Row, RowReport, SliceState
from registry.store.database import Database
from registry.store.job_offers import jobs_ahead
from registry.store.job_rows import SealedRows
from registry.store.tables import job_slices as slices
from registry.store.tables import jobs


class JobReader:
    """Reads jobs and their slices; `sealed` opens their rows."""

    def __init__(self, database: Database, sealed: SealedRows) -> None:
        self._database = database
        self._sealed = sealed

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
        with self._database.reading() as connection:
            return connection.execute(jobs_ahead(job.job_id).limit(1)).scalar_one_or_none()

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

    def unchanged_since(self, moment: datetime, *, state: JobState) -> Sequence[str]:
        """Return the ids of the jobs that came into a state before a moment and are in it still."""
        since = (jobs.c.state == state, jobs.c.changed_at < instant(moment))
        with self._database.reading() as connection:
            return connection.execute(select(jobs.c.job_id).where(*since)).scalars().all()

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
        return self._sealed.open(job_id, number, content)

    def reports(self, job_id: str, *, first: int = 0, limit: int = 100) -> list[list[RowReport]]:
        """Return what is said of the rows of some slices, from the slice `first` on."""
        query = select(slices.c.report).where(slices.c.job_id == job_id, slices.c.number >= first)
        with self._database.reading() as connection:
            found = connection.execute(query.order_by(slices.c.number).limit(limit)).scalars()
            return [read_reports(report) for report in found]

    def _found(self, query: Select[Any]) -> list[Job]:
        with self._database.reading() as connection:
            return [_job(row) for row in connection.execute(query).mappings()]


def read_reports(text: str) -> list[RowReport]:
    """Return the reports of a slice as they were stored."""
    return [RowReport(**each) for each in json.loads(text)]


def written_reports(reports: Sequence[RowReport]) -> str:
    """Return the reports of a slice as they are stored."""
    given = [
        {name: value for name, value in vars(each).items() if value is not None} for each in reports
    ]
    return json.dumps(given)


def written_outcome(outcome: Outcome) -> dict[str, Any]:
    """Return the columns that say what became of a slice."""
    return {
        "accepted": outcome.accepted,
        "refused": outcome.refused,
        "report": written_reports(outcome.reports),
    }


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
