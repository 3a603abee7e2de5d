"""What operators do: admit issuers, give them keys, give out and withdraw API keys."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from api.answers import IssuerAnswer, Listing, etag, issuer_answer
from api.auth import Changing, Creating, Operator, Serving, Supervisor
from api.clock import now
from api.errors import RoleError
from api.requests import GuardedRoute
from api.responses import refusals
from api.values import Body, BothLanguages, Cursor, Id, Instant, Limit, Line, Url
from projections import queries
from projections.queries import Window
from registry.domain.instants import instant
from registry.domain.securing import KeyType
from registry.requests import Organisation
from registry.store.api_keys import DEFAULT_LIFETIME, ApiKey, Role

router = APIRouter(prefix="/v1", tags=["operators"], route_class=GuardedRoute)


class NewIssuer(Body):
    """An organisation to admit."""

    name: BothLanguages
    country: str = Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.", examples=["PL"])
    url: Url = Field(description="Its own site.", examples=["https://uczelnia.example"])
    did_method: Literal["web", "key"] = Field(
        default="web",
        description="`web` can change its keys; `key` is one key for ever.",
        examples=["web"],
    )
    key_type: KeyType = Field(
        default=KeyType.ED25519, description="Of a `key` issuer's only key; for `key` alone."
    )


class NewKey(Body):
    """A signing key to make."""

    type: KeyType = Field(
        default=KeyType.ED25519, description="RSA signs `ob-jwt-rs256` and nothing else."
    )


class NewApiKey(Body):
    """An API key to give out."""

    role: Role = Field(examples=["issuer"])
    issuer_id: Id | None = Field(default=None, description="For the role issuer, and only then.")
    label: Line = Field(description="For whom; no personal data.", examples=["student office"])
    expires_at: Instant | None = Field(default=None, description="In a year unless given.")


class KeyAnswer(BaseModel):
    """A key that signs from now on."""

    key: str = Field(examples=["z6Mk…"])
    verification_method: str = Field(examples=["did:web:…#z6Mk…"])


class ApiKeyAnswer(BaseModel):
    """An API key without its secret."""

    key_id: str = Field(examples=["0f1e2d3c4b5a6978"])
    role: Role
    issuer_id: str | None
    label: str
    created_at: str
    expires_at: str
    withdrawn_at: str | None


class NewApiKeyAnswer(ApiKeyAnswer):
    """An API key with its token, shown this once."""

    token: str = Field(examples=["rk_0f1e2d3c4b5a6978_…"])


class ApiKeysAnswer(BaseModel):
    """Every API key, newest first."""

    items: list[ApiKeyAnswer]


class AccessLogEntry(BaseModel):
    """A refused access."""

    entry_id: int
    at: str
    actor: str = Field(description='An API key\'s id or "anonymous".')
    method: str
    path: str
    status: int
    reason: str
    request_id: str


class AccessLogAnswer(BaseModel):
    """Refused accesses, oldest first."""

    items: list[AccessLogEntry]
    next: int | None = Field(description="Pass it as `after`; null at the end.")


@router.post("/issuers", status_code=201, responses=refusals(401, 403, 422))
def register_issuer(
    new: NewIssuer, response: Response, caller: Creating, registry: Serving, _: Operator
) -> IssuerAnswer:
    """Admit an organisation that issues credentials."""
    organisation = Organisation(
        new.name.pl,
        new.name.en,
        new.country,
        new.url,
        did_method=new.did_method,
        key_type=new.key_type,
    )
    issuer = registry.application.register_issuer(caller, organisation)
    response.headers["Location"] = f"/v1/issuers/{issuer.id}"
    response.headers.update(etag(issuer.version))
    return issuer_answer(issuer)


@router.get("/issuers", responses=refusals(401, 403, 422))
def list_issuers(
    registry: Serving,
    _: Supervisor,
    cursor: Annotated[Cursor | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 50,
) -> Listing[IssuerAnswer]:
    """List issuers, newest first."""
    page = queries.issuers(registry.database, Window(limit, cursor))
    issuers = [registry.application.issuer(row["issuer_id"]) for row in page.rows]
    return Listing(items=[issuer_answer(issuer) for issuer in issuers], next=page.next)


@router.get("/issuers/{issuer_id}", responses=refusals(401, 403, 404))
def read_issuer(
    issuer_id: Id, response: Response, registry: Serving, _: Supervisor
) -> IssuerAnswer:
    """Read an issuer."""
    issuer = registry.application.issuer(issuer_id)
    response.headers.update(etag(issuer.version))
    return issuer_answer(issuer)


@router.post(
    "/issuers/{issuer_id}/keys", status_code=201, responses=refusals(401, 403, 404, 409, 412, 422)
)
def add_key(
    issuer_id: Id,
    caller: Changing,
    registry: Serving,
    _: Operator,
    new: NewKey | None = None,
) -> KeyAnswer:
    """Make a key that signs from now on; earlier ones stay good until they are retired."""
    key_type = new.type if new is not None else KeyType.ED25519
    key = registry.application.add_signing_key(caller, issuer_id, key_type)
    method = registry.application.issuer(issuer_id).keys[key]
    return KeyAnswer(key=key, verification_method=method)


@router.post("/issuers/{issuer_id}/keys/{key}/retire", responses=refusals(401, 403, 404, 409, 412))
def retire_key(
    issuer_id: Id, key: str, response: Response, caller: Changing, registry: Serving, _: Operator
) -> IssuerAnswer:
    """Sign no more with a key; what it signed stays good."""
    issuer = registry.application.retire_signing_key(caller, issuer_id, key)
    response.headers.update(etag(issuer.version))
    return issuer_answer(issuer)


@router.post("/api-keys", status_code=201, responses=refusals(401, 403, 404, 422))
def create_api_key(new: NewApiKey, registry: Serving, _: Operator) -> NewApiKeyAnswer:
    """Give out an API key. Its token is in this answer alone, so a repeat makes another key.

    An operator's is given out on the command line alone: whoever had two could be both pairs of
    eyes that an erasure needs.
    """
    if new.role is Role.OPERATOR:
        raise RoleError(
            "an operator makes no other operator over HTTP",
            remedy="run on the registry's machine: registry api-key create --role operator",
        )
    at = now()
    if new.issuer_id is not None:
        registry.application.issuer(new.issuer_id)
    key, token = registry.api_keys.create(
        new.role,
        issuer_id=new.issuer_id,
        label=new.label,
        at=instant(at),
        expires_at=instant(new.expires_at or at + DEFAULT_LIFETIME),
    )
    return NewApiKeyAnswer(**vars(key), token=token)


@router.get("/api-keys", responses=refusals(401, 403))
def list_api_keys(registry: Serving, _: Operator) -> ApiKeysAnswer:
    """List every API key, without secrets."""
    return ApiKeysAnswer(items=[_api_key_answer(key) for key in registry.api_keys.all()])


@router.post("/api-keys/{key_id}/withdraw", status_code=204, responses=refusals(401, 403, 404))
def withdraw_api_key(key_id: Id, registry: Serving, _: Operator) -> None:
    """End an API key now."""
    registry.api_keys.withdraw(key_id, at=instant(now()))


@router.get("/access-log", tags=["auditors"], responses=refusals(401, 403, 422))
def read_access_log(
    registry: Serving,
    _: Supervisor,
    after: Annotated[int, Query(ge=0, le=2**53, description="The last entry seen.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most.")] = 100,
) -> AccessLogAnswer:
    """Read refused accesses, oldest first."""
    found = registry.access_log.after(after, limit=limit)
    items = [AccessLogEntry(entry_id=number, **vars(refusal)) for number, refusal in found]
    return AccessLogAnswer(items=items, next=items[-1].entry_id if len(items) == limit else None)


def _api_key_answer(key: ApiKey) -> ApiKeyAnswer:
    return ApiKeyAnswer(**vars(key))
