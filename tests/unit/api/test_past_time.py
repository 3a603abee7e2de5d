"""The `timestamp` of a past list, as XML Schema writes a moment."""

from datetime import UTC, datetime

import pytest

from api.errors import TimestampError
from api.past_time import parse_timestamp


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T12:00:00-14:00", datetime(2026, 2, 1, 2, tzinfo=UTC)),
        ("2026-01-31T12:00:00.5Z", datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-01-31T12:00:00.1234569Z", datetime(2026, 1, 31, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-01-31T24:00:00Z", datetime(2026, 2, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read(text: str, expected: datetime) -> None:
    assert parse_timestamp([text]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-01-31T12:00:00 02:00",
        "2026-01-31T12:00Z",
        "2026-01-31 12:00:00Z",
        "2026-01-31T12:00:00z",
        "2026-02-30T12:00:00Z",
        "2026-01-31T25:00:00Z",
        "2026-01-31T24:00:00.5Z",
        "2026-01-31T12:00:00+14:30",
        "2026-01-31T12:00:00+15:00",
        "9999-12-31T24:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "1767225600",
        "\N{ARABIC-INDIC DIGIT TWO}026-01-31T12:00:00Z",
        "2026-01-31T12:00:00." + "0" * 100 + "Z",
    ],
)
def test_what_is_no_moment_with_a_time_zone_is_refused(text: str) -> None:
    with pytest.raises(TimestampError) as refusal:
        parse_timestamp([text])
    assert refusal.value.field == "timestamp"
    assert "%2B" in (refusal.value.remedy or "")


def test_two_moments_are_refused() -> None:
    with pytest.raises(TimestampError):
        parse_timestamp(["2026-01-31T12:00:00Z"] * 2)
