"""The application: published files first, then everything else, each around the next."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from api import (
    accreditation,
    as_of,
    auditors,
    credentials,
    erasures,
    evidence,
    health,
    issuer_changes,
    issuers,
    issuing_jobs,
    jobs,
    list_history,
    oauth,
    operators,
    public,
    receipts,
    refusals,
    status_jobs,
    vc_api,
    vc_api_operators,
    verifying,
)
from api import log as transparency_log
from api.auth import access_token, bearer
from api.backing_off import BackingOff
from api.bootstrap import Registry, build_verifier
from api.description import describing
from api.exchanges import Exchanges
from api.oauth_tokens import AccessTokens
from api.published import PublishedFiles
from api.reference import reference
from api.uploads import MOST_UPLOADS, MOST_UPLOADS_FOR_ONE
from api.verifying_capacity import MOST_ISSUED_FOR_ONE, BoundedVerifier, Capacity
from registry.domain.errors import RegistryError
from registry.verification.killable import KillableCanonicaliser

log = structlog.get_logger(__name__)

VERSION = "0.1.0"
DESCRIPTION = """
Micro-credentials with an event for everything that ever happened to them.

Keys: `Authorization: Bearer rk_…`; the VC API takes access tokens of `/oauth/token` as well.
Refusals: `application/problem+json` (RFC 9457), each `type` a
URL that explains it. Changing requests honour `Idempotency-Key`, changes of a thing `If-Match`.
Status lists and DID documents are files under `/status-lists/…` and `/issuers/…`.
"""

GUARDED = (
    operators.router,
    erasures.router,
    issuer_changes.router,
    accreditation.router,
    vc_api_operators.router,
    issuers.router,
    credentials.imports,
    credentials.router,
    receipts.router,
    evidence.router,
    auditors.router,
    as_of.router,
    list_history.router,
    jobs.router,
    issuing_jobs.router,
    status_jobs.router,
    status_jobs.files,
    transparency_log.entries,
)
VC_API = (vc_api.router, verifying.router)


def create_app(registry: Registry, *, development: bool = False) -> ASGIApp:
    """Return the application that serves a registry; its lifespan runs the background work.

    In `development` the VC API asks nobody who they are, and its verifier may ask this machine:
    for a server that nobody else can reach.
    """
    return PublishedFiles(
        Exchanges(_framework(registry, development=development)),
        folder=registry.folder,
        public_url=registry.public_url,
        max_age_seconds=registry.settings.list_ttl_seconds,
    )


def _framework(registry: Registry, *, development: bool) -> FastAPI:
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
    app.state.access_tokens = AccessTokens(
        registry.token_key, public_url=registry.public_url, shard=registry.settings.shard
    )
    app.state.canonicaliser = KillableCanonicaliser()
    verifier = build_verifier(
        registry, canonicalise=app.state.canonicaliser, development=development
    )
    app.state.verifier = BoundedVerifier(verifier)
    app.state.uploads = Capacity(most=MOST_UPLOADS, most_for_one=MOST_UPLOADS_FOR_ONE)
    app.state.generic_issuing = Capacity(most_for_one=MOST_ISSUED_FOR_ONE, wait_seconds=5.0)
    app.state.development = development
    for router in GUARDED:
        app.include_router(router, dependencies=[bearer])
    for router in VC_API:
        app.include_router(router, dependencies=[bearer, access_token])
    for router in (
        oauth.router,
        public.router,
        accreditation.open_router,
        list_history.public,
        receipts.public,
        transparency_log.router,
        health.router,
        reference(app),
    ):
        app.include_router(router)
    refusals.install(app)
    app.openapi = describing(app)  # type: ignore[method-assign] # the framework's own way
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    registry: Registry = app.state.registry
    registry.start()
    yield
    await run_in_threadpool(stop, registry)
    app.state.canonicaliser.close()


def stop(registry: Registry) -> None:
    """End what a process does for a registry, in order."""
    try:
        registry.application.stop()
    except RegistryError as error:
        log.warning("unspent indexes were not given back", reason=error.reason)
    registry.close()
