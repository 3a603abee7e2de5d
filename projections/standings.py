"""What readers ask of the accreditations view: schemes, accreditations, credentials touched."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, MetaData, RowMapping, func, select

from projections.accreditations import (
    ACCREDITATIONS,
    SCHEMES,
    accreditations_table,
    schemes_table,
)
from projections.credentials import VIEW as CREDENTIALS
from projections.credentials import credentials_table
from projections.queries import Page, Window, page_of
from registry.domain.instants import parse_instant
from registry.domain.standing import Change, Kind, Term
from registry.store.database import Database

_views = MetaData()
_schemes = schemes_table(_views, SCHEMES)
_accreditations = accreditations_table(_views, ACCREDITATIONS)
_credentials = credentials_table(_views, CREDENTIALS)


def schemes(connection: Connection) -> Sequence[RowMapping]:
    """Return every scheme, oldest first; there are few."""
    wanted = select(_schemes).order_by(_schemes.c.position)
    return connection.execute(wanted).mappings().all()


def of_issuer(connection: Connection, issuer_id: str) -> Sequence[RowMapping]:
    """Return every accreditation of an issuer, oldest first; there are few."""
    wanted = select(_accreditations).where(_accreditations.c.issuer_id == issuer_id)
    return connection.execute(wanted.order_by(_accreditations.c.position)).mappings().all()


def page(
    database: Database, window: Window, *, issuer_id: str | None, scheme_id: str | None
) -> Page:
    """List accreditations, newest first; of one issuer, or under one scheme, if named."""
    wanted = select(_accreditations)
    if issuer_id is not None:
        wanted = wanted.where(_accreditations.c.issuer_id == issuer_id)
    if scheme_id is not None:
        wanted = wanted.where(_accreditations.c.scheme_id == scheme_id)
    return page_of(database, _accreditations, wanted, window)


def count_issued(database: Database, *, issuer_id: str, since: str) -> int:
    """Return how many credentials were issued at `since` (an instant as in events) or later."""
    wanted = select(func.count()).where(
        _credentials.c.issuer_id == issuer_id, _credentials.c.issued_at >= since
    )
    with database.reading() as connection:
        return int(connection.execute(wanted).scalar_one())


def term_of(row: RowMapping) -> Term:
    """Return what an accreditation's row says for the issuer's standing."""
    until = row["valid_until"]
    return Term(
        valid_from=parse_instant(row["valid_from"]),
        valid_until=parse_instant(until) if until else None,
        granted_at=parse_instant(row["granted_at"]),
        changes=tuple(_change(change) for change in row["changes"]),
    )


def _change(told: dict[str, Any]) -> Change:
    recorded_at, effective_at = told["recorded_at"], told["effective_at"]
    moments = parse_instant(recorded_at), parse_instant(effective_at)
    return Change(Kind(told["kind"]), *moments, told["reason"])
