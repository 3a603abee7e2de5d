"""Answer every error as a problem, and put refused accesses on record."""

from uuid import UUID

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.auth import actor_of, registry_of
from api.bootstrap import Registry
from api.clock import now
from api.errors import (
    InternalError,
    InvalidRequestError,
    MalformedBodyError,
    MethodError,
    NoSuchResourceError,
    TooManyFailuresError,
)
from api.exchanges import shown_path
from api.faults import faults_of
from api.oauth_errors import OAuthError
from api.problems import kind_of, problem_response
from registry.domain.errors import NotFoundError, RegistryError
from registry.domain.instants import instant
from registry.store.access_log import Refusal
from registry.store.api_keys import Role
from registry.store.database import StoreUnavailableError

log = structlog.get_logger(__name__)

_ON_RECORD = (401, 403, 429)
_HTTP_ERRORS: dict[int, RegistryError] = {
    404: NoSuchResourceError("there is nothing here"),
    405: MethodError("the resource does not understand this method"),
    400: MalformedBodyError("the body could not be read"),
}


def install(app: FastAPI) -> None:
    """Let the application answer errors with problems."""
    app.exception_handler(RegistryError)(_refused)
    app.exception_handler(OAuthError)(_no_token)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(Exception)(_failed)


def _refused(request: Request, error: RegistryError) -> Response:
    response = _problem(request, error)
    # Recorded once the answer is out: a refusal that takes longer would tell what exists.
    response.background = BackgroundTask(_put_on_record, request, error)
    return response


def _no_token(request: Request, error: OAuthError) -> Response:
    response = error.response()
    if isinstance(error.__cause__, RegistryError):
        response.background = BackgroundTask(_put_on_record, request, error.__cause__)
    return response


def _invalid(request: Request, error: RequestValidationError) -> Response:
    faults = faults_of(error)
    names = ", ".join(sorted({fault["field"] for fault in faults}))
    return _problem(request, InvalidRequestError(f"refused: {names}", errors=faults))


def _http_error(request: Request, error: HTTPException) -> Response:
    response = _problem(request, _HTTP_ERRORS.get(error.status_code, _unforeseen()))
    response.headers.update(error.headers or {})
    return response


def _failed(request: Request, _: Exception) -> Response:
    return _problem(request, _unforeseen())


def _unforeseen() -> RegistryError:
    return InternalError("the request could not be carried out")


def _problem(request: Request, error: RegistryError) -> Response:
    return problem_response(
        error, public_url=registry_of(request).public_url, request_id=request.state.request_id
    )


def _put_on_record(request: Request, error: RegistryError) -> None:
    registry, status = registry_of(request), kind_of(error).status
    if isinstance(error, TooManyFailuresError) and not error.goes_on_record:
        return  # One line tells of the whole period: whoever knocks on must not fill the log.
    try:
        if status in _ON_RECORD or _is_anothers(request, error, registry):
            registry.access_log.append(_refusal(request, error, status))
    except StoreUnavailableError:
        log.warning("a refused access is not on record", request_id=request.state.request_id)


def _refusal(request: Request, error: RegistryError, status: int) -> Refusal:
    return Refusal(
        at=instant(now()),
        actor=actor_of(request),
        method=request.method,
        path=shown_path(request.scope),
        status=status,
        reason=error.title,
        request_id=request.state.request_id,
    )


def _is_anothers(request: Request, error: RegistryError, registry: Registry) -> bool:
    """Return whether an issuer asked for a thing that exists, and is not its own."""
    principal = getattr(request.state, "principal", None)
    if not isinstance(error, NotFoundError) or principal is None or principal.role != Role.ISSUER:
        return False
    if error.field == "job_id":
        return registry.jobs.store.state(_asked_for(request, "job_id")) is not None
    try:
        stream = UUID(_asked_for(request, error.field or ""))
    except ValueError:
        return False
    return bool(registry.recorder.select_events(stream, limit=1))


def _asked_for(request: Request, field: str) -> str:
    body = getattr(request.state, "json", None)
    places = (request.path_params, request.query_params, body if isinstance(body, dict) else {})
    return str(next((place[field] for place in places if field in place), ""))
