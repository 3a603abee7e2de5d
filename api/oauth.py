"""OAuth 2.0 client credentials: an API key is the client, its rights are the scopes.

RFC 6749 §4.4, with the client's authentication of §2.3.1 either way; RFC 8414 metadata.
"""

import base64
import binascii
import os
from typing import Annotated
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from api.auth import Serving, check_at_home, registry_of, slowed_down
from api.clock import now
from api.oauth_errors import (
    NEVER_STORED,
    ClientError,
    GrantTypeError,
    TokenRequestError,
    UnknownScopeError,
)
from api.oauth_tokens import (
    ALL_WRITING,
    LIFETIME,
    SCOPE_MEANINGS,
    TOKEN_PATH,
    AccessTokens,
    scopes_open_to,
)
from api.public import FOR_EVERYONE
from api.requests import OpenRoute, StrictRequest
from api.responses import refusals
from registry.domain.instants import instant
from registry.store.api_keys import ACTOR_PREFIX, CredentialsRefusedError, Principal

GRANT_TYPE = "client_credentials"
METHODS = ("client_secret_basic", "client_secret_post")

_MOST_PARAMETERS = 32


class FormRequest(StrictRequest):
    """A request whose body is a form."""

    media_types = ("application/x-www-form-urlencoded",)


class FormRoute(OpenRoute):
    """A route that takes a form."""

    request_class = FormRequest


router = APIRouter(tags=["oauth"], route_class=FormRoute)


class TokenAnswer(BaseModel):
    """An access token (RFC 6749 §5.1)."""

    access_token: str
    token_type: str = Field(default="Bearer", examples=["Bearer"])
    expires_in: int = Field(description="In seconds.", examples=[900])
    scope: str = Field(examples=["write:/credentials/issue"])


class TokenRefusal(BaseModel):
    """Why no token is given (RFC 6749 §5.2)."""

    error: str = Field(examples=["invalid_client"])
    error_description: str


class AuthorizationServer(BaseModel):
    """What a client needs to know to get tokens (RFC 8414 §2)."""

    issuer: str = Field(examples=["https://registry.example.org"])
    token_endpoint: str
    token_endpoint_auth_methods_supported: list[str] = list(METHODS)
    grant_types_supported: list[str] = [GRANT_TYPE]
    response_types_supported: list[str] = []
    scopes_supported: list[str] = list(SCOPE_MEANINGS)


_FORM = {
    "grant_type": "`client_credentials`, and nothing else.",
    "client_id": "The API key's id, where it is not in the header `Authorization: Basic`.",
    "client_secret": "The API key itself, `rk_…`, where it is not in that header.",
    "scope": "Scopes with spaces between them; all that the key may have unless given.",
}
_FORM_SCHEMA = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {name: {"type": "string", "description": said} for name, said in _FORM.items()},
}


async def _form(request: Request) -> dict[str, str]:
    """Read the form; a parameter without a value counts as left out (RFC 6749 §3.2)."""
    try:
        pairs = parse_qsl(
            (await request.body()).decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            max_num_fields=_MOST_PARAMETERS,
            errors="strict",
        )
    except ValueError as error:
        raise TokenRequestError("the body is not a form") from error
    form = dict(pairs)
    if len(form) < len(pairs):
        raise TokenRequestError("a parameter is repeated")
    return {name: value for name, value in form.items() if value}


@router.post(
    TOKEN_PATH,
    responses={
        **refusals(415),
        400: {"model": TokenRefusal, "description": "Not a request for a token."},
        401: {"model": TokenRefusal, "description": "The client is unknown or its secret wrong."},
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {FormRequest.media_types[0]: {"schema": _FORM_SCHEMA}},
        }
    },
)
def give_token(
    request: Request,
    response: Response,
    form: Annotated[dict[str, str], Depends(_form)],
) -> TokenAnswer:
    """Give an access token for the VC API, good for 15 minutes.

    An API key is the client: `client_id` is its id, `client_secret` the key itself.
    """
    _check_grant_type(form)
    key_id, secret = _client(request, form)
    principal = _authenticated(request, key_id, secret)
    scopes = _scopes(form, principal)
    tokens: AccessTokens = request.app.state.access_tokens
    token = tokens.make(
        principal, key_id=key_id, scopes=scopes, now=now(), randomness=os.urandom(16)
    )
    response.headers.update(NEVER_STORED)
    return TokenAnswer(
        access_token=token, expires_in=int(LIFETIME.total_seconds()), scope=" ".join(scopes)
    )


@router.get("/.well-known/oauth-authorization-server", responses=refusals())
def read_authorization_server(response: Response, registry: Serving) -> AuthorizationServer:
    """Say where tokens are given, and for what."""
    response.headers.update(FOR_EVERYONE)
    return AuthorizationServer(
        issuer=registry.public_url, token_endpoint=f"{registry.public_url}{TOKEN_PATH}"
    )


def _check_grant_type(form: dict[str, str]) -> None:
    if "grant_type" not in form:
        raise TokenRequestError("grant_type is missing")
    if form["grant_type"] != GRANT_TYPE:
        raise GrantTypeError(f"only {GRANT_TYPE} is supported")


def _client(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """Return the client's id and secret, from the header or from the form but not from both."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        if "client_secret" in form:
            raise TokenRequestError("the client authenticates in two ways")
        key_id, secret = _basic(credentials.strip())
        if form.get("client_id", key_id) != key_id:
            raise TokenRequestError("client_id is not the client that authenticates")
        return key_id, secret
    return form.get("client_id", ""), form.get("client_secret", "")


def _basic(credentials: str) -> tuple[str, str]:
    """Read the header's credentials, each form-encoded before base64 (RFC 6749 §2.3.1)."""
    try:
        decoded = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise ClientError("the credentials cannot be read") from error
    key_id, _, secret = decoded.partition(":")
    return unquote_plus(key_id), unquote_plus(secret)


def _authenticated(request: Request, key_id: str, secret: str) -> Principal:
    try:
        with slowed_down(request):
            principal = registry_of(request).api_keys.authenticate(secret, at=instant(now()))
            if principal.actor != f"{ACTOR_PREFIX}{key_id}":
                raise CredentialsRefusedError("the API key is another client's")
            check_at_home(registry_of(request), principal)
    except CredentialsRefusedError as error:
        raise ClientError("the client is unknown or its secret wrong") from error
    return principal


def _scopes(form: dict[str, str], principal: Principal) -> list[str]:
    """Return the scopes asked for, in the order of the metadata; raises UnknownScopeError."""
    allowed = scopes_open_to(principal.role)
    asked = set(form.get("scope", "").split())
    if not asked <= set(allowed):
        raise UnknownScopeError("choose among: " + " ".join(allowed))
    # All of them by name say the same as the one that stands for all.
    given = asked or set(allowed) - {ALL_WRITING}
    return [scope for scope in allowed if scope in given]
