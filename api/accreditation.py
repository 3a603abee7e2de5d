"""Accreditation over HTTP: operators keep the decisions, everybody reads what came of them."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.accreditation_answers import (
    AccreditationAnswer,
    DecisionBody,
    NewAccreditationBody,
    NewSchemeBody,
    SchemeAnswer,
    SchemesAnswer,
    accreditation_answer,
    accreditation_row,
    scheme_answer,
    scheme_row,
    touched,
)
from api.answers import CredentialAnswer, Listing, credential_row_answer, etag
from api.auth import Changing, Creating, Operator, Reader, Serving, Supervisor
from api.bootstrap import Registry
from api.clock import now
from api.public import FOR_EVERYONE
from api.requests import GuardedRoute, OpenRoute
from api.responses import refusals
from api.standing import StandingAnswer, standing_answer
from api.values import Cursor, Id, Instant, Limit
from projections import queries, standings
from projections.queries import Window
from registry.accrediting import Accrediting, NewAccreditation, NewScheme
from registry.domain.accreditation import Accreditation
from registry.domain.errors import UnknownAccreditationError
from registry.store.api_keys import Principal, Role

router = APIRouter(prefix="/v1", tags=["accreditation"], route_class=GuardedRoute)
open_router = APIRouter(tags=["public"], route_class=OpenRoute)


def _accrediting(registry: Registry) -> Accrediting:
    return registry.application.accrediting


@router.post("/accreditation-schemes", status_code=201, responses=refusals(401, 403, 404, 409, 422))
def open_scheme(
    new: NewSchemeBody, response: Response, caller: Creating, registry: Serving, _: Operator
) -> SchemeAnswer:
    """Open a scheme: its accreditor decides from now on who is accredited under it."""
    wanted = NewScheme(new.name.pl, new.name.en, new.accreditor_id, new.url)
    scheme = _accrediting(registry).open_scheme(caller, wanted)
    response.headers.update(etag(scheme.version))
    return scheme_answer(scheme)


@router.get("/accreditation-schemes", responses=refusals(401, 403))
def list_schemes(registry: Serving, _: Reader) -> SchemesAnswer:
    """List every scheme."""
    with registry.database.reading() as connection:
        rows = standings.schemes(connection)
    return SchemesAnswer(items=[scheme_row(row) for row in rows])


@router.post(
    "/accreditation-schemes/{scheme_id}/accreditations",
    status_code=201,
    responses=refusals(401, 403, 404, 409, 422),
)
def grant(
    scheme_id: Id,
    new: NewAccreditationBody,
    response: Response,
    caller: Creating,
    registry: Serving,
    _: Operator,
) -> AccreditationAnswer:
    """Accredit an issuer; the accreditor's endorsement is issued in the same save."""
    wanted = NewAccreditation(new.issuer_id, new.scope, new.valid_from, new.valid_until)
    accreditation = _accrediting(registry).grant(caller, scheme_id, wanted)
    response.headers["Location"] = f"/v1/accreditations/{accreditation.id}"
    return _shown(accreditation, response, registry)


@router.get("/accreditations", responses=refusals(401, 403, 422))
def list_accreditations(
    registry: Serving,
    _: Supervisor,
    issuer_id: Annotated[Id | None, Query()] = None,
    scheme_id: Annotated[Id | None, Query()] = None,
    cursor: Annotated[Cursor | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 50,
) -> Listing[AccreditationAnswer]:
    """List accreditations, newest first."""
    window = Window(limit, cursor)
    page = standings.page(registry.database, window, issuer_id=issuer_id, scheme_id=scheme_id)
    items = [accreditation_row(row, public_url=registry.public_url) for row in page.rows]
    return Listing(items=items, next=page.next)


@router.get("/accreditations/{accreditation_id}", responses=refusals(401, 403, 404))
def read_accreditation(
    accreditation_id: Id, response: Response, registry: Serving, asker: Reader
) -> AccreditationAnswer:
    """Read an accreditation; an issuer reads its own."""
    return _shown(_readable(accreditation_id, asker, registry), response, registry)


@router.post(
    "/accreditations/{accreditation_id}/suspend",
    responses=refusals(401, 403, 404, 409, 412, 422),
)
def suspend(
    accreditation_id: Id,
    body: DecisionBody,
    response: Response,
    caller: Changing,
    registry: Serving,
    _: Operator,
) -> AccreditationAnswer:
    """Let an accreditation, and its endorsement, not count for now."""
    changed = _accrediting(registry).suspend(caller, accreditation_id, body.change())
    return _shown(changed, response, registry)


@router.post(
    "/accreditations/{accreditation_id}/reinstate",
    responses=refusals(401, 403, 404, 409, 412, 422),
)
def reinstate(
    accreditation_id: Id,
    body: DecisionBody,
    response: Response,
    caller: Changing,
    registry: Serving,
    _: Operator,
) -> AccreditationAnswer:
    """Let an accreditation, and its endorsement, count again."""
    changed = _accrediting(registry).reinstate(caller, accreditation_id, body.change())
    return _shown(changed, response, registry)


@router.post(
    "/accreditations/{accreditation_id}/withdraw",
    responses=refusals(401, 403, 404, 409, 412, 422),
)
def withdraw(
    accreditation_id: Id,
    body: DecisionBody,
    response: Response,
    caller: Changing,
    registry: Serving,
    _: Operator,
) -> AccreditationAnswer:
    """End an accreditation for ever; what the issuer issued keeps its status."""
    changed = _accrediting(registry).withdraw(caller, accreditation_id, body.change())
    return _shown(changed, response, registry)


@router.get("/accreditations/{accreditation_id}/touched", responses=refusals(401, 403, 404, 409))
def list_touched(
    accreditation_id: Id,
    registry: Serving,
    asker: Reader,
    cursor: Annotated[Cursor | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 50,
) -> Listing[CredentialAnswer]:
    """List what the issuer issued since its suspension or withdrawal took effect, newest first.

    Nothing was changed about these credentials. Another accreditation of the issuer's may have
    counted at the time.
    """
    accreditation = _readable(accreditation_id, asker, registry)
    wanted = touched(accreditation)
    page = queries.credentials(registry.database, wanted, Window(limit, cursor))
    items = [credential_row_answer(row, public_url=registry.public_url) for row in page.rows]
    return Listing(items=items, next=page.next)


@open_router.get("/issuers/{issuer_id}/standing", responses=refusals(404, 422))
def read_standing(
    issuer_id: Id,
    response: Response,
    registry: Serving,
    at: Annotated[
        Instant | None, Query(description="Tell of this moment too, as is known now and then.")
    ] = None,
) -> StandingAnswer:
    """Read whether an issuer is accredited, now and in every period."""
    issuer = registry.application.issuer(issuer_id)
    registry.application.check_here(issuer_id)
    response.headers.update(FOR_EVERYONE)
    return standing_answer(
        registry.database,
        issuer,
        public_url=registry.public_url,
        enforced=registry.application.issuing_rule.enforced,
        now=now(),
        at=at,
    )


@open_router.get(
    "/accreditations/{accreditation_id}/endorsement",
    responses=refusals(404, 410) | {200: {"content": {"application/vc": {}}}},
    response_class=Response,
)
def read_endorsement(accreditation_id: Id, registry: Serving) -> Response:
    """Read the accreditor's signed EndorsementCredential about an issuer."""
    accreditation = _accrediting(registry).records.accreditation(accreditation_id)
    registry.application.check_here(accreditation.granted.issuer_id)
    issued = _accrediting(registry).endorsement(accreditation_id)
    return Response(issued.document, media_type=issued.media_type, headers=FOR_EVERYONE)


def _shown(
    accreditation: Accreditation, response: Response, registry: Registry
) -> AccreditationAnswer:
    response.headers.update(etag(accreditation.version))
    return accreditation_answer(accreditation, public_url=registry.public_url)


def _readable(accreditation_id: str, asker: Principal, registry: Registry) -> Accreditation:
    """Return an accreditation that the asker may read; raises UnknownAccreditationError."""
    accreditation = _accrediting(registry).records.accreditation(accreditation_id)
    if asker.role is Role.ISSUER and asker.issuer_id != accreditation.granted.issuer_id:
        raise UnknownAccreditationError("there is no such accreditation", field="accreditation_id")
    return accreditation
