"""What changed between two positions, or two versions of a list, with the events that did it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, MetaData, RowMapping, and_, select

from projections.past.as_of import set_entries
from projections.past.intervals import STATUS_INTERVALS, status_intervals_table
from projections.timeline import VIEW as TIMELINE
from projections.timeline import timeline_table
from registry.domain.events import CredentialReinstated, CredentialRevoked, CredentialSuspended

CHANGING = {
    "revocation": (CredentialRevoked.TOPIC,),
    "suspension": (CredentialSuspended.TOPIC, CredentialReinstated.TOPIC),
}
"""Status purpose -> the events that set or clear its entries."""

MOST_AT_ONCE = 500
"""So many credentials are named in one statement."""

_views = MetaData()
_intervals = status_intervals_table(_views, STATUS_INTERVALS)
_before = _intervals.alias("before")
_timeline = timeline_table(_views, TIMELINE)


@dataclass(frozen=True)
class Stretch:
    """The events with after < position <= until, of one issuer or of all."""

    after: int
    until: int
    issuer_id: str | None = None


def changes(connection: Connection, stretch: Stretch, *, limit: int) -> list[RowMapping]:
    """Return the first `limit` events of a stretch about issuers, achievements and credentials.

    Each is a row of the timeline; one about a credential has the `status` it left and the
    `status_before`, which are None for any other.
    """
    of_event = and_(
        _intervals.c.credential_id == _timeline.c.stream_id,
        _intervals.c.version == _timeline.c.stream_version,
    )
    of_earlier = and_(
        _before.c.credential_id == _intervals.c.credential_id,
        _before.c.version == _intervals.c.version - 1,
    )
    joined = _timeline.outerjoin(_intervals, of_event).outerjoin(_before, of_earlier)
    query = (
        select(_timeline, _intervals.c.status, _before.c.status.label("status_before"))
        .select_from(joined)
        .where(_timeline.c.position > stretch.after, _timeline.c.position <= stretch.until)
        .order_by(_timeline.c.position)
        .limit(limit)
    )
    if stretch.issuer_id is not None:
        query = query.where(_timeline.c.issuer_id == stretch.issuer_id)
    return list(connection.execute(query).mappings())


@dataclass(frozen=True)
class EntryChange:
    """An entry of a list that differs between two positions, and the events in between."""

    index: int
    credential_id: str
    was_set: bool
    is_set: bool
    events: Sequence[RowMapping]


def entry_changes(
    connection: Connection, list_id: str, purpose: str, *, before: int, after: int
) -> list[EntryChange]:
    """Return the entries of a list that are set as of one of two positions and not of the other.

    The events are rows of the timeline: those of the entry's credential between the positions
    that set or cleared an entry.
    """
    was, became = (
        {entry["list_index"]: entry["credential_id"] for entry in entries}
        for entries in (
            set_entries(connection, list_id, purpose, position=position)
            for position in (before, after)
        )
    )
    differing = {index: (was | became)[index] for index in sorted(was.keys() ^ became.keys())}
    events = _events(connection, list(differing.values()), purpose, before=before, after=after)
    return [
        EntryChange(
            index=index,
            credential_id=credential_id,
            was_set=index in was,
            is_set=index in became,
            events=events[credential_id],
        )
        for index, credential_id in differing.items()
    ]


def _events(
    connection: Connection,
    credential_ids: Sequence[str],
    purpose: str,
    *,
    before: int,
    after: int,
) -> Mapping[str, list[RowMapping]]:
    """Return by credential what set or cleared its entry between two positions, in either order."""
    found: defaultdict[str, list[RowMapping]] = defaultdict(list)
    for start in range(0, len(credential_ids), MOST_AT_ONCE):
        some = credential_ids[start : start + MOST_AT_ONCE]
        query = (
            select(_timeline)
            .where(_timeline.c.stream_id.in_(some), _timeline.c.event.in_(CHANGING[purpose]))
            .where(_timeline.c.position > min(before, after))
            .where(_timeline.c.position <= max(before, after))
            .order_by(_timeline.c.position)
        )
        for row in connection.execute(query).mappings():
            found[row["stream_id"]].append(row)
    return found
