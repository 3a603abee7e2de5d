"""An achievement: defined, revised, withdrawn."""

from typing import Any

import pytest

from registry.domain.achievement import Achievement, Profile
from registry.domain.aggregate import ForeignEventError
from registry.domain.errors import AchievementWithdrawnError, UnknownAchievementError
from registry.domain.events import (
    AchievementDefined,
    AchievementRevised,
    AchievementWithdrawn,
    Event,
    StatusListClosed,
)
from tests.given import Given, command, event, recorded

FIRST = {"title": {"pl": "Pierwsza", "en": "First"}}
SECOND = {"title": {"pl": "Druga", "en": "Second"}}
DETAILS: dict[str, Any] = {
    "issuer_id": "issuer-1",
    "definition": FIRST,
    "language": "pl",
    "cryptosuite": "eddsa-jcs-2022",
    "profile": "ob-strict",
}


def defined() -> Event:
    return event(AchievementDefined, 1, **DETAILS)


def withdrawn(number: int = 2) -> Event:
    return event(AchievementWithdrawn, number, issuer_id="issuer-1")


def given(*history: Event) -> Given[Achievement]:
    return Given(Achievement, *history)


def revise(achievement: Achievement) -> None:
    achievement.revise(command(), definition=SECOND)


def test_defining_records_version_one() -> None:
    details = DETAILS | {"profile": Profile.OB_STRICT}
    achievement = (
        given()
        .when(lambda achievement: achievement.define(command(), **details))
        .then(recorded(AchievementDefined, 1, **DETAILS))
    )
    assert (achievement.latest, achievement.definition(1)) == (1, FIRST)


def test_revising_keeps_the_earlier_version() -> None:
    achievement = (
        given(defined())
        .when(revise)
        .then(recorded(AchievementRevised, 2, issuer_id="issuer-1", definition=SECOND))
    )
    assert achievement.latest == 2
    assert [achievement.definition(number) for number in (1, 2)] == [FIRST, SECOND]


@pytest.mark.parametrize("number", [-1, 0, 2])
def test_version_that_does_not_exist_is_unknown(number: int) -> None:
    given(defined()).when(lambda achievement: achievement.definition(number)).then_refused(
        UnknownAchievementError
    )


def test_withdrawing_closes_the_achievement() -> None:
    achievement = (
        given(defined())
        .when(lambda achievement: achievement.withdraw(command()))
        .then(recorded(AchievementWithdrawn, 2, issuer_id="issuer-1"))
    )
    assert achievement.definition(1) == FIRST
    with pytest.raises(AchievementWithdrawnError):
        achievement.check_open()


@pytest.mark.parametrize("act", [revise, lambda achievement: achievement.withdraw(command())])
def test_withdrawn_achievement_changes_no_more(act: Any) -> None:
    given(defined(), withdrawn()).when(act).then_refused(AchievementWithdrawnError)


def test_strict_profile_has_the_revocation_entry_alone() -> None:
    assert Profile.OB_STRICT.purposes == ("revocation",)
    assert Profile.DEFAULT.purposes == ("revocation", "suspension")


def test_event_of_another_aggregate_is_not_an_achievements() -> None:
    with pytest.raises(ForeignEventError, match="not an achievement's event"):
        given(defined(), event(StatusListClosed, 2))
