"""Run the registry: check what can be checked, then start the processes that serve it."""

import gc
import signal
import socket
import ssl
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import structlog
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.log import LogLevels
from granian.server.mp import MPServer
from starlette.types import ASGIApp

from api import bootstrap, logging, metrics_server
from api.app import create_app, stop
from api.processes import STOP_SECONDS, Supervisor, end_with_parent
from api.roles import Plan, plan
from api.settings import Settings
from registry.domain.errors import InvalidValueError, RegistryError
from registry.store.database import StoreUnavailableError
from registry.this_machine import is_this_machine

log = structlog.get_logger(__name__)

EXIT_MISCONFIGURED = 2
_BACKLOG = 1024


def serve(settings: Settings, *, development: bool = False) -> None:
    """Serve until SIGTERM or SIGINT; leaves with exit code 2 where the settings are refused.

    A database that does not answer is no reason not to start: published lists are files. In
    `development` the VC API is open to everyone on this machine, and nobody else can reach it.
    """
    logging.configure()
    try:
        if development:
            check_loopback(settings.host)
        processes = plan(settings)
        check(settings)
        _check_listening(processes, settings)
    except RegistryError as error:
        log.error("not started", reason=error.reason, field=error.field, remedy=error.remedy)
        sys.exit(EXIT_MISCONFIGURED)
    _tell(processes, settings)
    gc.collect()
    gc.freeze()  # What the collector never visits, processes go on sharing once they are forked.
    _run(processes, development=development)


def _run(processes: Plan, *, development: bool) -> None:
    """Run the HTTP server in this process where it is all there is, else each in one of its own."""
    targets = {}
    if processes.http is not None:
        targets["http"] = partial(_serve_http, processes, development=development)
        if processes.background is None:
            return targets["http"]()
    if processes.background is not None:
        targets["background"] = partial(work_in_background, processes.background)
    return Supervisor(targets).run()


def _serve_http(processes: Plan, *, development: bool) -> None:
    settings = processes.http
    if settings is not None:
        tells = processes.serves_metrics == "http"
        loader = partial(load, settings, development=development, tells=tells)
        _granian(settings).serve(target_loader=loader, wrap_loader=False)


def work_in_background(settings: Settings) -> None:
    """Do all that needs no HTTP until SIGTERM; how it goes is told on the metrics' port."""
    logging.configure()
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    registry = bootstrap.build(settings)
    bootstrap.check_role_whenever_connected(registry.database)
    _tell_metrics(registry)
    registry.start()
    stopping.wait()
    stop(registry)


def check(settings: Settings) -> None:
    """Raise where this registry must not be served; a database that is away is no such case."""
    registry = bootstrap.build(settings)
    try:
        bootstrap.check(registry.database, registry.public_url, registry.erasing)
        # Before anything is changed: a restored database gets back what the log holds.
        registry.transparency.prepare()
    except StoreUnavailableError as error:
        log.warning("starting without a database", reason=error.reason)
    finally:
        registry.database.close()


def check_loopback(host: str) -> None:
    """Raise unless a server on this address is reached from this machine alone."""
    if not is_this_machine(host):
        raise InvalidValueError(
            f"a development server asks nobody who they are, so it listens on this machine alone "
            f"and not on {host}",
            field="host",
            remedy="leave --host out, or leave --dev out",
        )


def _check_listening(processes: Plan, settings: Settings) -> None:
    """Raise where the processes could not listen as they are to."""
    with ExitStack() as held:  # The one port is held meanwhile, since it may be the other as well.
        if processes.http is not None:
            _check_certificate(settings)
            held.enter_context(_free_port(settings.host, settings.port, field="port"))
        if settings.metrics_port:
            port = _free_port(settings.metrics_host, settings.metrics_port, field="metrics_port")
            held.enter_context(port)


def _check_certificate(settings: Settings) -> None:
    """Raise for a certificate that cannot be served with."""
    if settings.certfile is None or settings.keyfile is None:
        return
    for field, path in (("certfile", settings.certfile), ("keyfile", settings.keyfile)):
        if not path.is_file():
            raise InvalidValueError(f"there is no file {path}", field=field)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.certfile, settings.keyfile)
    except (ssl.SSLError, OSError) as error:
        raise InvalidValueError(
            f"{settings.certfile} and {settings.keyfile} are no certificate and its key in PEM",
            field="certfile",
            remedy="give the certificate with --certfile and its own key with --keyfile",
        ) from error


def _free_port(host: str, port: int, *, field: str) -> socket.socket:
    """Return a port, held until it is closed; raises InvalidValueError where it is taken.

    The server itself would share it with whoever else allows that, and each would get some of
    the other's requests; a worker would die of a metrics port that is taken, again and again.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InvalidValueError(
            f"{host}:{port} cannot be listened on: {error.strerror}",
            field=field,
            remedy="choose another port, or stop what listens there",
        ) from error


def _tell(processes: Plan, settings: Settings) -> None:
    """Say where the registry is served, and how, or what else is done."""
    if processes.background is not None:
        log.info("working in the background", roles=list(processes.background.roles))
    if processes.http is None:
        return
    tls = settings.certfile is not None
    log.info("serving", at=f"{settings.host}:{settings.port}", tls=tls, url=settings.public_url)
    if not tls and (settings.public_url or "").startswith("https:"):
        log.warning("no certificate: right only behind a proxy that ends TLS")


def load(settings: Settings, *, development: bool = False, tells: bool = True) -> ASGIApp:
    """Build the application, in the worker process; `tells` says whether it serves metrics."""
    # Until the server sets its own, a handler that came from the parent would swallow the signal.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    logging.configure()
    end_with_parent()
    registry = bootstrap.build(settings)
    bootstrap.check_role_whenever_connected(registry.database)
    if tells:
        # Of several workers one has the port, and another takes it over.
        _tell_metrics(registry, patient=settings.workers > 1)
    return create_app(registry, development=development)


def _tell_metrics(registry: bootstrap.Registry, *, patient: bool = False) -> None:
    settings = registry.settings
    if settings.metrics_port:
        metrics_server.start(
            registry, host=settings.metrics_host, port=settings.metrics_port, patient=patient
        )


def _granian(settings: Settings) -> MPServer:
    return MPServer(
        "registry",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        respawn_failed_workers=True,
        http=HTTPModes.auto,
        websockets=False,
        backlog=_BACKLOG,
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGERS,
        workers_kill_timeout=STOP_SECONDS,
        **_tls(settings.certfile, settings.keyfile),
    )


_LOGGERS: dict[str, Any] = {
    # The server's messages go where all others go.
    "handlers": {},
    "formatters": {},
    "loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": True}},
}


def _tls(certfile: Path | None, keyfile: Path | None) -> dict[str, Any]:
    if certfile is None:
        return {}
    return {"ssl_cert": certfile, "ssl_key": keyfile, "ssl_protocol_min": SSLProtocols.tls12}
