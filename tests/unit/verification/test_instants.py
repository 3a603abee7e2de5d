from datetime import UTC, datetime, timedelta

import pytest

from registry.verification.instants import (
    InstantError,
    is_over,
    is_to_come,
    parse_instant,
    parse_proof_instant,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T12:00:00Z",
        "2026-11-22T13:00:00+01:00",
        "2026-11-22T06:30:00-05:30",
        "2026-11-22T12:00:00.000Z",
    ],
)
def test_an_instant_is_read_in_any_time_zone(text: str) -> None:
    assert parse_instant(text) == NOON


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-22",
        "2026-11-22T12:00:00",
        "2026-11-22 12:00:00Z",
        "2026-11-22t12:00:00z",
        "20261122T120000Z",
        "2026-W47-7T12:00:00Z",
        "2026-11-22T12:00Z",
        "2026-02-30T12:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T25:00:00Z",
        "2026-11-22T12:00:00+20:00",
        "2026-11-22T12:00:00+14:30",
        "2026-11-22T12:00:00Z\n",
        "٢٠٢٦-11-22T12:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        1_795_348_800,
        None,
        True,
    ],
)
def test_anything_else_is_not_an_instant(value: object) -> None:
    with pytest.raises(InstantError):
        parse_instant(value)


def test_an_instant_of_a_proof_without_a_time_zone_is_in_utc() -> None:
    assert parse_proof_instant("2026-11-22T12:00:00") == NOON
    assert parse_proof_instant("2026-11-22T13:00:00+01:00") == NOON


@pytest.mark.parametrize("value", ["2026-11-22", "2026-11-22T12:00:00+20:00", 1, ["x"], None])
def test_anything_else_is_not_an_instant_of_a_proof(value: object) -> None:
    with pytest.raises(InstantError):
        parse_proof_instant(value)


def test_a_clock_may_be_sixty_seconds_off() -> None:
    minute, more = timedelta(seconds=60), timedelta(seconds=61)
    assert not is_over(NOON, now=NOON + minute)
    assert is_over(NOON, now=NOON + more)
    assert not is_to_come(NOON, now=NOON - minute)
    assert is_to_come(NOON, now=NOON - more)
