"""What the registry said, and what it now knows, of statuses: one credential, an issuer, a list.

Each function answers as of one position from the intervals, at a cost that grows with the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bitarray.util import zeros
from sqlalchemy import ColumnElement, Connection, MetaData, RowMapping, and_, func, or_, select

from projections import positions
from projections.past.intervals import (
    STATUS_INTERVALS,
    IntervalsProjection,
    status_intervals_table,
)
from projections.past.list_history import LIST_HISTORIES, list_histories_table
from projections.past.moments import AsOf
from projections.queries import Page, Window, read_cursor, write_cursor
from projections.status_lists import STATUS_ARRAYS, status_arrays_table
from registry.domain.errors import UnknownListError

_views = MetaData()
_intervals = status_intervals_table(_views, STATUS_INTERVALS)
_histories = list_histories_table(_views, LIST_HISTORIES)
_arrays = status_arrays_table(_views, STATUS_ARRAYS)
_later = _intervals.alias("later")


@dataclass(frozen=True)
class Span:
    """A status, and from when until when it was known to hold in the world; None for open.

    `position` and `recorded_at` are those of the event that gave the status.
    """

    status: str
    reason: str | None
    position: int
    recorded_at: str
    effective_from: str
    effective_until: str | None


def spans(connection: Connection, credential_id: str, as_of: AsOf) -> list[Span]:
    """Return what was known of a credential as of a position, oldest first; [] before its issuing.

    The last span is what the registry said then.
    """
    query = (
        select(_intervals)
        .where(_intervals.c.credential_id == credential_id)
        .where(_intervals.c.recorded_from <= as_of.position)
        .order_by(_intervals.c.version)
    )
    known: list[Span] = []
    for row in connection.execute(query).mappings():
        _override(known, _span(row))
    return known


def span_at(known: Sequence[Span], effective_at: str | None) -> Span | None:
    """Return the span of an instant, the last one for None; None before the first."""
    if effective_at is None:
        return known[-1] if known else None
    return next((each for each in reversed(known) if each.effective_from <= effective_at), None)


def _override(known: list[Span], newer: Span) -> None:
    while known and known[-1].effective_from >= newer.effective_from:
        known.pop()
    if known:
        last = known.pop()
        known.append(Span(**{**vars(last), "effective_until": newer.effective_from}))
    known.append(newer)


def _span(row: RowMapping) -> Span:
    named = {name: row[name] for name in Span.__dataclass_fields__ if name in row}
    return Span(**named, effective_until=None)


def issuer_statuses(connection: Connection, issuer_id: str, as_of: AsOf, window: Window) -> Page:
    """Return a page of the statuses of an issuer's credentials, the last changed first."""
    columns = [
        _intervals.c[name]
        for name in ("credential_id", "recorded_from", *Span.__dataclass_fields__)
        if name in _intervals.c
    ]
    query = select(*columns).where(_of_issuer(issuer_id, as_of))
    if window.cursor is not None:
        query = query.where(_intervals.c.recorded_from < read_cursor(window.cursor))
    # One row more than asked for tells whether a page follows.
    query = query.order_by(_intervals.c.recorded_from.desc()).limit(window.limit + 1)
    rows = connection.execute(query).mappings().all()
    shown = rows[: window.limit]
    more = len(rows) > window.limit
    return Page(shown, write_cursor(shown[-1]["recorded_from"]) if more else None)


def issuer_counts(connection: Connection, issuer_id: str, as_of: AsOf) -> dict[str, int]:
    """Return how many of an issuer's credentials had each status."""
    query = (
        select(_intervals.c.status, func.count().label("number"))
        .where(_of_issuer(issuer_id, as_of))
        .group_by(_intervals.c.status)
        .order_by(_intervals.c.status)
    )
    return {row.status: row.number for row in connection.execute(query)}


def _of_issuer(issuer_id: str, as_of: AsOf) -> ColumnElement[bool]:
    """Return the condition of the one row of each credential that answers."""
    known = and_(_intervals.c.issuer_id == issuer_id, _intervals.c.recorded_from <= as_of.position)
    newest = or_(
        _intervals.c.recorded_until.is_(None), _intervals.c.recorded_until > as_of.position
    )
    if as_of.effective_at is None:
        return and_(known, newest)
    overridden = (
        select(_later.c.version)
        .where(_later.c.credential_id == _intervals.c.credential_id)
        .where(_later.c.version > _intervals.c.version)
        .where(_later.c.recorded_from <= as_of.position)
        .where(_later.c.effective_from <= as_of.effective_at)
        .exists()
    )
    began = _intervals.c.effective_from <= as_of.effective_at
    return and_(known, began, or_(newest, ~overridden))


def status_list(connection: Connection, list_id: str, purpose: str) -> RowMapping:
    """Return whose a list is, its size, and who may read its past; raises UnknownListError."""
    query = (
        select(_histories)
        .join(_arrays, _arrays.c.list_id == _histories.c.list_id)
        .where(_histories.c.list_id == list_id, _arrays.c.purpose == purpose)
    )
    found = connection.execute(query).mappings().one_or_none()
    if found is None:
        raise UnknownListError("there is no such status list", field="list_id")
    return found


def set_entries(
    connection: Connection, list_id: str, purpose: str, *, position: int
) -> list[RowMapping]:
    """Return the entries of a list that were set as of a position, in order of their indexes.

    Each has the `list_index`, the `credential_id`, and the `position` and `recorded_at` of the
    event that set it.
    """
    columns = [
        _intervals.c[name] for name in ("list_index", "credential_id", "position", "recorded_at")
    ]
    query = (
        select(*columns)
        .where(_intervals.c.list_id == list_id, _intervals.c.purpose == purpose)
        .where(_intervals.c.recorded_from <= position)
        .where(or_(_intervals.c.set_until.is_(None), _intervals.c.set_until > position))
        .order_by(_intervals.c.list_index)
    )
    return list(connection.execute(query).mappings())


def bits(size: int, entries: Sequence[RowMapping]) -> bytes:
    """Return a list's bits, index 0 the most significant bit of byte 0."""
    array = zeros(size, endian="big")
    for entry in entries:
        # An index outside the list is an impossible event, which the status arrays refuse too.
        if 0 <= entry["list_index"] < size:
            array[entry["list_index"]] = 1
    return array.tobytes()


def unreadable(connection: Connection, issuer_id: str, as_of: AsOf) -> list[int]:
    """Return the events that this version could not read and that may change an issuer's answer."""
    generation = positions.live(connection, IntervalsProjection.name).generation
    return [
        frozen.notification_id
        for frozen in positions.frozen_streams(connection, generation)
        if frozen.issuer_id in (None, issuer_id) and frozen.notification_id <= as_of.position
    ]
