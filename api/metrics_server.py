"""A small server beside the public one: metrics, and whether this process lives and is ready."""

import time
from collections.abc import Callable, Iterable
from socket import AF_INET, AF_INET6
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

from api import health
from api.bootstrap import Registry
from api.metrics import RegistryCollector

RETRY_SECONDS = 1.0
"""How soon a process looks again whether another one has left the port."""

StartResponse = Callable[[str, list[tuple[str, str]]], object]


def start(registry: Registry, *, host: str, port: int, patient: bool = False) -> Thread:
    """Serve /metrics, /healthz and /readyz in a thread; return it.

    With `patient` it waits where another process of the same registry has the port.
    """
    server = None if patient else _listen(registry, host, port)
    thread = Thread(target=_serve, args=(server, registry, host, port), name="metrics", daemon=True)
    thread.start()
    return thread


def _serve(server: WSGIServer | None, registry: Registry, host: str, port: int) -> None:
    while server is None:
        try:
            server = _listen(registry, host, port)
        except OSError:
            time.sleep(RETRY_SECONDS)
    server.serve_forever()


def _listen(registry: Registry, host: str, port: int) -> WSGIServer:
    family = _Server6 if ":" in host else _Server
    server = family((host, port), _Quiet)
    server.set_app(_application(registry))
    return server


def _application(registry: Registry) -> Callable[..., Iterable[bytes]]:
    collectors = CollectorRegistry()
    collectors.register(RegistryCollector(registry))
    metrics: Callable[..., Iterable[bytes]] = make_wsgi_app(collectors)

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/healthz":
                return _json(start_response, "200 OK", health.read_health())
            case "/readyz":
                readiness = health.readiness_of(registry)
                status = "200 OK" if readiness.ready else "503 Service Unavailable"
                return _json(start_response, status, readiness)
            case _:
                return metrics(environ, start_response)

    return answer


def _json(
    start_response: StartResponse, status: str, body: health.Alive | health.Readiness
) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
    return [body.model_dump_json().encode()]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    address_family = AF_INET


class _Server6(_Server):
    address_family = AF_INET6


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing of each request."""
