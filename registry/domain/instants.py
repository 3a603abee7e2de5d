"""Instants as text: RFC 3339 in UTC with a trailing Z, the only form in events and documents."""

from datetime import UTC, datetime


def instant(moment: datetime) -> str:
    """Write an aware `moment` with microseconds, as events carry it ("…T18:00:00.123456Z")."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def document_instant(moment: datetime) -> str:
    """Write an aware `moment` with milliseconds, as signed documents carry it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 instant; raises ValueError where the time zone is missing."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write it like 2026-01-31T12:00:00Z")
    return moment.astimezone(UTC)
