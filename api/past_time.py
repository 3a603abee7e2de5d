"""Read the `timestamp` of a past status list: an XSD dateTimeStamp, whose time zone is mandatory.

Bitstring Status List v1.0 §3.2; XML Schema Definition Language 1.1 part 2 §3.4.28.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

from api.errors import TimestampError

_DATE_TIME_STAMP = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})T(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]+))?"
    r"(?P<zone>Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)",
    re.ASCII,
)
_LONGEST = 64
_MIDNIGHT_AFTER = "24:00:00"
_MICROSECOND_DIGITS = 6


def parse_timestamp(values: Sequence[str]) -> datetime:
    """Return the instant that the parameter names; raises TimestampError.

    Digits after the microseconds are dropped, and 24:00:00 is the next day's midnight.
    """
    if len(values) != 1:
        raise _refused("it was given more than once")
    [text] = values
    match = _DATE_TIME_STAMP.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise _refused("it is not a date and time with a time zone")
    try:
        return _instant(match)
    except (ValueError, OverflowError) as error:
        raise _refused("there is no such date or time") from error


def _instant(match: re.Match[str]) -> datetime:
    fraction = (match["fraction"] or "")[:_MICROSECOND_DIGITS].ljust(_MICROSECOND_DIGITS, "0")
    ends_day = match["time"] == _MIDNIGHT_AFTER and not int(match["fraction"] or "0")
    time = "00:00:00" if ends_day else match["time"]
    local = datetime.fromisoformat(f"{match['day']}T{time}.{fraction}")
    moment = local.replace(tzinfo=_zone(match["zone"])) + timedelta(days=int(ends_day))
    return moment.astimezone(UTC)


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[4:6])))


def _refused(reason: str) -> TimestampError:
    return TimestampError(
        reason,
        field="timestamp",
        remedy="write it like 2026-01-31T12:00:00Z, the + of another time zone as %2B",
    )
