"""What an issuer does with credentials: issue, find, suspend, reinstate, revoke, supersede."""

import json
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response
from pydantic import BaseModel, Field

from api import values
from api.answers import (
    CredentialAnswer,
    IssuedAnswer,
    Listing,
    credential_answer,
    credential_row_answer,
    etag,
)
from api.auth import ActingIssuer, Changing, Creating, Reader, Serving
from api.bootstrap import Registry
from api.clock import nonce, now
from api.errors import UnknownLearnerError
from api.imports import imported_orders
from api.learners import (
    LearnerBody,
    NewCredential,
    Replacement,
    challenge_digest,
    check_possession,
    order_of,
)
from api.requests import CsvRoute, GuardedRoute
from api.responses import refusals
from api.values import Id, Instant
from projections import queries
from projections.queries import CredentialFilter, Window
from projections.transparency.errors import TransparencyError
from projections.transparency.receipts import NotLoggedYetError
from registry.domain.credential import Credential, Status
from registry.domain.errors import InvalidValueError
from registry.domain.instants import instant
from registry.formats.securing import VC, as_json
from registry.formats.vc_jwt import JWT, VC_JWT
from registry.issuing import Issued
from registry.possession import LIFETIME, make_challenge
from registry.requests import StatusChange
from registry.store.api_keys import Principal, Role

router = APIRouter(prefix="/v1", tags=["credentials"], route_class=GuardedRoute)
imports = APIRouter(prefix="/v1", tags=["credentials"], route_class=CsvRoute)

DOCUMENTS: dict[str, dict[str, object]] = {media_type: {} for media_type in (VC, VC_JWT, JWT)}


class Reasons(values.Body):
    """Why and since when a status changes."""

    reason: str = Field(
        max_length=40, description="A reason code of the issuer.", examples=["misconduct"]
    )
    note: values.Passage | None = Field(
        default=None, description="For the issuer alone, encrypted; history has its keyed digest."
    )
    effective_at: Instant | None = Field(
        default=None, description="Since when it holds in the world; not in the future."
    )


class Suspension(Reasons):
    """Why a credential is suspended, and until when."""

    until: Instant | None = Field(default=None, description="When it ends by itself.")


class LookedUp(values.Body):
    """A learner to look up."""

    learner: LearnerBody


class SubjectAnswer(BaseModel):
    """This issuer's reference of a learner."""

    subject_ref: str


class ChallengeAnswer(BaseModel):
    """What the learner's wallet signs."""

    challenge: str
    expires_at: str


class ImportedRow(BaseModel):
    """A credential issued for a row."""

    row: int = Field(description="The row's number, from 1, not counting the header.")
    credential_id: str


class ImportAnswer(BaseModel):
    """What was issued for a file."""

    credentials: list[ImportedRow]


class Search(values.Body):
    """Which credentials to find."""

    issuer_id: Id | None = Field(
        default=None,
        description="For auditors, operators and custodians; any other issuer finds its own.",
    )
    achievement_id: Id | None = None
    status: Status | None = None
    subject_ref: Id | None = None
    issued_from: Instant | None = Field(default=None, description="Inclusive.")
    issued_until: Instant | None = Field(default=None, description="Exclusive.")
    cursor: values.Cursor | None = None
    limit: values.Limit = 50


@router.post(
    "/credentials",
    status_code=201,
    response_model=IssuedAnswer,
    responses=refusals(401, 403, 404, 409, 410, 422),
)
def issue_credential(
    new: NewCredential, asker: ActingIssuer, caller: Creating, registry: Serving
) -> Response:
    """Issue a credential."""
    check_possession(new.learner, asker, registry)
    order = order_of(new, new.achievement_id, new.supersedes)
    [issued] = registry.application.issue(caller, asker.issuer_id, [order])
    return _issued(issued, registry)


@imports.post(
    "/credentials/import", status_code=201, responses=refusals(401, 403, 404, 409, 415, 422)
)
def import_credentials(
    file: Annotated[bytes, Body(media_type="text/csv")],
    achievement_id: Annotated[Id, Query(description="What the rows are issued for.")],
    asker: ActingIssuer,
    caller: Creating,
    registry: Serving,
) -> ImportAnswer:
    """Issue a credential for each row of a CSV file, or none for any."""
    orders = imported_orders(file, asker.issuer_id, achievement_id, registry=registry)
    issued = registry.application.issue(caller, asker.issuer_id, orders)
    rows = [
        ImportedRow(row=number, credential_id=str(one.credential.id))
        for number, one in enumerate(issued, start=1)
    ]
    return ImportAnswer(credentials=rows)


@router.get("/credentials", responses=refusals(401, 403, 422))
def find_credentials(
    search: Annotated[Search, Query()], asker: Reader, registry: Serving
) -> Listing[CredentialAnswer]:
    """Find credentials, newest first: an issuer its own, an auditor or operator anybody's."""
    wanted = CredentialFilter(
        issuer_id=_searched(search.issuer_id, asker, registry),
        achievement_id=search.achievement_id,
        status=search.status,
        subject_ref=search.subject_ref,
        issued_from=_written(search.issued_from),
        issued_until=_written(search.issued_until),
    )
    page = queries.credentials(registry.database, wanted, Window(search.limit, search.cursor))
    items = [credential_row_answer(row, public_url=registry.public_url) for row in page.rows]
    return Listing(items=items, next=page.next)


@router.post("/subjects/lookup", responses=refusals(401, 403, 404, 422))
def look_up_subject(body: LookedUp, asker: ActingIssuer, registry: Serving) -> SubjectAnswer:
    """Find the issuer's reference of a learner; a POST, so that no URL names a person."""
    check_possession(body.learner, asker, registry)
    person = body.learner.learner().person()
    reference = registry.vault.find_reference(asker.issuer_id, person)
    if reference is None:
        raise UnknownLearnerError("nothing was issued to this learner", field="learner")
    return SubjectAnswer(subject_ref=reference)


@router.post("/subject-challenges", status_code=201, responses=refusals(401, 403))
def make_subject_challenge(asker: ActingIssuer, registry: Serving) -> ChallengeAnswer:
    """Make a challenge that a learner's wallet signs to prove its did:key."""
    expires_at = (now() + LIFETIME).replace(microsecond=0)
    challenge = make_challenge(
        asker.issuer_id,
        expires_at=expires_at,
        nonce=nonce(),
        digest=challenge_digest(asker, registry),
    )
    return ChallengeAnswer(challenge=challenge, expires_at=instant(expires_at))


@router.get("/credentials/{credential_id}", responses=refusals(401, 403, 404))
def read_credential(
    credential_id: Id, asker: Reader, response: Response, registry: Serving
) -> CredentialAnswer:
    """Read a credential, with its receipt once it is logged."""
    shown = _shown(readable(credential_id, asker, registry), response, registry)
    return shown.model_copy(update={"receipt": _receipt(credential_id, registry)})


@router.get(
    "/credentials/{credential_id}/document",
    response_class=Response,
    responses=refusals(401, 403, 404, 410)
    | {200: {"description": "The signed badge.", "content": DOCUMENTS}},
)
def read_document(credential_id: Id, asker: ActingIssuer, registry: Serving) -> Response:
    """Read the signed badge, JSON in its RFC 8785 form or a compact JWT."""
    issued = registry.application.issued(asker.issuer_id, credential_id)
    return Response(issued.document, headers={"Content-Type": issued.media_type})


@router.post(
    "/credentials/{credential_id}/suspend",
    response_model=CredentialAnswer,
    responses=refusals(401, 403, 404, 409, 412, 422),
)
def suspend_credential(
    credential_id: Id,
    body: Suspension,
    asker: ActingIssuer,
    caller: Changing,
    registry: Serving,
) -> Response:
    """Suspend a credential, for good or until a moment that has yet to come."""
    change = StatusChange(body.reason, body.note, body.effective_at, body.until)
    seen = registry.application.custody.changeable(asker.issuer_id, credential_id)
    changed = registry.application.suspend(caller, seen.owner_id, credential_id, change, seen=seen)
    return _changed(changed, registry)


@router.post(
    "/credentials/{credential_id}/reinstate",
    response_model=CredentialAnswer,
    responses=refusals(401, 403, 404, 409, 412, 422),
)
def reinstate_credential(
    credential_id: Id,
    body: Reasons,
    asker: ActingIssuer,
    caller: Changing,
    registry: Serving,
) -> Response:
    """End a suspension."""
    change = StatusChange(body.reason, body.note, body.effective_at)
    seen = registry.application.custody.changeable(asker.issuer_id, credential_id)
    changed = registry.application.reinstate(
        caller, seen.owner_id, credential_id, change, seen=seen
    )
    return _changed(changed, registry)


@router.post(
    "/credentials/{credential_id}/revoke",
    response_model=CredentialAnswer,
    responses=refusals(401, 403, 404, 409, 412, 422),
)
def revoke_credential(
    credential_id: Id,
    body: Reasons,
    asker: ActingIssuer,
    caller: Changing,
    registry: Serving,
) -> Response:
    """Revoke a credential for ever."""
    change = StatusChange(body.reason, body.note, body.effective_at)
    seen = registry.application.custody.changeable(asker.issuer_id, credential_id)
    changed = registry.application.revoke(caller, seen.owner_id, credential_id, change, seen=seen)
    return _changed(changed, registry)


@router.post(
    "/credentials/{credential_id}/supersede",
    status_code=201,
    response_model=IssuedAnswer,
    responses=refusals(401, 403, 404, 409, 410, 422),
)
def supersede_credential(
    credential_id: Id,
    new: Replacement,
    asker: ActingIssuer,
    caller: Creating,
    registry: Serving,
) -> Response:
    """Issue a credential in the place of another, which is revoked in the same step."""
    old = registry.application.credential(asker.issuer_id, credential_id)
    check_possession(new.learner, asker, registry)
    achievement_id = new.achievement_id or old.issuance.achievement_id
    if achievement_id is None:
        raise InvalidValueError(
            "the credential has no achievement to issue again", field="achievement_id"
        )
    order = order_of(new, achievement_id, credential_id)
    [issued] = registry.application.issue(caller, asker.issuer_id, [order])
    return _issued(issued, registry)


def _written(moment: datetime | None) -> str | None:
    return instant(moment) if moment is not None else None


def _searched(issuer_id: str | None, asker: Principal, registry: Registry) -> str | None:
    """Return whose credentials are searched: an issuer's own, unless it is custodian of others."""
    if asker.role is not Role.ISSUER:
        return issuer_id
    own_id = asker.issuer_id or ""
    if issuer_id is None or not registry.application.custody.is_custodian(own_id, issuer_id):
        return own_id
    return issuer_id


def readable(credential_id: str, asker: Principal, registry: Registry) -> Credential:
    """Return a credential that the asker may read, also as custodian.

    Raises UnknownCredentialError.
    """
    if asker.role is Role.ISSUER:
        return registry.application.custody.readable(asker.issuer_id or "", credential_id)
    return registry.application.any_credential(credential_id)


def _shown(credential: Credential, response: Response, registry: Registry) -> CredentialAnswer:
    response.headers.update(etag(credential.version))
    return credential_answer(credential, public_url=registry.public_url)


def _changed(credential: Credential, registry: Registry) -> Response:
    """Answer at once: the framework would send what it is to put into JSON to a thread."""
    shown = credential_answer(credential, public_url=registry.public_url)
    headers = etag(credential.version)
    return Response(shown.model_dump_json(), headers=headers, media_type="application/json")


def _receipt(credential_id: str, registry: Registry) -> str | None:
    """Return the receipt, None where there is none yet; the log's own troubles hinder nobody."""
    try:
        return registry.receipts.for_credential(credential_id).to_text()
    except (NotLoggedYetError, TransparencyError):
        return None


def _issued(issued: Issued, registry: Registry) -> Response:
    """Answer with the document as it was signed, byte for byte, or with the JWT's envelope."""
    shown = credential_answer(issued.credential, public_url=registry.public_url)
    credential = shown.model_dump_json().encode()
    document = issued.document
    if issued.media_type != VC:
        document = json.dumps(as_json(document, issued.media_type)).encode()
    body = b'{"credential":' + credential + b',"document":' + document + b"}"
    location = {"Location": f"/v1/credentials/{issued.credential.id}"}
    headers = location | etag(issued.credential.version)
    return Response(body, 201, headers=headers, media_type="application/json")
