"""How far views and publications are behind the events, measured on what is stored.

It is told by the database and not by the thread that does the work, which may have died.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from eventsourcing.persistence import ApplicationRecorder
from sqlalchemy import Connection, MappingResult, MetaData, select

from projections import ALL, positions
from projections.homes import elsewhere
from projections.positions import FrozenStream
from projections.status_lists import (
    PUBLICATIONS,
    STATUS_ARRAYS,
    publications_table,
    status_arrays_table,
)
from registry.domain.instants import parse_instant
from registry.store.database import Database

_views = MetaData()
_arrays = status_arrays_table(_views, STATUS_ARRAYS)
_publications = publications_table(_views, PUBLICATIONS)


@dataclass(frozen=True)
class Lag:
    """How far a view is behind: positions not folded yet, and the age of the first of them."""

    name: str
    events: int
    seconds: float


@dataclass(frozen=True)
class ListState:
    """One list and purpose, and its newest publication or None."""

    list_id: str
    purpose: str
    size: int
    reserved: int
    closed: bool
    changed_position: int
    position: int | None
    valid_from: str | None
    valid_until: str | None


def lags(database: Database, recorder: ApplicationRecorder, *, now: datetime) -> list[Lag]:
    """Return the lag of each view."""
    end = recorder.max_notification_id() or 0
    with database.reading() as connection:
        folded = {each.name: positions.live(connection, each.name).position for each in ALL}
    return [
        Lag(name, max(0, end - position), age_seconds(recorder, position, now=now))
        for name, position in folded.items()
    ]


def frozen(database: Database) -> list[FrozenStream]:
    """Return what each view could not read or apply."""
    with database.reading() as connection:
        return [
            each
            for projection in ALL
            for each in positions.frozen_streams(
                connection, positions.live(connection, projection.name).generation
            )
        ]


def list_states(database: Database, *, shard: str | None = None) -> Sequence[ListState]:
    """Return every list that was not retired, of the issuers at home in this shard."""
    with database.snapshot() as connection:
        return [ListState(**row) for row in _list_rows(connection, shard)]


def publication_lag_seconds(
    states: Sequence[ListState], recorder: ApplicationRecorder, *, now: datetime
) -> float:
    """Return the age of the oldest status change that no publication holds yet."""
    waiting = [s.changed_position for s in states if s.changed_position > (s.position or 0)]
    return age_seconds(recorder, min(waiting) - 1, now=now) if waiting else 0.0


def _list_rows(connection: Connection, shard: str | None) -> MappingResult:
    same = (_arrays.c.list_id == _publications.c.list_id) & (
        _arrays.c.purpose == _publications.c.purpose
    )
    names = ("list_id", "purpose", "size", "reserved", "closed", "changed_position")
    published = ("position", "valid_from", "valid_until")
    columns = [*(_arrays.c[name] for name in names), *(_publications.c[name] for name in published)]
    query = select(*columns).select_from(_arrays.outerjoin(_publications, same))
    here = _arrays.c.issuer_id.not_in(elsewhere(shard))
    return connection.execute(query.where(_arrays.c.retired.is_(False), here)).mappings()


def age_seconds(recorder: ApplicationRecorder, position: int, *, now: datetime) -> float:
    """Return the age in seconds of the first event after `position`, 0 where there is none."""
    found = recorder.select_notifications(position, 1, inclusive_of_start=False)
    if not found:
        return 0.0
    recorded_at = json.loads(found[0].state)["recorded_at"]
    return max(0.0, (now - parse_instant(recorded_at)).total_seconds())
