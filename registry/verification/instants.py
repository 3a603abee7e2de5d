"""Read the instants of a credential, and compare them with a clock that may be a little off."""

from datetime import datetime, timedelta

from registry.formats import stamps
from registry.formats.proof_options import proof_instant

CLOCK_SKEW = timedelta(seconds=60)


class InstantError(ValueError):
    """The value is not an RFC 3339 instant with a time zone."""


def parse_instant(value: object) -> datetime:
    """Return an xsd:dateTimeStamp as an aware datetime in UTC (VCDM 2.0 §4.9).

    Strict as `stamps.parse_stamp`; raises `InstantError`.
    """
    return _found(stamps.parse_stamp(value))


def parse_proof_instant(value: object) -> datetime:
    """Return an instant of a proof, as `proof_options.proof_instant`; raises `InstantError`."""
    return _found(proof_instant(value))


def is_over(end: datetime | None, *, now: datetime) -> bool:
    """Say whether `end` is past, even for a clock that is 60 s fast."""
    return end is not None and now - CLOCK_SKEW > end


def is_to_come(start: datetime | None, *, now: datetime) -> bool:
    """Say whether `start` is still ahead, even for a clock that is 60 s slow."""
    return start is not None and now + CLOCK_SKEW < start


def _found(instant: datetime | None) -> datetime:
    if instant is None:
        raise InstantError(InstantError.__doc__)
    return instant
