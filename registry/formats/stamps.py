"""Read the instants of credentials and keys (VCDM 2.0 §4.9, Controlled Identifiers v1.0 §2.2)."""

import re
from datetime import UTC, datetime
from typing import Any, Final

# XML Schema 1.1 Part 2 §3.4.28: dateTimeStamp, a dateTime whose time zone is not optional.
_STAMP: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,12})?"
    r"(Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
)


def parse_stamp(value: Any) -> datetime | None:
    """Return an xsd:dateTimeStamp as an aware datetime in UTC, or None for anything else.

    Fractions beyond microseconds are cut; 24:00:00 and leap seconds, which no clock here can
    hold, are not stamps.
    """
    matched = _STAMP.fullmatch(value) if isinstance(value, str) else None
    if matched is None:
        return None
    date, time, fraction, zone = matched.groups()
    try:
        return datetime.fromisoformat(f"{date}T{time}{(fraction or '')[:7]}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
