"""Serve status lists and DID documents from the publish folder, with one `stat` a request.

Nothing here touches the database: lists stay readable while it is away. Everything an answer
consists of is made once a version and used again until the file behind the name is another. A
list that is also there as a compact JWS is two files under one URL, each with its own ETag.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import (
    MethodError,
    NotAcceptableError,
    UnpublishedError,
    WithdrawnError,
)
from api.negotiation import accepted, choose
from api.problems import problem_response
from projections.publish_folder import DID_NAME, LIST_NAME, PublishFolder, as_jwt
from projections.static.copies import max_age_seconds
from registry.domain.errors import RegistryError

LIST_TYPES = ("application/vc", "application/ld+json", "application/json")
JWT_TYPES = ("application/vc+jwt", "application/jwt")
DID_TYPES = (
    "application/did+ld+json",
    "application/did+json",
    "application/ld+json",
    "application/json",
)

_LIST = re.compile(f"/({LIST_NAME})")
_DID = re.compile(f"/({DID_NAME})")
_CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag"),
    (b"x-content-type-options", b"nosniff"),
]
_PREFLIGHT = [
    *_CORS,
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    # The star does not stand for Authorization, which auditors send.
    (b"access-control-allow-headers", b"*, Authorization"),
    (b"access-control-max-age", b"86400"),
    (b"allow", b"GET, HEAD, OPTIONS"),
]
_EMPTY: Message = {"type": "http.response.body", "body": b""}
_ACCEPTS_KEPT = 1_000

Headers = Iterable[tuple[bytes, bytes]]
FileIdentity = tuple[int, int, int]
Answer = tuple[Message, Message]
Choose = Callable[[str, tuple[str, ...]], str | None]


@dataclass(frozen=True)
class Version:
    """One version of a published file, with every message an answer about it can need."""

    identity: FileIdentity
    etag: bytes
    body: Message
    ok: dict[str, Message]
    not_modified: Message


class PublishedFile:
    """A name in the publish folder, and its newest version as far as it is known.

    `jws` is the same as a compact JWS, which may not be there; `choices` are the media types of
    the two.
    """

    def __init__(
        self, path: Path, offers: tuple[str, ...], *, jws: "PublishedFile | None" = None
    ) -> None:
        self.path = str(path)
        self.offers = offers
        self.jws = jws
        self.choices = offers + jws.offers if jws else offers
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
        self, app: ASGIApp, *, folder: PublishFolder, public_url: str, max_age_seconds: int
    ) -> None:
        self._app = app
        self._folder = folder
        self._public_url = public_url
        self._max_age_seconds = max_age_seconds
        self._files: dict[str, PublishedFile] = {}
        self._choices: dict[tuple[bytes, tuple[str, ...], Choose], str | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a published file, pass on any other."""
        path = scope.get("path", "")
        file = self._files.get(path) or self._found(path)
        if file is None:
            await self._app(scope, receive, send)
            return
        if scope["query_string"] and file.jws and _asks_for_the_past(scope):
            await self._app(scope, receive, _for_any_site(send))
            return
        answer = self._answer(file, scope)
        if isinstance(answer, RegistryError):
            await self._refuse(answer, scope, receive, send)
            return
        start, body = answer
        await send(start)
        await send(body)

    def _found(self, path: str) -> PublishedFile | None:
        """Return the file that a path names; kept once it exists, so that guesses fill nothing."""
        file = self._named(path)
        if file is not None and file.version(self._max_age_seconds) is not None:
            self._files[path] = file
        return file

    def _named(self, path: str) -> PublishedFile | None:
        if match := _LIST.fullmatch(path):
            jws = PublishedFile(self._folder.root / as_jwt(match[1]), JWT_TYPES)
            return PublishedFile(self._folder.root / match[1], LIST_TYPES, jws=jws)
        if match := _DID.fullmatch(path):
            return PublishedFile(self._folder.root / match[1], DID_TYPES)
        return None

    def _answer(self, file: PublishedFile, scope: Scope) -> Answer | RegistryError:
        method = scope["method"]
        if method in ("GET", "HEAD"):
            return self._reading(file, scope)
        if method == "OPTIONS":
            return _start(204, _PREFLIGHT), _EMPTY
        return MethodError("published files are only read")

    def _reading(self, file: PublishedFile, scope: Scope) -> Answer | RegistryError:
        accept, known = b"*/*", None
        for name, value in scope["headers"]:
            if name == b"accept":
                accept = value
            elif name == b"if-none-match":
                known = value
        media_type, version = self._chosen(file, accept)
        if version is None:
            return self._absence(scope["path"][1:])
        if media_type is None:
            return NotAcceptableError("every media type on offer is excluded")
        if known is not None and _matches(known, version.etag):
            return version.not_modified, _EMPTY
        return version.ok[media_type], version.body if scope["method"] == "GET" else _EMPTY

    def _chosen(self, file: PublishedFile, accept: bytes) -> tuple[str | None, Version | None]:
        """Return the media type that is preferred, and the version that has it.

        The JWS is looked for only where it is what is preferred. Who then accepts nothing else is
        refused: a verifier that asks for it takes whatever it gets for one.
        """
        media_type = self._choice(accept, file.choices, choose)
        if file.jws and media_type in file.jws.offers:
            version = file.jws.version(self._max_age_seconds)
            if version is not None:
                return media_type, version
            media_type = self._choice(accept, file.offers, accepted)
        return media_type, file.version(self._max_age_seconds)

    def _absence(self, name: str) -> RegistryError:
        if self._folder.is_withdrawn(name):
            return WithdrawnError("every credential in this list has ended")
        return UnpublishedError("nothing is published under this name")

    def _choice(self, accept: bytes, offers: tuple[str, ...], choose: Choose) -> str | None:
        if accept == b"*/*":
            return offers[0]
        key = (accept, offers, choose)
        if key not in self._choices:
            if len(self._choices) >= _ACCEPTS_KEPT:
                self._choices.clear()
            self._choices[key] = choose(accept.decode("latin-1"), offers)
        return self._choices[key]

    async def _refuse(
        self, error: RegistryError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        request_id = os.urandom(8).hex()
        response = problem_response(error, public_url=self._public_url, request_id=request_id)
        response.raw_headers += [*_CORS, (b"x-request-id", request_id.encode())]
        if isinstance(error, MethodError):
            response.raw_headers.append((b"allow", b"GET, HEAD, OPTIONS"))
        await response(scope, receive, send)


def _asks_for_the_past(scope: Scope) -> bool:
    """Say whether a list is wanted as it was (Bitstring Status List 1.0 §3.2).

    Whoever asks so must not be told how it is: `api.list_history` answers. Other parameters mean
    nothing here.
    """
    if scope["method"] not in ("GET", "HEAD"):
        return False
    parameters = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return any(name == "timestamp" for name, _ in parameters)


def _for_any_site(send: Send) -> Send:
    """Return what sends an answer that scripts of any site may read."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *_CORS[:2]]}
        await send(message)

    return sending


def _matches(if_none_match: bytes, etag: bytes) -> bool:
    """Compare weakly, as RFC 9110 §13.1.2 asks."""
    if if_none_match in (etag, b"*"):
        return True
    return any(each.strip().removeprefix(b"W/") == etag for each in if_none_match.split(b","))


def _read(path: str, offers: tuple[str, ...], default_max_age: int) -> Version | None:
    try:
        with Path(path).open("rb") as file:
            # The identity is that of the open file: the name may point elsewhere by now.
            stat = os.fstat(file.fileno())
            body = file.read()
    except OSError:
        return None
    etag = f'"{hashlib.sha256(body).hexdigest()}"'.encode()
    caching = [
        *_CORS,
        (b"etag", etag),
        (b"vary", b"Accept"),
        (b"cache-control", f"public, max-age={max_age_seconds(body, default_max_age)}".encode()),
    ]
    length = (b"content-length", str(len(body)).encode())
    return Version(
        identity=(stat.st_ino, stat.st_mtime_ns, stat.st_size),
        etag=etag,
        body={"type": "http.response.body", "body": body},
        ok={
            offer: _start(200, [*caching, length, (b"content-type", offer.encode())])
            for offer in offers
        },
        not_modified=_start(304, caching),
    )


def _start(status: int, headers: Headers) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}
