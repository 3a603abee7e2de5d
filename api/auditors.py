"""What auditors read: every event, and the timeline of each credential."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.auth import Auditor, Reader, Serving
from api.credentials import readable
from api.requests import GuardedRoute
from api.responses import refusals
from api.values import Id
from projections import queries
from registry.store.recorders import open_recorder

router = APIRouter(prefix="/v1", tags=["auditors"], route_class=GuardedRoute)


class TimelineEntry(BaseModel):
    """Something that happened to a credential."""

    position: int = Field(description="Its place in the history of everything.")
    event: str = Field(examples=["credential-revoked-v1"])
    recorded_at: str
    effective_at: str | None = Field(description="Since when it holds in the world, if earlier.")
    actor: str = Field(examples=["api-key:0f1e2d3c4b5a6978"])
    reason: str | None = Field(examples=["misconduct"])
    version: int


class TimelineAnswer(BaseModel):
    """What happened to a credential, oldest first."""

    items: list[TimelineEntry]


class EventEntry(BaseModel):
    """An event as it is stored."""

    position: int
    stream_id: str
    stream_version: int
    topic: str = Field(examples=["credential-issued-v1"])
    state: dict[str, Any]


class EventsAnswer(BaseModel):
    """Events in the order of their commits; positions may skip."""

    items: list[EventEntry]
    next: int | None = Field(description="Pass it as `after`; null at the end.")


@router.get("/credentials/{credential_id}/timeline", responses=refusals(401, 403, 404))
def read_timeline(credential_id: Id, asker: Reader, registry: Serving) -> TimelineAnswer:
    """Read what happened to a credential."""
    readable(credential_id, asker, registry)
    rows = queries.timeline(registry.read_by(asker.role), credential_id)
    names = TimelineEntry.model_fields
    items = [
        TimelineEntry(version=row["stream_version"], **{n: row[n] for n in names if n in row})
        for row in rows
    ]
    return TimelineAnswer(items=items)


@router.get("/events", responses=refusals(401, 403, 422))
def read_events(
    registry: Serving,
    asker: Auditor,
    after: Annotated[int, Query(ge=0, le=2**53, description="The last position seen.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most.")] = 100,
) -> EventsAnswer:
    """Read the history as it is stored; it holds no personal data."""
    recorder = open_recorder(registry.read_by(asker.role))
    found = recorder.select_notifications(after, limit, inclusive_of_start=False)
    items = [
        EventEntry(
            position=each.id,
            stream_id=str(each.originator_id),
            stream_version=each.originator_version,
            topic=each.topic,
            state=json.loads(each.state),
        )
        for each in found
    ]
    return EventsAnswer(items=items, next=items[-1].position if len(items) == limit else None)
