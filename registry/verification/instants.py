"""Read the instants of a credential, and compare them with a clock that may be a little off."""

import re
from datetime import UTC, datetime, timedelta

CLOCK_SKEW = timedelta(seconds=60)

_DATE_TIME_STAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,12})?(Z|[+-][0-9]{2}:[0-9]{2})"
)

_WITHOUT_OFFSET = re.compile(r"[0-9-]{10}T[0-9:]{8}(\.[0-9]{1,12})?")


class InstantError(ValueError):
    """The value is not an RFC 3339 instant with a time zone."""


def parse_instant(value: object) -> datetime:
    """Return an xsd:dateTimeStamp as an aware datetime in UTC.

    Strict: four-digit years, capital T and Z, a time zone always (VCDM 2.0 §4.9). What Python
    cannot hold (a leap second, 24:00:00) is refused too. Raises `InstantError`.
    """
    if not isinstance(value, str) or not _DATE_TIME_STAMP.fullmatch(value):
        raise InstantError(InstantError.__doc__)
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InstantError(InstantError.__doc__) from error


def parse_proof_instant(value: object) -> datetime:
    """Return an instant of a proof, which is in UTC if it has no time zone (VC-DI 1.0 §2.1).

    Raises `InstantError`.
    """
    is_local = isinstance(value, str) and _WITHOUT_OFFSET.fullmatch(value)
    return parse_instant(f"{value}Z" if is_local else value)


def is_over(end: datetime | None, *, now: datetime) -> bool:
    """Say whether `end` is past, even for a clock that is 60 s fast."""
    return end is not None and now - CLOCK_SKEW > end


def is_to_come(start: datetime | None, *, now: datetime) -> bool:
    """Say whether `start` is still ahead, even for a clock that is 60 s slow."""
    return start is not None and now + CLOCK_SKEW < start
