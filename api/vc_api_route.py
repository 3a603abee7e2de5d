"""Requests to the VC API (VCALM 1.0): who may send them, and how invalid input is answered."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth import (
    IDEMPOTENCY_KEY,
    actor_of,
    authenticate,
    check_role,
    principal_of,
    scopes_of,
)
from api.errors import InvalidInputError, ScopeError
from api.faults import faults_of
from api.oauth_tokens import ALL_WRITING
from api.requests import Handler, OpenRoute, StrictRequest
from api.values import Id
from registry.commands import Caller
from registry.domain.errors import CredentialRefusedError, InvalidValueError, UnknownIssuerError
from registry.store.api_keys import Role

DEVELOPMENT = "development"
"""The actor in events of a development server, which asks nobody who they are."""


class VcApiRequest(StrictRequest):
    """A request of the VC API."""

    media_types = ("application/json", "application/ld+json")


class VcApiRoute(OpenRoute):
    """A route of the VC API: guarded, except on a development server; invalid input is 400."""

    request_class = VcApiRequest

    def get_route_handler(self) -> Handler:
        """Answer with 400 what is 422 elsewhere, as VCALM 1.0 has it."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                faults = faults_of(error)
                names = ", ".join(sorted({fault["field"] for fault in faults}))
                raise InvalidInputError(f"refused: {names}", errors=faults) from error
            except InvalidValueError as error:
                raise _as_invalid_input(error) from error

        return handle_strictly

    async def admit(self, request: Request) -> None:
        """Recognise the caller, or raise; a development server lets everyone on this machine in."""
        if not in_development(request):
            await run_in_threadpool(authenticate, request)


def in_development(request: Request) -> bool:
    """Return whether this is a development server."""
    return bool(request.app.state.development)


def counted_caller(request: Request) -> str | None:
    """Return whose work this is, None on a development server, where nobody is told apart."""
    return None if in_development(request) else actor_of(request)


def reader_with(scope: str) -> Callable[[Request], None]:
    """Return what lets in holders of any API key, and access tokens with the scope."""

    def check(request: Request) -> None:
        if not in_development(request):
            _check_scope(request, scope)

    return check


def issuer_with(scope: str) -> Callable[..., Caller]:
    """Return what lets in the issuer that the path names, by API key or by access token."""

    def check(
        issuer_id: Id,
        request: Request,
        idempotency_key: Annotated[str | None, IDEMPOTENCY_KEY] = None,
    ) -> Caller:
        if in_development(request):
            return Caller(DEVELOPMENT, idempotency_key)
        _check_scope(request, scope)
        principal = principal_of(request)
        check_role(principal, Role.ISSUER)
        if principal.issuer_id != issuer_id:
            raise UnknownIssuerError("there is no such issuer", field="issuer_id")
        return Caller(actor_of(request), idempotency_key)

    return check


def _check_scope(request: Request, scope: str) -> None:
    scopes = scopes_of(request)
    if scopes is not None and not scopes & {scope, ALL_WRITING}:
        raise ScopeError(
            "the access token has another scope", remedy=f"ask for a token with the scope {scope}"
        )


def _as_invalid_input(error: InvalidValueError) -> InvalidValueError | InvalidInputError:
    """Return the error of the VC API; what is answered with 400 already stays what it is."""
    if isinstance(error, CredentialRefusedError):
        return error
    fault: dict[str, Any] = {"field": error.field or "body", "reason": error.reason}
    if error.remedy:
        fault["remedy"] = error.remedy
    return InvalidInputError(error.reason, errors=[fault])
