"""Serve status lists and DID documents from the publish folder, with one `stat` a request.

Nothing here touches the database: lists stay readable while it is away. Everything an answer
consists of is made once a version and used again until the file behind the name is another.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import MethodError, NotAcceptableError, UnpublishedError
from api.negotiation import choose
from api.problems import problem_response
from registry.domain.errors import RegistryError

LIST_TYPES = ("application/vc", "application/ld+json", "application/json")
DID_TYPES = (
    "application/did+ld+json",
    "application/did+json",
    "application/ld+json",
    "application/json",
)

_ID = "[0-9a-f-]{36}"
_LIST = re.compile(rf"/(status-lists/{_ID}/(?:revocation|suspension))")
_DID = re.compile(rf"/(issuers/{_ID}/did\.json)")
_CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag"),
    (b"x-content-type-options", b"nosniff"),
]
_PREFLIGHT = [
    *_CORS,
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
    (b"allow", b"GET, HEAD, OPTIONS"),
]
_EMPTY: Message = {"type": "http.response.body", "body": b""}
_ACCEPTS_KEPT = 1_000

Headers = Iterable[tuple[bytes, bytes]]
FileIdentity = tuple[int, int, int]


@dataclass(frozen=True)
class Version:
    """One version of a published file, with every message an answer about it can need."""

    identity: FileIdentity
    etag: bytes
    body: Message
    ok: dict[str, Message]
    not_modified: Message


class PublishedFile:
    """A name in the publish folder, and its newest version as far as it is known."""

    def __init__(self, path: Path, offers: tuple[str, ...]) -> None:
        self.path = str(path)
        self.offers = offers
        self._version: Version | None = None

    def version(self, default_max_age: int) -> Version | None:
        """Return what is published now, or None for nothing."""
        try:
            stat = os.stat(self.path)  # noqa: PTH116 - a third of the time of Path.stat
        except OSError:
            return None
        version = self._version
        if version is None or version.identity != (stat.st_ino, stat.st_mtime_ns, stat.st_size):
            version = self._version = _read(self.path, self.offers, default_max_age)
        return version


class PublishedFiles:
    """An ASGI application for the published files, before another for everything else."""

    def __init__(
        self, app: ASGIApp, *, folder: Path, public_url: str, max_age_seconds: int
    ) -> None:
        self._app = app
        self._folder = folder
        self._public_url = public_url
        self._max_age_seconds = max_age_seconds
        self._files: dict[str, PublishedFile] = {}
        self._choices: dict[tuple[bytes, tuple[str, ...]], str | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a published file, pass on any other."""
        path = scope.get("path", "")
        file = self._files.get(path) or self._found(path)
        if file is None:
            await self._app(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD"):
            await self._serve(file, scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
            await send(_EMPTY)
        else:
            error = MethodError("published files are only read")
            await self._refuse(error, scope, receive, send)
