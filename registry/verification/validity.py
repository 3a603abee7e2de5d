"""Check the period a credential says it is valid for (VCDM 2.0 §4.9, VCDM 1.1 §4.6 and §4.7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.verification.checks import failed, passed
from registry.verification.instants import InstantError, is_over, is_to_come, parse_instant
from registry.verification.report import Check, CheckError
from registry.verification.structure import Document

_NAME: Final = "validity"

# The words of both versions of the data model count wherever they stand: a holder may exchange
# the contexts of one version for the other's where the signed statements remain the same.
_STARTS: Final = ("validFrom", "issuanceDate")
_ENDS: Final = ("validUntil", "expirationDate")


@dataclass(frozen=True)
class Period:
    """From when until when, both included; None where the document sets no bound."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class _Bound:
    at: datetime
    field: str


def period_of(document: Document) -> Period:
    """Return the latest start and the earliest end; raises `CheckError` with outcome failed."""
    start, end = _start_and_end(document)
    return Period(start.at if start else None, end.at if end else None)


def check_validity(document: Document, *, now: datetime) -> Check:
    """Report whether `now` lies in the period, give or take 60 seconds."""
    try:
        start, end = _start_and_end(document)
    except CheckError as error:
        return error.check
    if end and is_over(end.at, now=now):
        until = document[end.field]
        return failed(_NAME, "expired", looked_at=end.field, until=until).check
    if start and is_to_come(start.at, now=now):
        since = document[start.field]
        return failed(_NAME, "not-yet-valid", looked_at=start.field, since=since).check
    return passed(_NAME, "in-period", looked_at="validFrom, validUntil")


def _start_and_end(document: Document) -> tuple[_Bound | None, _Bound | None]:
    start = max(_bounds(document, _STARTS), key=lambda bound: bound.at, default=None)
    end = min(_bounds(document, _ENDS), key=lambda bound: bound.at, default=None)
    if start and end and end.at < start.at:
        raise failed(_NAME, "period-reversed", looked_at=end.field)
    return start, end


def _bounds(document: Document, fields: Sequence[str]) -> Sequence[_Bound]:
    return [_Bound(_instant(document, field), field) for field in fields if field in document]


def _instant(document: Document, field: str) -> datetime:
    try:
        return parse_instant(document[field])
    except InstantError as error:
        value = document[field]
        raise failed(
            _NAME, "malformed-period", looked_at=field, field=field, value=value
        ) from error
