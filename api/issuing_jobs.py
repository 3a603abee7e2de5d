"""Issue to a file of learners, however long: it is taken as it arrives, and carried out later."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api import values
from api.auth import ActingIssuer, Creating, Serving
from api.imports import refused
from api.jobs import JobAnswer, job_answer
from api.responses import refusals
from api.uploads import StreamedRoute, file_body, form_of, taken
from api.values import Id
from registry.csv_import import FileError, Form
from registry.jobs.issuing_receiving import MOST_BYTES
from registry.jobs.issuing_terms import Duplicates, IssuingTerms, Rows

_FORMS = {form.value: form for form in Form}


router = APIRouter(prefix="/v1", tags=["jobs"], route_class=StreamedRoute)


class Wanted(values.Body):
    """What to issue, and what becomes of rows that cannot be."""

    achievement_id: Id = Field(description="What the rows are issued for.")
    rows: Rows = Field(
        default=Rows.ALL, description="`valid`: issue what can be; `all`: that, or nothing."
    )
    duplicates: Duplicates = Field(
        default=Duplicates.REFUSE,
        description="What becomes of a learner who holds the credential or is in the file twice.",
    )
    dry_run: bool = Field(default=False, description="Check only.")
    wait: bool = Field(default=False, description="Wait for confirmation after the check.")


@router.post(
    "/issuing-jobs",
    status_code=202,
    responses=refusals(401, 403, 404, 409, 415, 422),
    openapi_extra=file_body(_FORMS),
)
async def order_issuing(
    request: Request,
    wanted: Annotated[Wanted, Query()],
    asker: ActingIssuer,
    caller: Creating,
    response: Response,
    registry: Serving,
) -> JobAnswer:
    """Take a file of up to a million learners, a row each, and issue to them.

    The answer comes once all rows are safely here; what breaks off leaves nothing behind.
    """
    form, terms = form_of(request, _FORMS), IssuingTerms(**wanted.model_dump())

    def take(chunks: Iterable[bytes]) -> JobAnswer:
        receive = registry.issuing_jobs.receive
        return job_answer(receive(caller, asker.issuer_id, terms, form=form, chunks=chunks))

    try:
        answer = await taken(request, asker.actor, most=MOST_BYTES, take=take)
    except FileError as error:
        raise refused(error.faults) from error
    registry.jobs.wake()
    response.headers["Location"] = f"/v1/jobs/{answer.job_id}"
    return answer
