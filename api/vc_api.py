"""The issuer's and the status service's part of the VC API (VCALM 1.0, "Issuing")."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from api import vc_api_publication as publication
from api.auth import Serving
from api.bootstrap import Registry
from api.errors import NotPublishedYetError
from api.oauth_tokens import ISSUE, STATUS, STATUS_LISTS
from api.responses import refusals
from api.values import Id
from api.vc_api_bodies import IssueBody, StatusBody, StatusListBody
from api.vc_api_route import VcApiRoute, counted_caller, issuer_with
from api.verifying_capacity import Capacity
from projections.publish_folder import jwt_name, list_name
from registry.commands import Caller
from registry.formats import securing, vc_jwt
from registry.issuance import list_url

router = APIRouter(prefix="/issuers/{issuer_id}", tags=["VC API"], route_class=VcApiRoute)


class IssueAnswer(BaseModel):
    """What was issued."""

    verifiableCredential: dict[str, Any] = Field(
        description="With its proof; a JWT comes as an EnvelopedVerifiableCredential."
    )


class StatusAnswer(BaseModel):
    """The status as it is now."""

    credentialId: str
    statusPurpose: str = Field(examples=["revocation"])
    status: bool


class StatusListAnswer(BaseModel):
    """A status list that was opened."""

    id: str = Field(description="The URL it is read from.")
    verifiableCredential: dict[str, Any] = Field(
        description="The list; a JWT comes as an EnvelopedVerifiableCredential."
    )


@router.post("/credentials/issue", status_code=201, responses=refusals(401, 403, 404, 409, 415))
def issue_credential(
    issuer_id: Id,
    body: IssueBody,
    registry: Serving,
    caller: Annotated[Caller, Depends(issuer_with(ISSUE))],
    request: Request,
) -> IssueAnswer:
    """Secure a credential as it was sent, with a status entry where the issuer's profile says so.

    Open to issuers that an operator has marked for generic issuing.
    """
    capacity: Capacity = request.app.state.generic_issuing
    with capacity.taken(counted_caller(request)):
        issued = registry.application.issue_credential(caller, issuer_id, body.order())
    # A verifier who is faster than the publisher would find no list.
    publication.wait_for_lists(registry.folder, issued.credential.issuance)
    credential = securing.as_json(issued.document, issued.media_type)
    return IssueAnswer(verifiableCredential=credential)


@router.post("/credentials/status", responses=refusals(401, 403, 404, 409, 415))
def change_status(
    issuer_id: Id,
    body: StatusBody,
    registry: Serving,
    caller: Annotated[Caller, Depends(issuer_with(STATUS))],
) -> StatusAnswer:
    """Set or clear the status of a credential; what is so already stays so.

    A revoked credential stays revoked.
    """
    order = body.order()
    credential = registry.application.set_status(caller, issuer_id, order)
    # Who reads the list after this answer finds what it says.
    publication.wait_for_status(registry.folder, credential.issuance, order)
    return StatusAnswer(
        credentialId=body.credentialId,
        statusPurpose=body.credentialStatus.statusPurpose,
        status=body.status,
    )


@router.post("/status-lists", status_code=201, responses=refusals(401, 403, 404, 409, 415))
def open_status_list(
    issuer_id: Id,
    body: StatusListBody,
    response: Response,
    registry: Serving,
    caller: Annotated[Caller, Depends(issuer_with(STATUS_LISTS))],
) -> StatusListAnswer:
    """Open the next status list ahead of need, and answer once it is published.

    The registry opens lists by itself as they fill, so that nobody has to.
    """
    body.options.check()
    purpose = body.statusPurpose
    list_id = registry.application.open_status_list(caller, issuer_id, purpose)
    url = list_url(registry.public_url, list_id, purpose)
    response.headers["Location"] = url
    published = _published(registry, issuer_id, list_id, purpose=purpose)
    return StatusListAnswer(id=url, verifiableCredential=published)


def _published(registry: Registry, issuer_id: str, list_id: str, *, purpose: str) -> dict[str, Any]:
    """Return a list in the form its credentials have; raises NotPublishedYetError."""
    is_jwt = registry.application.issuer(issuer_id).generic_profile().mechanism.is_jwt
    name = (jwt_name if is_jwt else list_name)(list_id, purpose)
    body = publication.published(registry.folder, name)
    if body is None:
        raise NotPublishedYetError(
            "the list is open, and its publication takes longer than usual",
            remedy="read it at its URL in a while; it need not be opened again",
        )
    return securing.as_json(body, vc_jwt.VC_JWT if is_jwt else securing.VC)
