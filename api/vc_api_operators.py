"""What operators do for the VC API: let an issuer secure credentials of any kind."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import Field

from api.answers import IssuerAnswer, etag, issuer_answer
from api.auth import Changing, Operator, Serving
from api.requests import GuardedRoute
from api.responses import refusals
from api.values import Body, Id
from registry.domain.profiles import GenericProfile
from registry.domain.securing import Mechanism

router = APIRouter(prefix="/v1", tags=["operators"], route_class=GuardedRoute)


class GenericIssuingBody(Body):
    """How an issuer's generic credentials are secured, and which status entries they get."""

    cryptosuite: Mechanism = Field(
        description="The securing mechanism; the issuer needs a key of its type.",
        examples=["eddsa-rdfc-2022"],
    )
    purposes: list[Literal["revocation", "suspension"]] = Field(
        default=["revocation", "suspension"],
        max_length=2,
        description="The status entries each credential gets; [] for none.",
        examples=[["revocation", "suspension"]],
    )


@router.put(
    "/issuers/{issuer_id}/generic-issuing", responses=refusals(401, 403, 404, 409, 412, 415, 422)
)
def open_generic_issuing(
    issuer_id: Id,
    body: GenericIssuingBody,
    response: Response,
    caller: Changing,
    registry: Serving,
    _: Operator,
) -> IssuerAnswer:
    """Let an issuer secure any credential by the VC API, or change how it does.

    Annex I of Recommendation 2022/C 243/02 binds what is issued for achievements, not what is
    issued here: an operator marks only issuers that may do so.
    """
    profile = GenericProfile(body.cryptosuite, tuple(dict.fromkeys(body.purposes)))
    issuer = registry.application.open_generic_issuing(caller, issuer_id, profile)
    response.headers.update(etag(issuer.version))
    return issuer_answer(issuer)
