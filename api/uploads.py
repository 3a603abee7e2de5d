"""Files that are read as they arrive, whatever their length, by a thread of those that answer."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from anyio import from_thread
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from api.errors import BodyTooLargeError, ContentTypeError
from api.requests import GuardedRoute, Handler
from api.verifying_capacity import Capacity
from registry.csv_import import FileError
from registry.domain.errors import RegistryError

T = TypeVar("T")

MOST_UPLOADS = 8
"""Of the forty threads that answer requests: each upload keeps one as long as it takes."""

MOST_UPLOADS_FOR_ONE = 2


class StreamedRoute(GuardedRoute):
    """A guarded route that reads the body itself, as it arrives."""

    def get_route_handler(self) -> Handler:
        """Leave the body alone."""
        handle = APIRoute.get_route_handler(self)

        async def streamed(request: Request) -> Response:
            await self.admit(request)
            return await handle(request)

        return streamed


class Upload:
    """The body of a request as it arrives, of at most `most` bytes, for a thread to read."""

    def __init__(self, request: Request, *, most: int) -> None:
        self._stream: Any = request.stream()
        self._left = most
        self._most = most

    def __iter__(self) -> Iterator[bytes]:
        """Give what has arrived; raises BodyTooLargeError."""
        while (chunk := from_thread.run(self._following)) is not None:
            self._left -= len(chunk)
            if self._left < 0:
                raise BodyTooLargeError(f"a file has at most {self._most:,} bytes")
            yield chunk

    async def _following(self) -> bytes | None:
        chunk: bytes | None = await anext(self._stream, None)
        return chunk

    def pass_over(self) -> None:
        """Read the rest, so that a caller who is still sending comes to read the answer."""
        while self._left >= 0 and (chunk := from_thread.run(self._following)) is not None:
            self._left -= len(chunk)


async def taken(
    request: Request, actor: str, *, most: int, take: Callable[[Iterable[bytes]], T]
) -> T:
    """Have a thread `take` the body of an actor's request; raises BusyError."""
    capacity: Capacity = request.app.state.uploads
    upload = Upload(request, most=most)

    def receive() -> T:
        with capacity.taken(actor):
            try:
                return take(upload)
            except (FileError, RegistryError):
                upload.pass_over()
                raise

    return await run_in_threadpool(receive)


def form_of(request: Request, forms: Mapping[str, T]) -> T:
    """Return the form that a request's media type stands for; raises ContentTypeError."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in forms:
        raise ContentTypeError(
            "the body is of another media type",
            field="Content-Type",
            remedy="send Content-Type: " + " or ".join(forms),
        )
    return forms[given]


def file_body(forms: Iterable[str]) -> dict[str, Any]:
    """Describe a body that is a file of one of these media types, for OpenAPI."""
    schema = {"type": "string", "format": "binary"}
    content = {media_type: {"schema": schema} for media_type in forms}
    return {"requestBody": {"required": True, "content": content}}
