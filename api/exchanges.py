"""Around every request: its id, its line in the log, and an answer even where the code failed.

The log has the route's template and the ids in the path, never bodies, query values or tokens;
of an unforeseen error it has the class and the places, never the message, which could quote them.
"""

import os
import re
import time

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.logging import told

log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ID_OR_KEY = re.compile(r"[0-9a-f-]{16,36}|z[1-9A-HJ-NP-Za-km-z]{40,64}")


class Exchanges:
    """An ASGI application around another."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            await self._exchange(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        answer = {"status": 500, "seconds": 0.0}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer["status"] = message["status"]
                _complete(MutableHeaders(raw=message["headers"]), request_id)
            answer["seconds"] = time.perf_counter() - started
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 - the caller was answered 500; others go on
            log.error("request failed", request_id=request_id, **told(error))
        log.info(
            "request",
            request_id=request_id,
            method=scope["method"],
            path=shown_path(scope),
            status=answer["status"],
            milliseconds=round(answer["seconds"] * 1000, 1),
        )


def shown_path(scope: Scope) -> str:
    """Return the route's template with the ids that were given; "unknown" for no route.

    What has not the form of an id stays a placeholder: anything could be in its place.
    """
    path = str(getattr(scope.get("route"), "path", "unknown"))
    for name, value in scope.get("path_params", {}).items():
        if _ID_OR_KEY.fullmatch(str(value)):
            path = path.replace("{" + name + "}", str(value))
    return path


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(text := value.decode("latin-1")):
            return str(text)
    return os.urandom(8).hex()


def _complete(headers: MutableHeaders, request_id: str) -> None:
    headers["X-Request-Id"] = request_id
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Cache-Control", "no-store")
