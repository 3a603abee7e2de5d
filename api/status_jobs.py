"""Status changes in bulk over HTTP: order by query or by file, have it confirmed, take it back."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from api import values
from api.auth import ActingIssuer, Creating, Serving
from api.bootstrap import Registry
from api.jobs import JobAnswer, job_answer, readable
from api.requests import GuardedRoute
from api.responses import refusals
from api.uploads import StreamedRoute, file_body, form_of, taken
from api.values import Id, Instant
from projections import queries
from projections.queries import CredentialFilter
from registry.commands import Caller
from registry.credential_ids import Form, of_text, read_ids
from registry.domain.credential import Status
from registry.domain.errors import InvalidValueError
from registry.domain.instants import instant
from registry.domain.job import Job
from registry.jobs.status_changes_terms import Operation, Rest, Terms
from registry.store.api_keys import Principal, Role

MOST_BYTES = 64 * 2**20
MOST_NAMED = 20_000
"""Ids in the JSON of a request, which has 1 MiB at most."""
FORMS = {"text/csv": Form.CSV, "application/jsonl": Form.JSON_LINES}

router = APIRouter(prefix="/v1", tags=["jobs"], route_class=GuardedRoute)
files = APIRouter(prefix="/v1", tags=["jobs"], route_class=StreamedRoute)


class Grounds(values.Body):
    """Why statuses change, and how carefully."""

    reason: str = Field(
        max_length=40, description="A reason code of the issuer.", examples=["issued-in-error"]
    )
    rest: Rest = Field(
        default=Rest.REFUSE,
        description="`refuse`: all or nothing; `leave`: those that can be, the report names the "
        "rest.",
    )
    wait: bool = Field(
        default=True,
        description="Wait for confirmation after the check; in any case where something cannot be "
        "changed and `rest` is `refuse`, or where a second person is needed.",
    )
    approval: Literal["required"] | None = Field(
        default=None, description="`required`: another API key must confirm."
    )


NOTE = Field(default=None, description="For the issuer alone, kept encrypted for each credential.")


class Change(Grounds):
    """What is done, why, and since when."""

    operation: Operation
    effective_at: Instant | None = Field(
        default=None, description="Since when it holds in the world; not in the future."
    )
    until: Instant | None = Field(
        default=None, description="When a suspension ends by itself; of no other operation."
    )

    def terms(self, selection: dict[str, Any], *, note: str | None = None) -> Terms:
        """Return the order's terms."""
        return Terms(
            operation=self.operation,
            reason=self.reason,
            effective_at=self.effective_at,
            until=self.until,
            rest=self.rest,
            wait=self.wait,
            approval_required=self.approval == "required",
            selection=selection,
            is_noted=note is not None,
        )


class Selection(values.Body):
    """Which of the issuer's credentials; what is left out does not matter, but not all of it."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    achievement_id: Id | None = Field(default=None, description="Issued for this achievement.")
    status: Status | None = Field(default=None, description="Having this status now.")
    subject_ref: Id | None = Field(default=None, description="Of this learner, by reference.")
    issued_from: Instant | None = Field(default=None, description="Inclusive.")
    issued_until: Instant | None = Field(default=None, description="Exclusive.")

    def filter(self, issuer_id: str) -> CredentialFilter:
        """Return the question to the credentials' view."""
        return CredentialFilter(
            issuer_id=issuer_id,
            achievement_id=self.achievement_id,
            status=self.status,
            subject_ref=self.subject_ref,
            issued_from=instant(self.issued_from) if self.issued_from else None,
            issued_until=instant(self.issued_until) if self.issued_until else None,
        )


def _true(value: object) -> object:
    # A literal takes what equals it, and 1 does: too little said for so much.
    if value is not True:
        raise ValueError("write true, or leave it out")
    return value


class ChangeOfMany(Change):
    """A change of what a query finds, or of credentials that are named."""

    query: Selection | None = Field(
        default=None, description="What to look for; an empty query is refused."
    )
    credential_ids: list[Id] | None = Field(
        default=None, max_length=MOST_NAMED, description="In place of a query."
    )
    every: Annotated[Literal[True], BeforeValidator(_true)] | None = Field(
        default=None,
        alias="all",
        description="Every credential of the issuer's, in place of a query.",
    )
    note: values.Passage | None = NOTE

    @model_validator(mode="after")
    def _one_selection(self) -> Self:
        if [self.query, self.credential_ids, self.every].count(None) != 2:  # noqa: PLR2004
            raise ValueError("give query, credential_ids or all, one of the three")
        return self

    def asked(self) -> Selection | None:
        """Return what to look for, None where the credentials are named; refuses an empty query."""
        if self.every:
            return Selection()
        if self.query == Selection():
            raise InvalidValueError(
                "it is empty and would select every credential of the issuer",
                field="query",
                remedy='say what to look for, or order with "all": true in place of the query',
            )
        return self.query


class Undoing(Grounds):
    """Why suspensions are taken back."""

    reason: str = Field(default="other", max_length=40, description="A reason code of the issuer.")
    note: values.Passage | None = NOTE


@router.post("/status-jobs", status_code=202, responses=refusals(401, 403, 409, 422))
def change_many(
    new: ChangeOfMany,
    asker: ActingIssuer,
    caller: Creating,
    response: Response,
    registry: Serving,
) -> JobAnswer:
    """Suspend, reinstate or revoke all that a query finds now; look at the preview, then confirm.

    The query is answered once: `terms.selection.position` says as of which event.
    """
    if (selection := new.asked()) is not None:
        wanted = selection.filter(asker.issuer_id)
        job = order_by_query(registry, caller, new, wanted, note=new.note)
        return _taken(job, response)
    ids = new.credential_ids or ()
    rows = ({"line": line, "id": of_text(each)} for line, each in enumerate(ids, start=1))
    terms = new.terms({"file": "json"}, note=new.note)
    order = registry.status_orders.order
    return _taken(order(caller, asker.issuer_id, terms, rows, note=new.note), response)


@files.post(
    "/status-jobs/file",
    status_code=202,
    responses=refusals(401, 403, 409, 415, 422),
    openapi_extra=file_body(FORMS),
)
async def change_by_file(
    request: Request,
    new: Annotated[Change, Query()],
    asker: ActingIssuer,
    caller: Creating,
    response: Response,
    registry: Serving,
) -> JobAnswer:
    """Suspend, reinstate or revoke the credentials of a file; look at the preview, then confirm.

    A CSV file with a column `credential_id`, or an id a line, or JSON Lines with a member
    `credential_id`; at most a million. Nothing else of the file is kept.
    """
    form = form_of(request, FORMS)
    terms = new.terms({"file": form.value})

    def take(chunks: Iterable[bytes]) -> Job:
        order = registry.status_orders.order
        return order(caller, asker.issuer_id, terms, read_ids(chunks, form))

    return _taken(await taken(request, asker.actor, most=MOST_BYTES, take=take), response)


@router.post("/jobs/{job_id}/undo", status_code=202, responses=refusals(401, 403, 404, 409, 422))
def undo_suspension(
    job_id: Id,
    new: Undoing,
    asker: ActingIssuer,
    caller: Creating,
    response: Response,
    registry: Serving,
) -> JobAnswer:
    """Reinstate what a job suspended, as far as it is suspended by that job still."""
    principal = Principal(asker.actor, Role.ISSUER, asker.issuer_id)
    readable(job_id, principal, registry)
    job = registry.status_orders.undo(caller, job_id, undoing(job_id, new), note=new.note)
    return _taken(job, response)


def order_by_query(
    registry: Registry,
    caller: Caller,
    new: Change,
    wanted: CredentialFilter,
    *,
    note: str | None,
    by_operator: bool = False,
) -> Job:
    """Order a change of what a query finds; a repeat does not ask again."""
    asked = {name: value for name, value in vars(wanted).items() if value is not None}
    with queries.selection(registry.database, wanted) as (position, ids):
        rows = ({"line": line, "id": each} for line, each in enumerate(ids, start=1))
        terms = new.terms({"query": asked, "position": position}, note=note)
        terms = replace(terms, by_operator=by_operator)
        issuer_id = wanted.issuer_id or ""
        return registry.status_orders.order(caller, issuer_id, terms, rows, note=note)


def undoing(job_id: str, new: Undoing, *, by_operator: bool = False) -> Terms:
    """Return the terms of taking back what a job suspended."""
    return Terms(
        Operation.REINSTATE,
        new.reason,
        rest=new.rest,
        wait=new.wait,
        approval_required=new.approval == "required",
        selection={"undo": job_id},
        undoes=job_id,
        is_noted=new.note is not None,
        by_operator=by_operator,
    )


def _taken(job: Job, response: Response) -> JobAnswer:
    response.headers["Location"] = f"/v1/jobs/{job.job_id}"
    return job_answer(job)
