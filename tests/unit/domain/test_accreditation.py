"""An accreditation's life: granted, suspended and reinstated, withdrawn for good."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from registry.domain.accreditation import Accreditation, AccreditationScheme, Grant
from registry.domain.aggregate import ForeignEventError
from registry.domain.credential import Grounds
from registry.domain.errors import (
    AccreditationStateError,
    AccreditationWithdrawnError,
    EffectiveAtError,
    InvalidValueError,
)
from registry.domain.events import (
    AccreditationGranted,
    AccreditationReinstated,
    AccreditationSchemeOpened,
    AccreditationSuspended,
    AccreditationWithdrawn,
    Event,
    StatusListClosed,
)
from registry.domain.instants import instant
from registry.domain.standing import Standing
from tests.given import NOW, SECOND, STREAM, THEN, Given, command, event, recorded

DAY = timedelta(days=1)
WHOSE: dict[str, Any] = {"scheme_id": "scheme-1", "issuer_id": "issuer-1"}
GRANTED: dict[str, Any] = WHOSE | {
    "scope": "Computer science",
    "valid_from": instant(THEN),
    "valid_until": instant(NOW + DAY),
    "endorsement_id": "endorsement-1",
}
GRANT = Grant(
    scheme_id="scheme-1",
    issuer_id="issuer-1",
    scope="Computer science",
    valid_from=THEN,
    valid_until=NOW + DAY,
    endorsement_id="endorsement-1",
)
FRAUD = Grounds("fraud")
Act = Callable[[Accreditation], object]


def granted() -> Event:
    return event(AccreditationGranted, 1, **GRANTED)


def change(kind: type[Event], number: int, *, at: datetime = THEN + DAY) -> Event:
    return event(kind, number, at=at, reason="other", **WHOSE)


def suspend(grounds: Grounds = FRAUD) -> Act:
    return lambda accreditation: accreditation.suspend(command(), grounds)


def reinstate(grounds: Grounds = FRAUD) -> Act:
    return lambda accreditation: accreditation.reinstate(command(), grounds)


def withdraw(grounds: Grounds = FRAUD) -> Act:
    return lambda accreditation: accreditation.withdraw(command(), grounds)


def since(moment: datetime) -> Grounds:
    return Grounds("fraud", effective_at=moment)


def test_scheme_is_opened() -> None:
    details: dict[str, Any] = {
        "name_pl": "Komisja",
        "name_en": "Commission",
        "accreditor_id": "issuer-2",
        "url": "https://commission.example",
    }
    scheme = (
        Given(AccreditationScheme)
        .when(lambda scheme: scheme.open(command(), **details))
        .then(recorded(AccreditationSchemeOpened, 1, **details))
    )
    assert scheme.accreditor_id == "issuer-2"


def test_accreditation_is_granted() -> None:
    accreditation = (
        Given(Accreditation)
        .when(lambda accreditation: accreditation.grant(command(), GRANT))
        .then(recorded(AccreditationGranted, 1, **GRANTED))
    )
    assert accreditation.standing(NOW) is Standing.ACCREDITED


@pytest.mark.parametrize("until", [THEN, THEN - DAY, NOW])
def test_accreditation_cannot_end_before_it_begins_or_in_the_past(until: datetime) -> None:
    wrong = Grant(scheme_id="s", issuer_id="i", scope="x", valid_from=THEN, valid_until=until)
    refusal = (
        Given(Accreditation)
        .when(lambda accreditation: accreditation.grant(command(), wrong))
        .then_refused(InvalidValueError)
    )
    assert refusal.field == "valid_until"


def test_suspended_accreditation_does_not_count() -> None:
    accreditation = (
        Given(Accreditation, granted())
        .when(suspend())
        .then(recorded(AccreditationSuspended, 2, reason="fraud", **WHOSE))
    )
    assert accreditation.standing(NOW) is Standing.SUSPENDED
    assert accreditation.standing(NOW - SECOND) is Standing.ACCREDITED


def test_reinstated_accreditation_counts_again() -> None:
    accreditation = (
        Given(Accreditation, granted(), change(AccreditationSuspended, 2))
        .when(reinstate())
        .then(recorded(AccreditationReinstated, 3, reason="fraud", **WHOSE))
    )
    assert accreditation.standing(NOW) is Standing.ACCREDITED
    assert accreditation.standing(NOW - SECOND) is Standing.SUSPENDED


def test_withdrawal_may_be_effective_earlier_even_before_a_suspension() -> None:
    accreditation = (
        Given(Accreditation, granted(), change(AccreditationSuspended, 2))
        .when(withdraw(since(THEN + SECOND)))
        .then(
            recorded(
                AccreditationWithdrawn,
                3,
                reason="fraud",
                effective_at=instant(THEN + SECOND),
                **WHOSE,
            )
        )
    )
    assert accreditation.lost_at() == THEN + SECOND
    assert accreditation.standing(THEN) is Standing.ACCREDITED
    assert accreditation.standing(THEN + SECOND) is Standing.WITHDRAWN


@pytest.mark.parametrize("act", [suspend(), reinstate(), withdraw()])
def test_withdrawn_accreditation_stays_withdrawn(act: Act) -> None:
    history = granted(), change(AccreditationWithdrawn, 2)
    Given(Accreditation, *history).when(act).then_refused(AccreditationWithdrawnError)


def test_suspended_accreditation_cannot_be_suspended_again() -> None:
    history = granted(), change(AccreditationSuspended, 2)
    Given(Accreditation, *history).when(suspend()).then_refused(AccreditationStateError)


def test_accreditation_that_is_not_suspended_cannot_be_reinstated() -> None:
    Given(Accreditation, granted()).when(reinstate()).then_refused(AccreditationStateError)


@pytest.mark.parametrize("act", [suspend, withdraw])
@pytest.mark.parametrize("moment", [NOW + SECOND, THEN - SECOND])
def test_change_is_effective_neither_later_nor_before_the_grant(
    act: Callable[[Grounds], Act], moment: datetime
) -> None:
    Given(Accreditation, granted()).when(act(since(moment))).then_refused(EffectiveAtError)


def test_reinstatement_is_not_effective_before_the_suspension_was() -> None:
    history = granted(), change(AccreditationSuspended, 2)
    Given(Accreditation, *history).when(reinstate(since(THEN))).then_refused(EffectiveAtError)


def test_accreditation_that_counts_has_no_moment_it_was_lost_at() -> None:
    accreditation = Accreditation(STREAM).fold([granted()])
    with pytest.raises(AccreditationStateError):
        accreditation.lost_at()


@pytest.mark.parametrize("kind", [Accreditation, AccreditationScheme])
def test_events_of_others_are_foreign(kind: type[Accreditation]) -> None:
    with pytest.raises(ForeignEventError):
        kind(STREAM).fold([event(StatusListClosed, 1)])


def test_what_is_withdrawn_while_it_is_suspended_was_lost_with_the_suspension() -> None:
    suspended, later = THEN + DAY, THEN + 2 * DAY
    history = [
        granted(),
        change(AccreditationSuspended, 2, at=suspended),
        change(AccreditationWithdrawn, 3, at=later),
    ]
    assert Accreditation(STREAM).fold(history).lost_at() == suspended
