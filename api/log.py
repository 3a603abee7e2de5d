"""Serve the transparency log: checkpoints and tiles for everyone, entries for auditors.

The paths are those of C2SP tlog-tiles. Everything is read from the log's folder, so that it is
served while the database is away; only the key of who asks for entries is looked up there.
"""

import gzip
import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response
from pydantic import BaseModel, Field

from api.auth import Auditor, Serving
from api.bootstrap import Registry
from api.errors import NoSuchResourceError
from api.negotiation import accepted
from api.requests import GuardedRoute, OpenRoute
from api.responses import refusals
from projections.transparency.origins import prefix_of
from projections.transparency.serving import ServedLogs

router = APIRouter(tags=["log"], route_class=OpenRoute)
entries = APIRouter(tags=["log"], route_class=GuardedRoute)

CHECKPOINT_TYPE = "text/plain; charset=utf-8"
TILE_TYPE = "application/octet-stream"
CHECKPOINT_SECONDS = 2
_EVERYONE = {"Access-Control-Allow-Origin": "*"}
_FOR_EVER = "max-age=31536000, immutable"
_BYTES: dict[int | str, dict[str, Any]] = {200: {"content": {TILE_TYPE: {}}}}
_NOTE: dict[int | str, dict[str, Any]] = {200: {"content": {CHECKPOINT_TYPE: {}}}}

TilePath = Annotated[
    str,
    Path(
        description="Level and tile, the first hashes of it after `.p/`.",
        examples=["0/x001/067.p/12"],
    ),
]
BundlePath = Annotated[
    str,
    Path(description="The bundle, the first entries of it after `.p/`.", examples=["x001/067"]),
]
LogNumber = Annotated[str, Path(description="Of a log that followed another.", examples=["2"])]
LogPlace = Annotated[
    str,
    Path(
        description="The number of a log that followed another, or the name of the shard whose "
        "first log it is.",
        examples=["2"],
    ),
]
ShardName = Annotated[str, Path(description="The shard's name.", examples=["b"])]
AcceptEncoding = Annotated[str, Header(alias="Accept-Encoding", include_in_schema=False)]


class LogEntry(BaseModel):
    """One log: a registry has another only after its history was lost or contradicted."""

    origin: str = Field(examples=["registry.example.org/log"])
    url: str = Field(examples=["https://registry.example.org/log"])
    size: int = Field(description="Leaves under the newest checkpoint.", examples=[1234])
    keys: list[str] = Field(
        description="Every key that ever signed a checkpoint, as C2SP signed-note writes them."
    )
    succeeded_by: str | None = Field(description="The origin of the log that follows, if closed.")


class LogsAnswer(BaseModel):
    """The logs of this registry, the first one first."""

    current: str | None = Field(description="The origin of the log that grows.")
    logs: list[LogEntry]
    shards: list[str] = Field(
        default=[],
        description="Where several shards share this URL: where each lists its own logs.",
        examples=[["https://registry.example.org/log/b"]],
    )


@router.get("/log")
def read_logs(response: Response, registry: Serving) -> LogsAnswer:
    """List the transparency logs, with the keys that sign them."""
    return _listing(response, registry)


@router.get("/log/checkpoint", response_class=Response, responses={**_NOTE, **refusals(404)})
def read_checkpoint(registry: Serving) -> Response:
    """Read the newest checkpoint of the first log, with its cosignatures."""
    return _checkpoint(registry, _first(registry))


@router.get(
    "/log/{place}/checkpoint", response_class=Response, responses={**_NOTE, **refusals(404)}
)
def read_later_checkpoint(place: LogPlace, registry: Serving) -> Response:
    """Read the newest checkpoint of a later log, or of a shard's first, with its cosignatures."""
    return _checkpoint(registry, _number(place, registry))


@router.get(
    "/log/{shard}/{number}/checkpoint",
    response_class=Response,
    responses={**_NOTE, **refusals(404)},
)
def read_later_checkpoint_of_shard(
    shard: ShardName, number: LogNumber, registry: Serving
) -> Response:
    """Read the newest checkpoint of a shard's later log, with its cosignatures."""
    _check_shard(shard, registry)
    return _checkpoint(registry, _later(number))


@router.get("/log/tile/{tile:path}", response_class=Response, responses={**_BYTES, **refusals(404)})
def read_tile(tile: TilePath, registry: Serving) -> Response:
    """Read a tile of the first log's tree."""
    return _tile(registry, _first(registry), tile)


@router.get(
    "/log/{place}/tile/{tile:path}",
    response_class=Response,
    responses={**_BYTES, **refusals(404)},
)
def read_later_tile(place: LogPlace, tile: TilePath, registry: Serving) -> Response:
    """Read a tile of the tree of a later log, or of a shard's first."""
    return _tile(registry, _number(place, registry), tile)


@router.get(
    "/log/{shard}/{number}/tile/{tile:path}",
    response_class=Response,
    responses={**_BYTES, **refusals(404)},
)
def read_later_tile_of_shard(
    shard: ShardName, number: LogNumber, tile: TilePath, registry: Serving
) -> Response:
    """Read a tile of the tree of a shard's later log."""
    _check_shard(shard, registry)
    return _tile(registry, _later(number), tile)


# After `/log/checkpoint`, which it would stand for too.
@router.get("/log/{shard}", responses=refusals(404))
def read_logs_of_shard(shard: ShardName, response: Response, registry: Serving) -> LogsAnswer:
    """List the transparency logs of the shard that is asked."""
    _check_shard(shard, registry)
    return _listing(response, registry)


@entries.get(
    "/log/tile/entries/{bundle:path}",
    response_class=Response,
    responses={**_BYTES, **refusals(401, 403, 404)},
)
def read_entries(
    bundle: BundlePath, registry: Serving, _: Auditor, encodings: AcceptEncoding = ""
) -> Response:
    """Read leaves of the first log: stored events, each after its length."""
    return _entries(registry, _first(registry), bundle, encodings)


@entries.get(
    "/log/{place}/tile/entries/{bundle:path}",
    response_class=Response,
    responses={**_BYTES, **refusals(401, 403, 404)},
)
def read_later_entries(
    place: LogPlace,
    bundle: BundlePath,
    registry: Serving,
    _: Auditor,
    encodings: AcceptEncoding = "",
) -> Response:
    """Read leaves of a later log, or of a shard's first: stored events, each after its length."""
    return _entries(registry, _number(place, registry), bundle, encodings)


@entries.get(
    "/log/{shard}/{number}/tile/entries/{bundle:path}",
    response_class=Response,
    responses={**_BYTES, **refusals(401, 403, 404)},
)
def read_later_entries_of_shard(
    shard: ShardName,
    number: LogNumber,
    bundle: BundlePath,
    registry: Serving,
    _: Auditor,
    encodings: AcceptEncoding = "",
) -> Response:
    """Read leaves of a shard's later log: stored events, each after its length."""
    _check_shard(shard, registry)
    return _entries(registry, _later(number), bundle, encodings)


def _listing(response: Response, registry: Registry) -> LogsAnswer:
    response.headers.update(_EVERYONE | {"Cache-Control": f"max-age={CHECKPOINT_SECONDS}"})
    logs = [LogEntry(**vars(each) | {"keys": list(each.keys)}) for each in _logs(registry).all()]
    shards = [registry.public_url + prefix_of(1, each) for each in registry.settings.shards]
    return LogsAnswer(current=logs[-1].origin if logs else None, logs=logs, shards=shards)


def _first(registry: Registry) -> int:
    """Return the number of the log under `/log` itself, which a shard with a name has not."""
    if registry.settings.shard is not None:
        raise NoSuchResourceError("the logs of this shard lie under its name")
    return 1


def _number(place: str, registry: Registry) -> int:
    """Return the number of the log in a place: a shard's name for its first, or else a number."""
    if place == registry.settings.shard:
        return 1
    _first(registry)
    return _later(place)


def _check_shard(name: str, registry: Registry) -> None:
    if name != registry.settings.shard:
        raise NoSuchResourceError("this shard has another name")


def _later(number: str) -> int:
    """Return the number in a path; the first log has none there."""
    if not re.fullmatch("[2-9]|[1-9][0-9]{1,5}", number):
        raise NoSuchResourceError("there is no such log")
    return int(number)


def _checkpoint(registry: Registry, number: int) -> Response:
    note = _found(_logs(registry).checkpoint(number), "nothing is signed yet")
    caching = {"Cache-Control": f"max-age={CHECKPOINT_SECONDS}"}
    return Response(note, media_type=CHECKPOINT_TYPE, headers=_EVERYONE | caching)


def _tile(registry: Registry, number: int, path: str) -> Response:
    tile = _found(_logs(registry).tile(number, f"tile/{path}"), "no checkpoint covers such a tile")
    caching = {"Cache-Control": f"public, {_FOR_EVER}"}
    return Response(tile, media_type=TILE_TYPE, headers=_EVERYONE | caching)


def _entries(registry: Registry, number: int, path: str, encodings: str) -> Response:
    found = _logs(registry).entries(number, f"tile/entries/{path}")
    bundle = _found(found, "no checkpoint covers such entries")
    headers = {"Cache-Control": f"private, {_FOR_EVER}", "Vary": "Accept-Encoding"}
    if accepted(encodings, ("gzip",)):
        headers["Content-Encoding"] = "gzip"
        bundle = gzip.compress(bundle, mtime=0)
    return Response(bundle, media_type=TILE_TYPE, headers=headers)


def _found(data: bytes | None, otherwise: str) -> bytes:
    if data is None:
        raise NoSuchResourceError(otherwise)
    return data


def _logs(registry: Registry) -> ServedLogs:
    folder, policy = registry.transparency.folder, registry.receipts.policy
    shard = registry.settings.shard
    return ServedLogs(folder, registry.public_url, policy=policy, shard=shard)
