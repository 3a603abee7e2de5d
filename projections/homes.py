"""Where issuers are at home, as the directory tells, and what ties some of them together.

The views may lag. That nothing of an issuer elsewhere is recorded here is held by
`registry.sharding`; this keeps the background work from trying again and again.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, MetaData, Select, Table, func, or_, select

from projections.accreditations import (
    ACCREDITATIONS,
    SCHEMES,
    accreditations_table,
    schemes_table,
)
from projections.credentials import VIEW as CREDENTIALS
from projections.credentials import credentials_table
from projections.directory import ISSUERS, issuers_table
from projections.standings import term_of
from projections.status_lists import STATUS_ARRAYS, status_arrays_table
from registry.domain.standing import Standing, standing_at
from registry.moving import Tie

_views = MetaData()
_issuers = issuers_table(_views, ISSUERS)
_credentials = credentials_table(_views, CREDENTIALS)
_arrays = status_arrays_table(_views, STATUS_ARRAYS)
_schemes = schemes_table(_views, SCHEMES)
_accreditations = accreditations_table(_views, ACCREDITATIONS)

_OVER = (Standing.EXPIRED, Standing.WITHDRAWN)


@dataclass(frozen=True)
class Resident:
    """An issuer, where it is at home, and how many credentials this shard knows of it."""

    issuer_id: str
    name_en: str
    home: str | None
    credentials: int


def is_here(issuers: Table, shard: str | None) -> ColumnElement[bool]:
    """Return the condition that an issuer of the directory is at home in a shard."""
    return issuers.c.home.is_not_distinct_from(shard)


def elsewhere(shard: str | None) -> Select[tuple[str]]:
    """Select the ids of the issuers that are at home in another shard than this."""
    return select(_issuers.c.issuer_id).where(_issuers.c.home.is_distinct_from(shard))


def residents(connection: Connection) -> list[Resident]:
    """Return every issuer that is known here, by home."""
    counted = (
        select(_credentials.c.issuer_id, func.count().label("credentials"))
        .group_by(_credentials.c.issuer_id)
        .subquery()
    )
    query = (
        select(
            _issuers.c.issuer_id,
            _issuers.c.name_en,
            _issuers.c.home,
            func.coalesce(counted.c.credentials, 0),
        )
        .join_from(_issuers, counted, _issuers.c.issuer_id == counted.c.issuer_id, isouter=True)
        .order_by(func.coalesce(_issuers.c.home, ""), _issuers.c.position)
    )
    return [Resident(*row) for row in connection.execute(query)]


def lists_of(connection: Connection, issuer_id: str) -> list[str]:
    """Return the ids of an issuer's status lists."""
    query = select(_arrays.c.list_id).where(_arrays.c.issuer_id == issuer_id).distinct()
    return list(connection.execute(query).scalars())


class ViewedTies:
    """What the views tell of issuers that decide for others."""

    def __init__(self, *, snapshot: Callable[[], Any], clock: Callable[[], datetime]) -> None:
        self._snapshot = snapshot
        self._clock = clock

    def __call__(self, issuer_ids: Collection[str]) -> list[Tie]:
        """Return the ties of issuers to any others, custody and accreditation."""
        with self._snapshot() as connection:
            homes = dict(connection.execute(select(_issuers.c.issuer_id, _issuers.c.home)).all())
            pairs = [
                *_in_custody(connection, issuer_ids),
                *_accredited(connection, issuer_ids, self._clock()),
            ]
        return [
            Tie(one, other, homes.get(other), reason)
            for first, second, reason in pairs
            for one, other in ((first, second), (second, first))
            if one in issuer_ids
        ]


def _in_custody(connection: Connection, ids: Collection[str]) -> Iterator[tuple[str, str, str]]:
    query = select(_issuers.c.issuer_id, _issuers.c.custodian_id).where(
        _issuers.c.custodian_id.is_not(None),
        or_(_issuers.c.issuer_id.in_(ids), _issuers.c.custodian_id.in_(ids)),
    )
    for issuer_id, custodian_id in connection.execute(query):
        yield issuer_id, custodian_id, "one changes statuses in place of the other, which is closed"


def _accredited(
    connection: Connection, ids: Collection[str], now: datetime
) -> Iterator[tuple[str, str, str]]:
    query = (
        select(_accreditations, _schemes.c.accreditor_id)
        .join_from(_accreditations, _schemes, _accreditations.c.scheme_id == _schemes.c.scheme_id)
        .where(or_(_accreditations.c.issuer_id.in_(ids), _schemes.c.accreditor_id.in_(ids)))
    )
    for row in connection.execute(query).mappings():
        if standing_at([term_of(row)], now) not in _OVER:
            yield row["issuer_id"], row["accreditor_id"], "one is accredited by the other"
