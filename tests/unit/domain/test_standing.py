"""What accreditations make of an issuer at a moment, as is known now and as was known then."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.standing import Change, Kind, Standing, Term, periods, standing_at

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def on(day: int) -> datetime:
    return JANUARY + day * DAY


def change(kind: Kind, recorded: int, effective: int | None = None) -> Change:
    return Change(kind, on(recorded), on(recorded if effective is None else effective))


TERM = Term(valid_from=on(10), valid_until=on(40), granted_at=on(5))


@pytest.mark.parametrize(
    ("day", "standing"),
    [
        (4, Standing.NOT_YET),
        (9, Standing.NOT_YET),
        (10, Standing.ACCREDITED),
        (39, Standing.ACCREDITED),
        (40, Standing.EXPIRED),
    ],
)
def test_period_counts_by_time_alone(day: int, standing: Standing) -> None:
    assert standing_at([TERM], on(day)) is standing


def test_issuer_without_accreditation_is_not_accredited() -> None:
    assert standing_at([], JANUARY) is Standing.NOT_ACCREDITED


def test_best_of_several_accreditations_counts() -> None:
    withdrawn = Term(on(1), None, on(1), (change(Kind.WITHDRAWN, 2),))
    assert standing_at([withdrawn, TERM], on(20)) is Standing.ACCREDITED
    assert standing_at([withdrawn], on(20)) is Standing.WITHDRAWN


def test_backdated_withdrawal_changes_what_is_known_and_not_what_was_known() -> None:
    term = Term(on(10), None, on(5), (change(Kind.WITHDRAWN, 30, effective=15),))
    assert standing_at([term], on(20)) is Standing.WITHDRAWN
    assert standing_at([term], on(20), known_at=on(20)) is Standing.ACCREDITED
    assert standing_at([term], on(20), known_at=on(30)) is Standing.WITHDRAWN
    assert standing_at([term], on(14)) is Standing.ACCREDITED


def test_accreditation_granted_for_the_past_was_not_known_then() -> None:
    term = Term(on(1), None, on(5))
    assert standing_at([term], on(2)) is Standing.ACCREDITED
    assert standing_at([term], on(2), known_at=on(2)) is Standing.NOT_ACCREDITED


def test_periods_follow_each_other() -> None:
    changes = change(Kind.SUSPENDED, 15), change(Kind.REINSTATED, 20, effective=18)
    found = periods([Term(on(10), on(40), on(5), changes)])
    assert [(each.start, each.standing) for each in found] == [
        (None, Standing.NOT_YET),
        (on(10), Standing.ACCREDITED),
        (on(15), Standing.SUSPENDED),
        (on(18), Standing.ACCREDITED),
        (on(40), Standing.EXPIRED),
    ]
    assert [each.end for each in found] == [on(10), on(15), on(18), on(40), None]


def test_periods_of_an_issuer_without_accreditation_are_one() -> None:
    (only,) = periods([])
    assert (only.start, only.end, only.standing) == (None, None, Standing.NOT_ACCREDITED)


@st.composite
def terms(draw: st.DrawFn) -> Term:
    start = draw(st.integers(0, 30))
    length = draw(st.none() | st.integers(1, 30))
    days = sorted(draw(st.lists(st.integers(start, 60), max_size=4)))
    kinds = [Kind.SUSPENDED, Kind.REINSTATED] * 2
    changes = [change(kind, day) for kind, day in zip(kinds, days, strict=False)]
    if draw(st.booleans()):
        changes.append(change(Kind.WITHDRAWN, 61, effective=draw(st.integers(start, 61))))
    until = None if length is None else on(start + length)
    return Term(on(start), until, on(draw(st.integers(0, 30))), tuple(changes))


@given(st.lists(terms(), max_size=3), st.integers(-1, 70), st.booleans())
def test_the_period_that_holds_a_moment_has_its_standing(
    several: list[Term], day: int, half: bool
) -> None:
    moment = on(day) + half * DAY / 2
    (period,) = [each for each in periods(several) if each.holds(moment)]
    assert period.standing is standing_at(several, moment)
