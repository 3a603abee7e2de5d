"""What operators record of organisations and keys: compromised, renamed, succeeded, closed."""

from fastapi import APIRouter, Response
from pydantic import Field

from api.answers import IssuerAnswer, etag, issuer_answer
from api.auth import Changing, Operator, Serving, Supervisor
from api.compromises import CompromiseAnswer, compromise_answer, compromise_reports
from api.requests import GuardedRoute
from api.responses import refusals
from api.values import Body, BothLanguages, Id, Instant, Url
from registry.domain.issuer import EndReason, Issuer

router = APIRouter(prefix="/v1", tags=["operators"], route_class=GuardedRoute)


class Compromise(Body):
    """Since when others may have held a key."""

    since: Instant = Field(description="The earliest moment at which they may have; not to come.")


class Renaming(Body):
    """How an organisation is called from now on."""

    name: BothLanguages
    url: Url = Field(description="Its own site.", examples=["https://uczelnia.example"])


class Alias(Body):
    """Another URI of the same organisation."""

    also_known_as: str = Field(
        max_length=500,
        description="A DID or an https URL; it stands in the DID document as `alsoKnownAs`.",
        examples=["https://dawna-nazwa.example"],
    )


class Succession(Body):
    """Who carries on."""

    successor_id: Id = Field(description="Another issuer of this registry.")
    reason: EndReason = Field(examples=["merged"])


class Closure(Body):
    """Why an issuer closes, and who changes statuses from then on."""

    custodian_id: Id | None = Field(
        default=None, description="Another issuer of this registry; none: operators alone."
    )
    reason: EndReason = Field(examples=["closed-down"])


@router.post(
    "/issuers/{issuer_id}/keys/{key}/compromise",
    responses=refusals(401, 403, 404, 409, 412, 422),
)
def compromise_key(
    issuer_id: Id,
    key: str,
    new: Compromise,
    response: Response,
    caller: Changing,
    registry: Serving,
    _: Operator,
) -> IssuerAnswer:
    """Record that others may have held a key: it leaves the DID document and signs nothing more.

    Where no other key of its type signs, the next one is made at once. The lists it signed are
    signed anew by the next key. What it signed no longer verifies, whenever that was.
    """
    changes = registry.application.issuer_changes
    issuer = changes.compromise_key(caller, issuer_id, key, since=new.since)
    return _shown(issuer, response)


@router.get(
    "/issuers/{issuer_id}/keys/{key}/compromise",
    tags=["auditors"],
    responses=refusals(401, 403, 404),
)
def read_compromise(issuer_id: Id, key: str, registry: Serving, _: Supervisor) -> CompromiseAnswer:
    """Report what a key signed, and what of it is proved to be older than its compromise.

    Every issuance there ever was is looked at, so a large history takes its time.
    """
    issuer = registry.application.issuer(issuer_id)
    issuer.check_known(key)
    return compromise_answer(compromise_reports(registry).report(issuer, key))


@router.post("/issuers/{issuer_id}/rename", responses=refusals(401, 403, 404, 412, 422))
def rename_issuer(
    issuer_id: Id,
    new: Renaming,
    response: Response,
    caller: Changing,
    registry: Serving,
    _: Operator,
) -> IssuerAnswer:
    """Record another name or site; the DID and what was issued stay as they are."""
    changes = registry.application.issuer_changes
    issuer = changes.rename(
        caller, issuer_id, name_pl=new.name.pl, name_en=new.name.en, url=new.url
    )
    return _shown(issuer, response)


@router.post("/issuers/{issuer_id}/aliases", responses=refusals(401, 403, 404, 409, 412, 422))
def add_alias(
    issuer_id: Id,
    new: Alias,
    response: Response,
    caller: Changing,
    registry: Serving,
    _: Operator,
) -> IssuerAnswer:
    """Record another URI of the same organisation."""
    changes = registry.application.issuer_changes
    return _shown(changes.add_alias(caller, issuer_id, new.also_known_as), response)


@router.post("/issuers/{issuer_id}/succeed", responses=refusals(401, 403, 404, 412, 422))
def succeed_issuer(
    issuer_id: Id,
    new: Succession,
    response: Response,
    caller: Changing,
    registry: Serving,
    _: Operator,
) -> IssuerAnswer:
    """Name the issuer that carries on what this one did."""
    changes = registry.application.issuer_changes
    issuer = changes.succeed(caller, issuer_id, new.successor_id, reason=new.reason)
    return _shown(issuer, response)


@router.post("/issuers/{issuer_id}/close", responses=refusals(401, 403, 404, 409, 412, 422))
def close_issuer(
    issuer_id: Id,
    new: Closure,
    response: Response,
    caller: Changing,
    registry: Serving,
    _: Operator,
) -> IssuerAnswer:
    """End an issuer's issuing; its lists and its DID document stay served."""
    changes = registry.application.issuer_changes
    issuer = changes.close(caller, issuer_id, custodian_id=new.custodian_id, reason=new.reason)
    return _shown(issuer, response)


def _shown(issuer: Issuer, response: Response) -> IssuerAnswer:
    response.headers.update(etag(issuer.version))
    return issuer_answer(issuer)
