"""The verifier's part of the VC API (VCALM 1.0, "Verifying"): credentials and presentations.

What is not valid, or cannot be told to be, is answered with 400 and `verified: false`: a client
that looks at the status alone never takes it for valid. VCALM has 200 for a credential that was
"successfully verified"; for presentations it would have 200 whatever came of it.
"""

from typing import Annotated, Any, NoReturn

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from api.clock import now
from api.errors import NotVerifiedError
from api.languages import ReaderLanguage
from api.oauth_tokens import VERIFY, VERIFY_PRESENTATION
from api.responses import refusals
from api.vc_api_route import VcApiRoute, counted_caller, reader_with
from api.verifying_bodies import (
    CredentialAnswer,
    PresentationAnswer,
    VerifyCredentialBody,
    VerifyPresentationBody,
)
from api.verifying_capacity import BoundedVerifier
from api.verifying_results import credential_members, presentation_members

router = APIRouter(tags=["VC API"], route_class=VcApiRoute)


def _verifier(request: Request) -> BoundedVerifier:
    verifier: BoundedVerifier = request.app.state.verifier
    return verifier


Verifying = Annotated[BoundedVerifier, Depends(_verifier)]
Counted = Annotated[str | None, Depends(counted_caller)]


@router.post(
    "/credentials/verify",
    response_model=CredentialAnswer,
    responses=refusals(401, 403, 415),
    dependencies=[Depends(reader_with(VERIFY))],
)
def verify_credential(
    body: VerifyCredentialBody, verifier: Verifying, caller: Counted, language: ReaderLanguage
) -> JSONResponse:
    """Verify a credential: form, words, issuer, proofs, period, status.

    One that is not valid, or cannot be told to be, is answered with 400: its body has the members
    of a problem and of this answer.
    """
    body.options.check()
    with verifier.lent(caller) as lent:
        report = lent.verify(body.document(), now=now())
    members = credential_members(report, body.options, language)
    if body.options.returnCredential:
        members["credential"] = body.verifiableCredential
    if not members["verified"]:
        _refuse("credential", members)
    return JSONResponse(members)


@router.post(
    "/presentations/verify",
    response_model=PresentationAnswer,
    responses=refusals(401, 403, 415),
    dependencies=[Depends(reader_with(VERIFY_PRESENTATION))],
)
def verify_presentation(
    body: VerifyPresentationBody, verifier: Verifying, caller: Counted, language: ReaderLanguage
) -> JSONResponse:
    """Verify a presentation and every credential in it.

    `challenge` and `domain` are compared with every proof; the holder must be whose key signed.
    One that is not valid is answered with 400, as a credential is.
    """
    options = body.options
    options.check()
    with verifier.lent(caller) as lent:
        report = lent.verify_presentation(
            body.document(), now=now(), challenge=options.challenge, domain=options.domain
        )
    members = presentation_members(report, options, language, given=body.given)
    if options.returnPresentation or options.returnCredential:
        members["verifiablePresentation"] = body.given
    if not members["verified"]:
        _refuse("presentation", members)
    return JSONResponse(members)


def _refuse(kind: str, members: dict[str, Any]) -> NoReturn:
    raise NotVerifiedError(f"the {kind} is {members['verdict']}", members=members)
