"""Requests as every route reads them: known callers first, then bodies, bounded and strict."""

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.auth import authenticate
from api.errors import BodyTooLargeError, ContentTypeError, MalformedBodyError
from registry.formats import strict_json
from registry.formats.strict_json import StrictJsonError

MAX_BODY_BYTES = strict_json.MAX_BYTES

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRequest(Request):
    """A request whose body is of a known media type, at most 1 MiB, and JSON of one meaning."""

    media_types: ClassVar[tuple[str, ...]] = ("application/json",)

    async def body(self) -> bytes:
        """Read the body; raises BodyTooLargeError or ContentTypeError."""
        if not hasattr(self, "_body"):
            self._body = await self._bounded()
            if self._body:
                self._check_media_type()
        return self._body

    async def json(self) -> Any:
        """Read the body as JSON; raises MalformedBodyError."""
        if not hasattr(self, "_json"):
            self._json = self.state.json = _strictly(await self.body())
        return self._json

    async def _bounded(self) -> bytes:
        chunks, size = [], 0
        async for chunk in self.stream():
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                raise BodyTooLargeError(f"a body has at most {MAX_BODY_BYTES:,} bytes")
            chunks.append(chunk)
        return b"".join(chunks)

    def _check_media_type(self) -> None:
        given = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given not in self.media_types:
            raise ContentTypeError(
                "the body is of another media type",
                field="Content-Type",
                remedy="send Content-Type: " + " or ".join(self.media_types),
            )

    @property
    def holds_json(self) -> bool:
        """Whether the body is JSON."""
        return "application/json" in self.media_types


class CsvRequest(StrictRequest):
    """A request whose body is a CSV file."""

    media_types = ("text/csv",)


class OpenRoute(APIRoute):
    """A route for everyone."""

    request_class: ClassVar[type[StrictRequest]] = StrictRequest

    def get_route_handler(self) -> Handler:
        """Read the body before the framework does, so that its refusals are ours."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            strict = self.request_class(request.scope, request.receive)
            await self.admit(strict)
            if await strict.body() and strict.holds_json:
                await strict.json()
            return await handle(strict)

        return strictly

    async def admit(self, request: Request) -> None:
        """Let everyone in."""


class GuardedRoute(OpenRoute):
    """A route for holders of an API key; nothing of a stranger's body is read."""

    async def admit(self, request: Request) -> None:
        """Recognise the caller, or raise."""
        await run_in_threadpool(authenticate, request)


class CsvRoute(GuardedRoute):
    """A guarded route that takes a CSV file."""

    request_class = CsvRequest


def _strictly(body: bytes) -> Any:
    try:
        return strict_json.loads(body)
    except StrictJsonError as error:
        raise MalformedBodyError(
            f"not read as JSON: {error.reason}, at {error.where}",
            remedy="send JSON (RFC 8259) in UTF-8, each member named once, at most 32 levels deep",
        ) from error
