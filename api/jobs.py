"""Jobs of any kind: find them, read one, have its report, cancel it, let it run."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from api import values
from api.answers import Listing
from api.auth import Reader, Serving, check_role
from api.bootstrap import Registry
from api.csv_answers import CSV_CONTENT, CSV_TYPE, csv_text
from api.languages import ReaderLanguage
from api.requests import GuardedRoute
from api.responses import refusals
from api.values import Id
from registry.domain.errors import UnknownJobError
from registry.domain.job import Job, JobState, Kind, RowReport
from registry.domain.text import Language
from registry.jobs.issuing_deciding import as_ended
from registry.jobs.sentences import sentence
from registry.jobs.status_changes_terms import Rest
from registry.store.api_keys import Principal, Role

router = APIRouter(prefix="/v1", tags=["jobs"], route_class=GuardedRoute)

COLUMNS = ("line", "column", "code", "sentence", "credential_id")
REST = Query(
    description="For status changes, in place of what was ordered: `refuse` or `leave` the rest."
)
_SLICES_AT_ONCE = 10


class JobAnswer(BaseModel):
    """A job: what was ordered, how far it has come, and what became of its rows."""

    job_id: str
    kind: Kind
    issuer_id: str
    state: JobState = Field(
        description="`receiving`, `checking`, `waiting` for confirmation, `running`, "
        "`cancelling`; and at the end `done`, `cancelled` or `failed`."
    )
    failure: str | None = Field(description="Why it failed, or was cancelled.")
    terms: dict[str, Any] = Field(description="What was ordered.")
    findings: dict[str, Any] | None = Field(description="What the check found of the whole.")
    created_at: str
    changed_at: str = Field(description="When it came into its state.")
    total: int = Field(description="Rows.")
    checked: int = Field(description="Rows that were checked.")
    finished: int = Field(description="Rows that were carried out, or passed over.")
    accepted: int = Field(description="Rows that can be carried out, or were.")
    refused: int = Field(description="Rows that cannot.")
    skipped: int = Field(description="Rows passed over, because the order says so.")


class Search(values.Body):
    """Which jobs to find."""

    kind: Kind | None = None
    issuer_id: Id | None = Field(default=None, description="An issuer finds its own in any case.")
    after: Id | None = Field(default=None, description="`next` of the page before.")
    limit: values.Limit = 50


@router.get("/jobs", responses=refusals(401, 403, 404, 422))
def find_jobs(
    search: Annotated[Search, Query()], asker: Reader, registry: Serving
) -> Listing[JobAnswer]:
    """Find jobs, newest first: an issuer its own, an operator or auditor anybody's."""
    issuer_id = asker.issuer_id if asker.role is Role.ISSUER else search.issuer_id
    before = readable(search.after, asker, registry) if search.after else None
    store = registry.jobs.store
    found = store.newest(
        limit=search.limit + 1, issuer_id=issuer_id, kind=search.kind, before=before
    )
    shown = found[: search.limit]
    more = shown[-1].job_id if len(found) > search.limit else None
    return Listing(items=[job_answer(job) for job in shown], next=more)


@router.get("/jobs/{job_id}", responses=refusals(401, 403, 404))
def read_job(job_id: Id, asker: Reader, registry: Serving) -> JobAnswer:
    """Read a job."""
    return job_answer(readable(job_id, asker, registry))


@router.get(
    "/jobs/{job_id}/report",
    response_class=StreamingResponse,
    responses=refusals(401, 403, 404) | CSV_CONTENT,
)
def read_report(
    job_id: Id, asker: Reader, language: ReaderLanguage, registry: Serving
) -> StreamingResponse:
    """Read what is said of the rows: line, column, code, a sentence, and what was issued.

    A row that is not named was not looked at yet, or was neither refused nor carried out.
    """
    job = readable(job_id, asker, registry)
    headers = {"Content-Language": language, "Vary": "Accept-Language"}
    lines = report_lines(registry, job, language)
    return StreamingResponse(lines, media_type=CSV_TYPE, headers=headers)


@router.post("/jobs/{job_id}/cancel", responses=refusals(401, 403, 404, 409))
def cancel_job(job_id: Id, asker: Reader, registry: Serving) -> JobAnswer:
    """Begin nothing more of a job; what was carried out stays."""
    check_may_change(asker)
    readable(job_id, asker, registry)
    return job_answer(registry.jobs.cancel(job_id))


@router.post("/jobs/{job_id}/confirm", responses=refusals(401, 403, 404, 409))
def confirm_job(
    job_id: Id, asker: Reader, registry: Serving, rest: Annotated[Rest | None, REST] = None
) -> JobAnswer:
    """Let a job run that waits for it."""
    check_may_change(asker)
    if readable(job_id, asker, registry).kind is Kind.STATUS_CHANGE:
        job = registry.status_orders.confirm(job_id, by=asker.actor, rest=rest)
        return job_answer(job)
    return job_answer(registry.jobs.confirm(job_id))


def readable(job_id: str, asker: Principal, registry: Registry) -> Job:
    """Return a job the asker may read; raises UnknownJobError for an issuer's that is another's."""
    job = registry.jobs.store.read(job_id)
    if asker.role is Role.ISSUER and job.issuer_id != asker.issuer_id:
        raise UnknownJobError("there is no such job", field="job_id")
    return job


def check_may_change(asker: Principal) -> None:
    """Raise RoleError for an auditor, who reads only."""
    check_role(asker, Role.ISSUER, Role.OPERATOR)


def job_answer(job: Job) -> JobAnswer:
    """Describe a job."""
    handled = job.checked if job.state is JobState.CHECKING else max(job.checked, job.finished)
    return JobAnswer(
        **{name: getattr(job, name) for name in JobAnswer.model_fields if name != "skipped"},
        skipped=max(handled - job.accepted - job.refused, 0),
    )


def report_lines(registry: Registry, job: Job, language: Language) -> Iterator[str]:
    """Give a report as CSV, a few slices at a time."""
    return lines_of(_slices(registry, job), language)


def lines_of(slices: Iterable[Iterable[RowReport]], language: Language) -> Iterator[str]:
    """Give as CSV what is said of the rows of some slices."""
    yield csv_text(COLUMNS, ())
    for reports in slices:
        rows = (_line(each, language) for each in sorted(reports, key=_place))
        yield csv_text(COLUMNS, rows).partition("\r\n")[2]


def _slices(registry: Registry, job: Job) -> Iterator[list[RowReport]]:
    store, first = registry.jobs.store, 0
    while slices := store.reports(job.job_id, first=first, limit=_SLICES_AT_ONCE):
        for reports in slices:
            yield [as_ended(each, job) for each in reports]
        first += len(slices)


def _place(report: RowReport) -> int:
    return report.line


def _line(report: RowReport, language: Language) -> dict[str, Any]:
    return {
        "line": report.line,
        "column": report.column,
        "code": report.code,
        "sentence": sentence(report.code, language),
        "credential_id": report.credential_id,
    }
