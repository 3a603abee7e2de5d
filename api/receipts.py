"""Receipts: proofs that a credential's issuance, or a list's publication, stands in the log."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.auth import Reader, Serving
from api.bootstrap import Registry
from api.credentials import readable
from api.errors import UnpublishedError
from api.requests import GuardedRoute, OpenRoute
from api.responses import refusals
from api.values import Id, Purpose, VersionNumber
from projections.publish_folder import list_name
from registry.domain.status_list import publication_id
from registry.formats.tlog.proofs import Proof

router = APIRouter(prefix="/v1", tags=["credentials"], route_class=GuardedRoute)
public = APIRouter(tags=["public"], route_class=OpenRoute)

PLAIN = "text/plain; charset=utf-8"
DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: {"description": "A C2SP tlog-proof.", "content": {"text/plain": {}}}
}


@router.get(
    "/credentials/{credential_id}/receipt",
    response_class=Response,
    responses=refusals(401, 403, 404) | DESCRIBED,
)
def read_receipt(credential_id: Id, asker: Reader, registry: Serving) -> Response:
    """Read the proof that the credential's issuance stands in the transparency log.

    It is refused with 503 and `Retry-After` until a checkpoint that counts covers the issuance: a
    second after issuing, or ten where witnesses must have cosigned it.
    """
    readable(credential_id, asker, registry)
    proof = registry.receipts.for_credential(credential_id)
    name = f'attachment; filename="{credential_id}.tlog-proof"'
    return _answer(proof, {"Content-Disposition": name})


@public.get(
    "/status-lists/{list_id}/{purpose}/receipt",
    response_class=Response,
    responses=refusals(404, 422) | DESCRIBED,
)
def read_list_receipt(
    list_id: Id,
    purpose: Purpose,
    registry: Serving,
    version: Annotated[
        VersionNumber | None, Query(description="The one that is served now unless given.")
    ] = None,
) -> Response:
    """Read the proof that a version of a status list was published as it is.

    Open to everyone: it holds the version's digest and dates, and none of its bits.
    """
    number = version or _served(registry, list_name(list_id, purpose))
    proof = registry.receipts.for_event(publication_id(list_id, purpose), number)
    # A receipt of now beside a list of a minute ago would be of no use to anybody.
    return _answer(proof, {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache"})


def _served(registry: Registry, name: str) -> int:
    current = registry.folder.current(name)
    if current is None:
        raise UnpublishedError("nothing is published under this name")
    return current.version


def _answer(proof: Proof, headers: dict[str, str]) -> Response:
    return Response(proof.to_text(), headers=headers | {"Content-Type": PLAIN})
