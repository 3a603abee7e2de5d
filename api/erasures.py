"""Erasing over HTTP, by four eyes: one operator asks, another confirms; and what forbids it."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy import RowMapping

from api.answers import IssuerAnswer, Listing, etag, issuer_answer
from api.auth import Changing, Creating, Operator, Serving, Supervisor
from api.requests import GuardedRoute
from api.responses import refusals
from api.values import Body, Cursor, Id, Instant, Limit, Line
from projections import erasures
from projections.queries import Window
from registry.domain.erasure import DeclineReason, Erasure, ErasureReason, ErasureState
from registry.domain.legal_hold import HoldReason, LegalHold, LiftReason

router = APIRouter(prefix="/v1", tags=["operators"], route_class=GuardedRoute)


class NewErasure(Body):
    """Whom to erase, and why."""

    subject_ref: Id = Field(description="An issuer's reference of the learner.")
    person: bool = Field(
        default=False, description="At every issuer that knows the person by this identifier."
    )
    reason: ErasureReason = Field(description="A code; the history keeps it for ever.")


class Declining(Body):
    """Why an erasure is declined."""

    reason: DeclineReason = Field(description="A code; the history keeps it for ever.")


class NewHold(Body):
    """Whom not to erase, why, and until when."""

    subject_ref: Id = Field(description="An issuer's reference of the learner.")
    reason: HoldReason = Field(description="A code; the history keeps it for ever.")
    until: Instant | None = Field(default=None, description="Until it is lifted, unless given.")


class Lifting(Body):
    """Why a hold is lifted."""

    reason: LiftReason = Field(description="A code; the history keeps it for ever.")


class RetentionDuty(Body):
    """How long the law makes an issuer keep each document."""

    days: int = Field(ge=0, le=36_525, description="From its issuance; 0 ends the duty.")
    legal_basis: Line = Field(
        description="The provision, as a refused learner is told it.",
        examples=["kategoria archiwalna B50"],
    )


class ErasureAnswer(BaseModel):
    """An erasure of one learner at one issuer."""

    erasure_id: str
    issuer_id: str
    subject_ref: str
    reason: ErasureReason
    state: ErasureState = Field(
        description="pending: nothing can be read any more, but files may still hold the bytes."
    )
    requested_at: str
    decided_at: str | None
    completed_at: str | None
    version: int


class ErasuresAnswer(BaseModel):
    """What was asked for: one erasure, or one for each issuer that knows the person."""

    items: list[ErasureAnswer]


class HoldAnswer(BaseModel):
    """What holds a learner's data."""

    subject_ref: str
    reason: HoldReason | None = Field(description="Null: nothing holds it.")
    placed_at: str | None
    until: str | None = Field(description="Null: until it is lifted.")
    version: int


def erasure_answer(erasure: Erasure) -> ErasureAnswer:
    """Show an erasure."""
    names = ErasureAnswer.model_fields.keys() - {"erasure_id"}
    own = {name: getattr(erasure, name) for name in names}
    return ErasureAnswer(erasure_id=str(erasure.id), **own)


def erasure_row(row: RowMapping) -> ErasureAnswer:
    """Show a row of the erasures' view."""
    return ErasureAnswer(**{name: row[name] for name in ErasureAnswer.model_fields})


@router.post("/erasures", status_code=201, responses=refusals(401, 403, 404, 409, 422))
def request_erasure(
    new: NewErasure, caller: Creating, registry: Serving, _: Operator
) -> ErasuresAnswer:
    """Ask that a learner be erased; another operator confirms each, or declines."""
    erasing = registry.erasing
    if new.person:
        asked = erasing.request_everywhere(caller, new.subject_ref, new.reason)
    else:
        asked = [erasing.request(caller, new.subject_ref, new.reason)]
    return ErasuresAnswer(items=[erasure_answer(erasure) for erasure in asked])


@router.get("/erasures", responses=refusals(401, 403, 422))
def list_erasures(
    registry: Serving,
    _: Supervisor,
    state: Annotated[ErasureState | None, Query(description="In this state only.")] = None,
    cursor: Annotated[Cursor | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 50,
) -> Listing[ErasureAnswer]:
    """List erasures, newest first."""
    page = erasures.page(registry.database, Window(limit, cursor), state=state)
    return Listing(items=[erasure_row(row) for row in page.rows], next=page.next)


@router.get("/erasures/{erasure_id}", responses=refusals(401, 403, 404))
def read_erasure(
    erasure_id: Id, response: Response, registry: Serving, _: Supervisor
) -> ErasureAnswer:
    """Read an erasure."""
    return _shown(registry.erasing.erasure(erasure_id), response)


@router.post("/erasures/{erasure_id}/confirm", responses=refusals(401, 403, 404, 409, 412))
def confirm_erasure(
    erasure_id: Id, response: Response, caller: Changing, registry: Serving, _: Operator
) -> ErasureAnswer:
    """Agree with another operator's request: on return nothing can be read any more."""
    return _shown(registry.erasing.confirm(caller, erasure_id), response)


@router.post("/erasures/{erasure_id}/decline", responses=refusals(401, 403, 404, 409, 412, 422))
def decline_erasure(
    erasure_id: Id,
    body: Declining,
    response: Response,
    caller: Changing,
    registry: Serving,
    _: Operator,
) -> ErasureAnswer:
    """Refuse a request; nothing is erased."""
    return _shown(registry.erasing.decline(caller, erasure_id, body.reason), response)


@router.post("/legal-holds", status_code=201, responses=refusals(401, 403, 404, 409, 412, 422))
def place_hold(
    new: NewHold, response: Response, caller: Changing, registry: Serving, _: Operator
) -> HoldAnswer:
    """Forbid that a learner is erased."""
    hold = registry.erasing.place_hold(caller, new.subject_ref, new.reason, until=new.until)
    response.headers["Location"] = f"/v1/legal-holds/{new.subject_ref}"
    return _shown_hold(hold, response)


@router.get("/legal-holds/{subject_ref}", responses=refusals(401, 403, 404))
def read_hold(subject_ref: Id, response: Response, registry: Serving, _: Supervisor) -> HoldAnswer:
    """Read what holds a learner's data."""
    return _shown_hold(registry.erasing.hold(subject_ref), response)


@router.post("/legal-holds/{subject_ref}/lift", responses=refusals(401, 403, 404, 409, 412, 422))
def lift_hold(
    subject_ref: Id,
    body: Lifting,
    response: Response,
    caller: Changing,
    registry: Serving,
    _: Operator,
) -> HoldAnswer:
    """Let a learner be erased again."""
    return _shown_hold(registry.erasing.lift_hold(caller, subject_ref, body.reason), response)


@router.post(
    "/issuers/{issuer_id}/retention-duty", responses=refusals(401, 403, 404, 409, 412, 422)
)
def set_retention_duty(
    issuer_id: Id,
    body: RetentionDuty,
    response: Response,
    caller: Changing,
    registry: Serving,
    _: Operator,
) -> IssuerAnswer:
    """Set how long an issuer's documents are kept whoever asks."""
    issuer = registry.erasing.set_retention_duty(
        caller, issuer_id, days=body.days, legal_basis=body.legal_basis
    )
    response.headers.update(etag(issuer.version))
    return issuer_answer(issuer)


def hold_answer(hold: LegalHold) -> HoldAnswer:
    """Show a hold."""
    reason = HoldReason(hold.reason) if hold.reason else None
    return HoldAnswer(
        subject_ref=str(hold.id),
        reason=reason,
        placed_at=hold.placed_at,
        until=hold.until,
        version=hold.version,
    )


def _shown_hold(hold: LegalHold, response: Response) -> HoldAnswer:
    response.headers.update(etag(hold.version))
    return hold_answer(hold)


def _shown(erasure: Erasure, response: Response) -> ErasureAnswer:
    response.headers.update(etag(erasure.version))
    return erasure_answer(erasure)
