"""Whether the process lives, and whether it can do its work."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from api.auth import Serving
from api.bootstrap import Registry
from api.clock import now
from api.requests import OpenRoute
from projections import progress
from registry.domain.errors import RegistryError
from registry.store.standby_confirmation import durability_warnings

router = APIRouter(tags=["public"], route_class=OpenRoute)


class Alive(BaseModel):
    """The process lives."""

    status: str = "alive"


class ProjectionState(BaseModel):
    """How far a view is behind the events."""

    name: str = Field(examples=["status_lists"])
    lag_events: int = Field(examples=[0])
    lag_seconds: float = Field(examples=[0.0])


class Readiness(BaseModel):
    """Whether the registry can do its work, and what hinders it."""

    ready: bool
    hindrances: list[str] = Field(examples=[["the database did not answer"]])
    warnings: list[str] = Field(
        default=[],
        description="What one issuer's lists or the transparency log suffer from; the rest is "
        "served as ever.",
        examples=[["event 12 is unreadable"]],
    )
    projections: list[ProjectionState] = []
    roles: list[str] = Field(
        default=[], description="What this process does.", examples=[["api", "projections"]]
    )
    leads: list[str] = Field(
        default=[],
        description="What this process alone does, of all processes.",
        examples=[["lists/0-of-1", "projection/status_lists"]],
    )


@router.get("/healthz")
def read_health() -> Alive:
    """Say that the process lives."""
    return Alive()


@router.get("/readyz", responses={503: {"model": Readiness, "description": "Not ready."}})
def read_readiness(response: Response, registry: Serving) -> Readiness:
    """Say whether the registry can do its work."""
    readiness = readiness_of(registry)
    if not readiness.ready:
        response.status_code = 503
        response.headers["Retry-After"] = "1"
    return readiness


def _losing(registry: Registry) -> list[str]:
    with registry.database.reading() as connection:
        return durability_warnings(connection)


def readiness_of(registry: Registry) -> Readiness:
    """Return whether a process can do its work, and what hinders it."""
    try:
        lags = progress.lags(registry.database, registry.recorder, now=now())
        frozen = progress.frozen(registry.database)
        warnings = _losing(registry)
    except RegistryError as error:
        return Readiness(ready=False, hindrances=[error.reason])
    greatest = registry.settings.greatest_lag_seconds
    slow = [lag for lag in lags if lag.seconds > greatest]
    hindrances = [f"the view {lag.name} is {lag.seconds:.1f} s behind" for lag in slow]
    failure = registry.runner.failure
    unreadable = sorted({each.notification_id for each in frozen})
    warnings += [f"background work fails: {failure}"] if failure else []
    warnings += [f"event {position} is unreadable" for position in unreadable]
    if registry.transparency.alarm:
        warnings.append(f"the transparency log does not go on: {registry.transparency.alarm}")
    if hindrance := registry.receipts.hindrance:
        warnings.append(f"no receipt can be given: {hindrance}")
    warnings += [
        f"the static target {copying.standing.url} gets nothing: {copying.failure}"
        for copying in registry.static
        if copying.failure
    ]
    if registry.witnesses is not None:
        warnings += [
            f"the witness {state.url} does not cosign: {state.failure}"
            for state in registry.witnesses.states
            if state.failure
        ]
    warnings += [
        f"the DID document of issuer {issuer_id} is not published: {reason}"
        for issuer_id, reason in sorted(registry.publisher.unwritten_documents.items())
    ]
    warnings += [
        f"list {list_id}/{purpose} is not published: {alarm.reason}"
        for (list_id, purpose), alarm in sorted(registry.publisher.alarms.items())
    ]
    states = [
        ProjectionState(name=lag.name, lag_events=lag.events, lag_seconds=lag.seconds)
        for lag in lags
    ]
    return Readiness(
        ready=not hindrances,
        hindrances=hindrances,
        warnings=warnings,
        projections=states,
        roles=sorted(registry.settings.effective_roles),
        leads=sorted(registry.leadership.held),
    )
