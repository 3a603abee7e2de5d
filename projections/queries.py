"""What readers ask of the views: pages of credentials, issuers and achievements, and timelines.

Pages run from the newest to the oldest. A cursor is the base64url of the position of the last
row seen, so that a page neither repeats nor skips a row when others are added meanwhile.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, MetaData, RowMapping, Select, Table, select, text

from projections import positions
from projections.credentials import IS_CHANGED, CredentialsProjection, credentials_table
from projections.credentials import VIEW as CREDENTIALS
from projections.directory import ACHIEVEMENTS, ISSUERS, achievements_table, issuers_table
from projections.timeline import VIEW as TIMELINE
from projections.timeline import timeline_table
from registry.domain.credential import Status
from registry.domain.errors import InvalidValueError
from registry.formats.multibase import MultibaseError, b64url_decode, b64url_encode
from registry.store.database import Database

_views = MetaData()
_credentials = credentials_table(_views, CREDENTIALS)
_issuers = issuers_table(_views, ISSUERS)
_achievements = achievements_table(_views, ACHIEVEMENTS)
_timeline = timeline_table(_views, TIMELINE)
_LONGEST_CURSOR_DIGITS = 18
_IDS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Window:
    """Which page of a listing: at most `limit` rows after `cursor`, the first page without one."""

    limit: int
    cursor: str | None = None


@dataclass(frozen=True)
class Page:
    """Rows, and the cursor of the page after them or None at the end."""

    rows: Sequence[RowMapping]
    next: str | None


@dataclass(frozen=True)
class CredentialFilter:
    """Which credentials to find; what is None does not matter.

    `issued_from` (inclusive) and `issued_until` (exclusive) are instants as events carry them.
    """

    issuer_id: str | None = None
    achievement_id: str | None = None
    status: str | None = None
    subject_ref: str | None = None
    issued_from: str | None = None
    issued_until: str | None = None


def credentials(database: Database, wanted: CredentialFilter, window: Window) -> Page:
    """Find credentials."""
    return page_of(database, _credentials, _wanted(wanted), window)


@contextmanager
def selection(database: Database, wanted: CredentialFilter) -> Iterator[tuple[int, Iterator[str]]]:
    """Give the position the view stands at, and the ids of what is found there, oldest first."""
    with database.snapshot(patient=True, of=[CREDENTIALS]) as connection:
        place = positions.live(connection, CredentialsProjection.name)
        yield place.position, _ids(connection, wanted)


def _ids(connection: Connection, wanted: CredentialFilter) -> Iterator[str]:
    c, after, query = _credentials.c, -1, _wanted(wanted)
    query = query.with_only_columns(c.position, c.credential_id).order_by(c.position)
    while rows := connection.execute(query.where(c.position > after).limit(_IDS_AT_ONCE)).all():
        yield from (row[1] for row in rows)
        after = rows[-1][0]


def _wanted(wanted: CredentialFilter) -> Select[Any]:
    query = _equal(
        _credentials,
        issuer_id=wanted.issuer_id,
        achievement_id=wanted.achievement_id,
        status=wanted.status,
        subject_ref=wanted.subject_ref,
    )
    if wanted.status not in {None, Status.ACTIVE}:
        query = query.where(text(IS_CHANGED))
    if wanted.issued_from is not None:
        query = query.where(_credentials.c.issued_at >= wanted.issued_from)
    if wanted.issued_until is not None:
        query = query.where(_credentials.c.issued_at < wanted.issued_until)
    return query


def issuers(database: Database, window: Window) -> Page:
    """List issuers."""
    return page_of(database, _issuers, select(_issuers), window)


def achievements(database: Database, issuer_id: str, window: Window) -> Page:
    """List the achievements of one issuer."""
    return page_of(database, _achievements, _equal(_achievements, issuer_id=issuer_id), window)


def timeline(database: Database, stream_id: str) -> Sequence[RowMapping]:
    """Return what happened to one issuer, achievement or credential, oldest first."""
    query = _equal(_timeline, stream_id=stream_id).order_by(_timeline.c.stream_version)
    with database.reading() as connection:
        return connection.execute(query).mappings().all()


def write_cursor(position: int) -> str:
    """Return the cursor of the page after `position`."""
    return b64url_encode(str(position).encode())


def read_cursor(cursor: str) -> int:
    """Return the position in a cursor; raises InvalidValueError."""
    try:
        digits = b64url_decode(cursor).decode("ascii")
    except (MultibaseError, UnicodeDecodeError):
        digits = ""
    if not digits.isdecimal() or len(digits) > _LONGEST_CURSOR_DIGITS:
        raise InvalidValueError(
            "the cursor is not one this registry gave out",
            field="cursor",
            remedy="take it from `next` of the page before, or leave it out",
        )
    return int(digits)


def _equal(table: Table, **wanted: str | None) -> Select[Any]:
    given = {name: value for name, value in wanted.items() if value is not None}
    return select(table).where(*(table.c[name] == value for name, value in given.items()))


def page_of(database: Database, table: Table, query: Select[Any], window: Window) -> Page:
    """Return a page of a query over a table whose rows have a `position`."""
    if window.cursor is not None:
        query = query.where(table.c.position < read_cursor(window.cursor))
    # One row more than asked for tells whether a page follows.
    query = query.order_by(table.c.position.desc()).limit(window.limit + 1)
    with database.reading() as connection:
        rows = connection.execute(query).mappings().all()
    more = len(rows) > window.limit
    shown = rows[: window.limit]
    return Page(shown, write_cursor(shown[-1]["position"]) if more else None)
