"""Who is asking: bearer API keys, roles, and what becomes of requests that are refused."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Annotated, Any

import structlog
from fastapi import Depends, Header, Request, Security
from fastapi.openapi.models import OAuthFlows
from fastapi.security import HTTPBearer, OAuth2

from api.backing_off import BackingOff
from api.bootstrap import Registry
from api.clock import now
from api.errors import RoleError, ScopeError, TooManyFailuresError
from api.oauth_tokens import SCOPE_MEANINGS, TOKEN_PATH, AccessTokens
from registry.commands import Caller
from registry.domain.errors import VersionMismatchError
from registry.domain.instants import instant
from registry.store.api_keys import CredentialsRefusedError, Principal, Role

log = structlog.get_logger(__name__)

ANONYMOUS = "anonymous"

bearer = Security(
    HTTPBearer(auto_error=False, scheme_name="API key", description="`Authorization: Bearer rk_…`")
)
"""Documents the scheme; `requests.GuardedRoute` has recognised the caller before."""

access_token = Security(
    OAuth2(
        flows=OAuthFlows.model_validate(
            {"clientCredentials": {"tokenUrl": TOKEN_PATH, "scopes": SCOPE_MEANINGS}}
        ),
        auto_error=False,
        scheme_name="OAuth 2.0",
        description=f"`Authorization: Bearer` with an access token from `{TOKEN_PATH}`.",
    )
)
"""Documents the other scheme, which opens the VC API alone."""


IDEMPOTENCY_KEY = Header(
    alias="Idempotency-Key",
    pattern=r"^[!-~]{1,255}$",
    description="A repeat under the same key gets the first answer and changes nothing.",
    examples=["5f1c6b0e-batch-7"],
)


@dataclass(frozen=True)
class IssuerPrincipal:
    """Somebody who acts for one issuer."""

    actor: str
    issuer_id: str


def registry_of(request: Request) -> Registry:
    """Return the registry this application serves."""
    registry: Registry = request.app.state.registry
    return registry


def authenticate(request: Request) -> None:
    """Note who is asking; raises CredentialsRefusedError or TooManyFailuresError.

    An address that is backed off is refused before its key is looked at.
    """
    with slowed_down(request):
        _recognise(request, _token(request))


@contextmanager
def slowed_down(request: Request) -> Iterator[None]:
    """Count who is refused in the block; raises TooManyFailuresError for who was too often."""
    backing_off: BackingOff = request.app.state.backing_off
    address = client_address(request)
    if wait := backing_off.wait_seconds(address):
        raise TooManyFailuresError(
            "too many wrong API keys from this address",
            retry_after_seconds=ceil(wait),
            goes_on_record=backing_off.announce(address),
        )
    try:
        yield
    except CredentialsRefusedError:
        backing_off.failed(address)
        raise
    backing_off.succeeded(address)


def client_address(request: Request) -> str:
    """Return where a request comes from: behind a proxy of ours, what that says of it.

    What the client wrote into the header itself stands before that.
    """
    address = request.client.host if request.client else ""
    if address not in registry_of(request).settings.proxies:
        return address
    # A proxy adds to the header, or adds another header of that name: the last is its own.
    said = [each.rpartition(",")[2].strip() for each in request.headers.getlist("x-forwarded-for")]
    return (said[-1] if said else "") or address


def _recognise(request: Request, token: str) -> None:
    registry, at = registry_of(request), now()
    # No API key has a dot, every access token has two.
    if "." not in token:
        principal = registry.api_keys.authenticate(token, at=instant(at))
        check_at_home(registry, principal)
        request.state.principal = principal
        return
    tokens: AccessTokens = request.app.state.access_tokens
    grant = tokens.read(token, now=at)
    # A token is no better than the key it was made for, which may be withdrawn by now.
    principal = registry.api_keys.holder(grant.key_id, at=instant(at))
    check_at_home(registry, principal)
    request.state.principal = principal
    request.state.scopes = grant.scopes


def check_at_home(registry: Registry, principal: Principal) -> None:
    """Raise IssuerElsewhereError for who acts for an issuer that another shard answers for.

    What this one knows of the issuer may be out of date, so that it is not even read.
    """
    if principal.issuer_id is not None:
        registry.application.check_here(principal.issuer_id)


def _token(request: Request) -> str:
    # Without a token an empty one is looked up: all refusals take the same time.
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def principal_of(request: Request) -> Principal:
    """Return who was recognised."""
    principal: Principal = request.state.principal
    return principal


def scopes_of(request: Request) -> frozenset[str] | None:
    """Return what the request's access token opens, None for an API key, which has no scopes."""
    scopes: frozenset[str] | None = getattr(request.state, "scopes", None)
    return scopes


def check_role(principal: Principal, *roles: Role) -> None:
    """Raise RoleError unless the principal has one of the roles."""
    if principal.role not in roles:
        raise RoleError(
            f"a key of the role {principal.role} does not open this",
            remedy="use a key of the role " + " or ".join(roles),
        )


def _holder_of(*roles: Role) -> Callable[[Request], Awaitable[Principal]]:
    async def check(request: Request) -> Principal:
        if scopes_of(request) is not None:
            raise ScopeError(
                "an access token opens the VC API alone", remedy="send the API key itself"
            )
        principal = principal_of(request)
        check_role(principal, *roles)
        return principal

    return check


async def _issuer(
    principal: Annotated[Principal, Depends(_holder_of(Role.ISSUER))],
) -> IssuerPrincipal:
    return IssuerPrincipal(principal.actor, principal.issuer_id or "")


async def _caller(
    request: Request, idempotency_key: Annotated[str | None, IDEMPOTENCY_KEY] = None
) -> Caller:
    return Caller(actor_of(request), idempotency_key)


async def _conditional_caller(
    caller: Annotated[Caller, Depends(_caller)],
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description='The ETag you read, such as `"3"`: refused where it has changed since.',
            examples=['"3"'],
        ),
    ] = None,
) -> Caller:
    return Caller(caller.actor, caller.idempotency_key, _version(if_match))


def _version(if_match: str | None) -> int | None:
    """Return the version in a strong ETag; None stands for any (RFC 9110 §13.1.1)."""
    if if_match is None or if_match.strip() == "*":
        return None
    digits = if_match.strip()[1:-1]
    if if_match.strip() != f'"{digits}"' or not digits.isascii() or not digits.isdecimal():
        raise VersionMismatchError(
            "If-Match names no version of this", field="If-Match", remedy="send the ETag you read"
        )
    return int(digits[:18])


# Coroutines, though they wait for nothing: the framework sends other functions to a thread each.


async def _serving(request: Request) -> Registry:
    return registry_of(request)


Serving = Annotated[Registry, Depends(_serving)]
Operator = Annotated[Principal, Depends(_holder_of(Role.OPERATOR))]
Auditor = Annotated[Principal, Depends(_holder_of(Role.AUDITOR))]
Supervisor = Annotated[Principal, Depends(_holder_of(Role.OPERATOR, Role.AUDITOR))]
Reader = Annotated[Principal, Depends(_holder_of(*Role))]
ActingIssuer = Annotated[IssuerPrincipal, Depends(_issuer)]
Creating = Annotated[Caller, Depends(_caller)]
Changing = Annotated[Caller, Depends(_conditional_caller)]


def actor_of(request: Any) -> str:
    """Return the key's id of a recognised caller, "anonymous" for a stranger."""
    principal: Principal | None = getattr(request.state, "principal", None)
    return principal.actor if principal else ANONYMOUS
