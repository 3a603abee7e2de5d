"""The application: published files first, then everything else, each around the next."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from api import auditors, credentials, health, issuers, operators, public, refusals
from api.auth import bearer
from api.backing_off import BackingOff
from api.bootstrap import Registry
from api.description import describing
from api.exchanges import Exchanges
from api.published import PublishedFiles
from api.reference import reference
from registry.domain.errors import RegistryError

log = structlog.get_logger(__name__)

VERSION = "0.1.0"
DESCRIPTION = """
Micro-credentials with an event for everything that ever happened to them.

Keys: `Authorization: Bearer rk_…`. Refusals: `application/problem+json` (RFC 9457), each `type` a
URL that explains it. Changing requests honour `Idempotency-Key`, changes of a thing `If-Match`.
Status lists and DID documents are files under `/status-lists/…` and `/issuers/…`.
"""

GUARDED = (
    operators.router,
    issuers.router,
    credentials.imports,
    credentials.router,
    auditors.router,
)


def create_app(registry: Registry) -> ASGIApp:
    """Return the application that serves a registry; its lifespan runs the background work."""
    return PublishedFiles(
        Exchanges(_framework(registry)),
        folder=registry.folder,
        public_url=registry.public_url,
        max_age_seconds=registry.settings.list_ttl_seconds,
    )


def _framework(registry: Registry) -> FastAPI:
    app = FastAPI(
        title="Micro-credential registry",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=_lifespan,
        redirect_slashes=False,
        # Both would load scripts from elsewhere; `api.reference` takes their place.
        docs_url=None,
        redoc_url=None,
    )
    app.state.registry = registry
    app.state.backing_off = BackingOff(time.monotonic)
    for router in GUARDED:
        app.include_router(router, dependencies=[bearer])
    for router in (public.router, health.router, reference(app)):
        app.include_router(router)
    refusals.install(app)
    # The way the framework offers for it.
    app.openapi = describing(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    registry: Registry = app.state.registry
    registry.runner.start()
    yield
    await run_in_threadpool(_stop, registry)


def _stop(registry: Registry) -> None:
    try:
        registry.application.stop()
    except RegistryError as error:
        log.warning("unspent indexes were not given back", reason=error.reason)
    registry.close()
