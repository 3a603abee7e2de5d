"""Evidence: what the registry knows of one credential, in a file that others check alone."""

from typing import Any

from fastapi import APIRouter, Response

from api.auth import Reader, Serving
from api.bootstrap import Registry
from api.clock import now
from api.credentials import readable
from api.opening import open_log_keys
from api.requests import GuardedRoute
from api.responses import refusals
from api.values import Id
from projections.evidence.making import EvidenceMaker
from projections.past.past_lists import PastLists

router = APIRouter(prefix="/v1", tags=["credentials"], route_class=GuardedRoute)

ZIP = "application/zip"
DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: {"description": "A ZIP archive with a README.", "content": {ZIP: {}}}
}


@router.get(
    "/credentials/{credential_id}/evidence",
    response_class=Response,
    responses=refusals(401, 403, 404) | DESCRIBED,
)
def read_evidence(credential_id: Id, asker: Reader, registry: Serving) -> Response:
    """Read what proves a credential's whole history, to be checked with no registry at all.

    It holds the document, unless that was erased: personal data. It is refused with 503 and
    `Retry-After` until a checkpoint that counts covers the issuance.
    """
    readable(credential_id, asker, registry)
    archive = evidence_maker(registry).make(credential_id, at=now())
    headers = {
        "Content-Type": ZIP,
        "Content-Disposition": f'attachment; filename="{credential_id}.evidence.zip"',
        "Cache-Control": "no-store",
    }
    return Response(archive, headers=headers)


def evidence_maker(registry: Registry) -> EvidenceMaker:
    """Return what makes evidence of a registry's credentials."""
    settings, snapshot = registry.settings, registry.database.snapshot
    return EvidenceMaker(
        snapshot=snapshot,
        folder=registry.transparency.folder,
        receipts=registry.receipts,
        past_lists=PastLists(snapshot, registry.history, registry.folder, registry.public_url),
        document=registry.vault.document,
        open_keys=lambda: open_log_keys(settings),
        policy=settings.log_policy.read_bytes() if settings.log_policy else None,
    )
