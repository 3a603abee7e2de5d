"""Issue to a file of learners, however long: it is taken as it arrives, and carried out later."""

from collections.abc import Iterator
from typing import Annotated, Any

from anyio import from_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from api import values
from api.auth import ActingIssuer, Creating, Serving
from api.errors import ContentTypeError
from api.imports import refused
from api.jobs import JobAnswer, job_answer
from api.requests import GuardedRoute, Handler
from api.responses import refusals
from api.values import Id
from api.verifying_capacity import Capacity
from registry.csv_import import FileError, Form
from registry.jobs.issuing_terms import Duplicates, IssuingTerms, Rows

MOST_UPLOADS = 8
"""Of the forty threads that answer requests: each upload keeps one as long as it takes."""

MOST_UPLOADS_FOR_ONE = 2

_FORMS = {form.value: form for form in Form}


class StreamedRoute(GuardedRoute):
    """A guarded route that reads the body itself, as it arrives."""

    def get_route_handler(self) -> Handler:
        """Leave the body alone."""
        handle = APIRoute.get_route_handler(self)

        async def streamed(request: Request) -> Response:
            await self.admit(request)
            return await handle(request)

        return streamed


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
    confirm: bool = Field(default=False, description="Wait for confirmation after the check.")


@router.post(
    "/issuing-jobs",
    status_code=202,
    responses=refusals(401, 403, 404, 409, 415, 422),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                media_type: {"schema": {"type": "string", "format": "binary"}}
                for media_type in _FORMS
            },
        }
    },
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
    form = _form(request)
    terms = IssuingTerms(**wanted.model_dump())
    capacity: Capacity = request.app.state.uploads

    def receive() -> JobAnswer:
        with capacity.taken(asker.actor):
            chunks = _chunks(request)
            try:
                job = registry.issuing_jobs.receive(
                    caller, asker.issuer_id, terms, form=form, chunks=chunks
                )
            except FileError as error:
                _pass_over(chunks)
                raise refused(error.faults) from error
        registry.jobs.wake()
        return job_answer(job)

    answer = await run_in_threadpool(receive)
    response.headers["Location"] = f"/v1/jobs/{answer.job_id}"
    return answer


def _form(request: Request) -> Form:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in _FORMS:
        raise ContentTypeError(
            "the body is of another media type",
            field="Content-Type",
            remedy="send Content-Type: " + " or ".join(_FORMS),
        )
    return _FORMS[given]


def _chunks(request: Request) -> Iterator[bytes]:
    """Give the body as it arrives, to a thread."""
    stream: Any = request.stream()

    async def following() -> bytes | None:
        chunk: bytes | None = await anext(stream, None)
        return chunk

    while (chunk := from_thread.run(following)) is not None:
        yield chunk


def _pass_over(chunks: Iterator[bytes]) -> None:
    """Read the rest, so that the caller, who is still sending, comes to read the answer."""
    for _ in chunks:
        pass
