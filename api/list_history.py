"""Status lists as they were: which versions there were, and each again byte for byte."""

import re
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from api.answers import Listing, etag
from api.as_of import check_own_list
from api.auth import (
    Changing,
    Reader,
    Serving,
    authenticate,
    check_role,
    principal_of,
    registry_of,
    scopes_of,
)
from api.bootstrap import Registry
from api.clock import now
from api.errors import (
    ClosedHistoryError,
    NoSuchResourceError,
    NotAcceptableError,
    PastListError,
    ScopeError,
)
from api.negotiation import accepted, choose
from api.past_time import parse_timestamp
from api.published import JWT_TYPES, LIST_TYPES
from api.requests import GuardedRoute, OpenRoute
from api.responses import refusals
from api.values import Cursor, Id, Limit, Purpose, VersionNumber
from projections import VIEWS
from projections.past import as_of, past_lists
from projections.past.past_lists import PastLists, PastVersion
from projections.publish_folder import LIST_NAME, list_name
from projections.queries import Window
from registry.domain.errors import UnknownListError
from registry.domain.status_list import StatusList
from registry.store.api_keys import Role

router = APIRouter(prefix="/v1", tags=["auditors"], route_class=GuardedRoute)
public = APIRouter(tags=["public"], route_class=OpenRoute)

FOR_EVER = "max-age=31536000, immutable"
"""A version never changes, and a time that a later version follows has the same one for ever."""

FORMS: dict[int | str, dict[str, object]] = {
    200: {
        "description": "The version, byte for byte.",
        "content": {media_type: {} for media_type in (*LIST_TYPES, *JWT_TYPES)},
    }
}


class ListVersion(BaseModel):
    """A version of a list that was published."""

    version: int
    position: int = Field(description="The last event folded into it.")
    published_position: int = Field(description="The event that published it.")
    published_at: str
    valid_from: str
    valid_until: str
    digest: str = Field(description="SHA-256 in hex of the form with an embedded proof.")
    jws_digest: str | None = Field(description="SHA-256 in hex of the compact JWS, if any.")


class HistoryAnswer(BaseModel):
    """Who may fetch a list's past versions."""

    list_id: str
    issuer_id: str
    public: bool = Field(description="True: everyone. False: auditors, operators and its issuer.")
    version: int


@router.get("/status-lists/{list_id}/{purpose}/versions", responses=refusals(401, 403, 404, 422))
def list_versions(
    list_id: Id,
    purpose: Purpose,
    asker: Reader,
    registry: Serving,
    cursor: Annotated[Cursor | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 50,
) -> Listing[ListVersion]:
    """List the versions of a status list, newest first."""
    with registry.read_by(asker.role).snapshot(of=VIEWS) as connection:
        check_own_list(connection, list_id, purpose, asker)
        page = past_lists.page(connection, list_id, purpose, Window(limit, cursor))
    names = ListVersion.model_fields
    items = [ListVersion(**{name: row[name] for name in names}) for row in page.rows]
    return Listing(items=items, next=page.next)


@router.get(
    "/status-lists/{list_id}/{purpose}/versions/{version}",
    response_class=Response,
    responses=refusals(401, 403, 404, 406, 422) | FORMS,
)
def read_version(
    list_id: Id,
    purpose: Purpose,
    version: VersionNumber,
    request: Request,
    asker: Reader,
    registry: Serving,
) -> Response:
    """Read a version of a status list as it was served, in the form that is accepted."""
    with registry.database.snapshot(of=VIEWS) as connection:
        check_own_list(connection, list_id, purpose, asker)
        found = past_lists.numbered(connection, list_id, purpose, version)
    return _version_response(found, request, registry, caching=f"private, {FOR_EVER}")


@router.post(
    "/status-lists/{list_id}/history/open", responses=refusals(401, 403, 404, 409, 412, 422)
)
def open_history(
    list_id: Id, asker: Reader, caller: Changing, response: Response, registry: Serving
) -> HistoryAnswer:
    """Let everyone fetch what the list was at any time; their differences tell who changed when."""
    check_role(asker, Role.ISSUER, Role.OPERATOR)
    issuer_id = _owner(list_id, asker.issuer_id, registry)
    changed = registry.application.list_histories.open(caller, issuer_id, list_id)
    return _history(changed, response)


@router.post(
    "/status-lists/{list_id}/history/close", responses=refusals(401, 403, 404, 409, 412, 422)
)
def close_history(
    list_id: Id, asker: Reader, caller: Changing, response: Response, registry: Serving
) -> HistoryAnswer:
    """Keep what the list was for auditors; whoever fetched it has it."""
    check_role(asker, Role.ISSUER, Role.OPERATOR)
    issuer_id = _owner(list_id, asker.issuer_id, registry)
    changed = registry.application.list_histories.close(caller, issuer_id, list_id)
    return _history(changed, response)


@public.api_route(
    "/status-lists/{list_id}/{purpose}", methods=["GET", "HEAD"], include_in_schema=False
)
def read_past_list(
    list_id: str,
    purpose: str,
    request: Request,
    registry: Serving,
    timestamp: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """Read a list as it was (Bitstring Status List v1.0 §3.2); `api.published` passes it on."""
    if timestamp is None or not re.fullmatch(LIST_NAME, list_name(list_id, purpose)):
        raise NoSuchResourceError("there is nothing here")
    at = parse_timestamp(timestamp)
    with registry.database.snapshot(of=VIEWS) as connection:
        is_public = _check_admitted(connection, list_id, purpose, request)
        found = _valid_at(connection, list_id, purpose, at)
    # A version that began before that time may yet be on its way where none is known to follow.
    keeping = "no-cache" if found.is_last else FOR_EVER
    caching = f"{'public' if is_public else 'private'}, {keeping}"
    return _version_response(found, request, registry, caching=caching)


def _check_admitted(connection: Connection, list_id: str, purpose: str, request: Request) -> bool:
    """Return whether everyone may read the list's past; raises unless this caller may."""
    try:
        found = as_of.status_list(connection, list_id, purpose)
    except UnknownListError as error:
        raise PastListError("there never was such a list", field="list_id") from error
    # Only there is it known whether a version was the last.
    registry_of(request).application.check_here(found["issuer_id"])
    if "authorization" not in request.headers:
        if not found["public"]:
            raise _closed()
        return True
    authenticate(request)
    if scopes_of(request) is not None:
        raise ScopeError("an access token opens the VC API alone", remedy="send the API key itself")
    asker = principal_of(request)
    if not found["public"] and asker.role is Role.ISSUER and asker.issuer_id != found["issuer_id"]:
        raise _closed()
    return bool(found["public"])


def _closed() -> ClosedHistoryError:
    return ClosedHistoryError(
        "what the list was is not for everyone",
        field="timestamp",
        remedy="send the API key of an auditor or of its issuer, or leave out timestamp",
    )


def _valid_at(connection: Connection, list_id: str, purpose: str, at: datetime) -> PastVersion:
    if at > now():
        raise PastListError("that time has yet to come", field="timestamp")
    found = past_lists.valid_at(connection, list_id, purpose, at)
    if found is None:
        raise PastListError(
            "no version of the list was valid then",
            field="timestamp",
            remedy="ask for another time, or leave it out for the list as it is",
        )
    return found


def _version_response(
    version: PastVersion, request: Request, registry: Registry, *, caching: str
) -> Response:
    media_type, digest = _form(version, request.headers.get("accept", "*/*"))
    headers = {
        "ETag": f'"{digest}"',
        "Cache-Control": caching,
        "Vary": "Accept, Authorization",
        "Content-Type": media_type,
    }
    if request.headers.get("if-none-match", "").strip() == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    lists = PastLists(
        registry.database.snapshot, registry.history, registry.folder, registry.public_url
    )
    body = lists.body(version, digest)
    if request.method == "HEAD":
        return Response(headers=headers | {"Content-Length": str(len(body))})
    return Response(body, headers=headers)


def _form(version: PastVersion, accept: str) -> tuple[str, str]:
    """Return the media type that is preferred and the digest of the form that has it."""
    media_type = choose(accept, LIST_TYPES + JWT_TYPES)
    if media_type in JWT_TYPES:
        if version.jws_digest is not None:
            return media_type, version.jws_digest
        media_type = accepted(accept, LIST_TYPES)
    if media_type is None:
        raise NotAcceptableError("every media type on offer is excluded")
    return media_type, version.digest


def _owner(list_id: str, issuer_id: str | None, registry: Registry) -> str:
    """Return the issuer to act for: the asker's own, an operator for whoever's the list is."""
    if issuer_id is not None:
        return issuer_id
    return registry.application.list_histories.find(list_id).shelf.issuer_id


def _history(status_list: StatusList, response: Response) -> HistoryAnswer:
    response.headers.update(etag(status_list.version))
    return HistoryAnswer(
        list_id=str(status_list.id),
        issuer_id=status_list.shelf.issuer_id,
        public=status_list.history_is_public,
        version=status_list.version,
    )
