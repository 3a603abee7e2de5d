"""An erasure: asked for, decided by another, completed; and what a legal hold forbids."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from registry.domain.aggregate import ForeignEventError
from registry.domain.erasure import DeclineReason, Erasure, ErasureReason, ErasureState
from registry.domain.errors import (
    ErasureDecidedError,
    FourEyesError,
    InvalidValueError,
    LegalHoldError,
    NotHeldError,
)
from registry.domain.events import (
    ErasureCompleted,
    ErasureConfirmed,
    ErasureDeclined,
    ErasureRequested,
    Event,
    LegalHoldLifted,
    LegalHoldPlaced,
    StatusListClosed,
)
from registry.domain.instants import instant
from registry.domain.legal_hold import HoldReason, LegalHold, LiftReason
from tests.given import NOW, THEN, Given, command, event, recorded

ISSUER = "0b8c2f6e-1d3a-8f4e-9a51-2f6d0c3b7e11"
REFERENCE = "3f2a1b4c-5d6e-4f70-8192-a3b4c5d6e7f8"
ASKED: dict[str, Any] = {"issuer_id": ISSUER, "subject_ref": REFERENCE, "reason": "learner-request"}


def requested(*, by: str = "api-key:asker") -> Event:
    asked = event(ErasureRequested, 1, **ASKED)
    vars(asked)["actor"] = by
    return asked


def confirmed() -> Event:
    return event(ErasureConfirmed, 2, issuer_id=ISSUER)


def test_erasure_is_asked_for() -> None:
    erasure = (
        Given(Erasure)
        .when(
            lambda each: each.request(
                command(),
                issuer_id=ISSUER,
                subject_ref=REFERENCE,
                reason=ErasureReason.LEARNER_REQUEST,
            )
        )
        .then(recorded(ErasureRequested, 1, **ASKED))
    )
    assert erasure.state is ErasureState.REQUESTED


def test_another_confirms() -> None:
    erasure = (
        Given(Erasure, requested())
        .when(lambda each: each.confirm(command()))
        .then(recorded(ErasureConfirmed, 2, issuer_id=ISSUER))
    )
    assert erasure.state is ErasureState.PENDING


def test_who_asked_does_not_confirm() -> None:
    Given(Erasure, requested(by="api-key:1")).when(
        lambda each: each.confirm(command())
    ).then_refused(FourEyesError)


def test_who_asked_confirms_alone_where_that_is_meant() -> None:
    Given(Erasure, requested(by="api-key:1")).when(lambda each: each.confirm_alone(command())).then(
        recorded(ErasureConfirmed, 2, issuer_id=ISSUER)
    )


def test_erasure_is_declined() -> None:
    reason = DeclineReason.DUTY_TO_KEEP
    Given(Erasure, requested(by="api-key:1")).when(
        lambda each: each.decline(command(), reason=reason)
    ).then(recorded(ErasureDeclined, 2, issuer_id=ISSUER, reason="duty-to-keep"))


@pytest.mark.parametrize(
    "decided", [confirmed(), event(ErasureDeclined, 2, issuer_id=ISSUER, reason="duty-to-keep")]
)
@pytest.mark.parametrize(
    "decide",
    [
        lambda each: each.confirm(command()),
        lambda each: each.confirm_alone(command()),
        lambda each: each.decline(command(), reason=DeclineReason.ASKED_IN_ERROR),
    ],
)
def test_nothing_is_decided_twice(decided: Event, decide: object) -> None:
    Given(Erasure, requested(), decided).when(decide).then_refused(  # type: ignore[arg-type]
        ErasureDecidedError
    )


def test_confirmed_erasure_is_completed_once() -> None:
    given = Given(Erasure, requested(), confirmed())
    erasure = given.when(lambda each: each.complete(command())).then(
        recorded(ErasureCompleted, 3, issuer_id=ISSUER)
    )
    assert (erasure.state, erasure.completed_at) == (ErasureState.COMPLETED, instant(NOW))
    completed = event(ErasureCompleted, 3, issuer_id=ISSUER)
    for history in ((requested(),), (requested(), confirmed(), completed)):
        Given(Erasure, *history).when(lambda each: each.complete(command())).then()


def placed(number: int = 1, *, until: str | None = None) -> Event:
    return event(LegalHoldPlaced, number, issuer_id=ISSUER, reason="inquiry", until=until)


def place(hold: LegalHold, days: float | None) -> None:
    until = NOW + timedelta(days=days) if days is not None else None
    hold.place(command(), issuer_id=ISSUER, reason=HoldReason.INQUIRY, until=until)


@pytest.mark.parametrize("days", [None, 3.0])
def test_hold_is_placed_for_a_time_or_for_good(days: float | None) -> None:
    until = instant(NOW + timedelta(days=days)) if days else None
    Given(LegalHold).when(lambda hold: place(hold, days)).then(
        recorded(LegalHoldPlaced, 1, issuer_id=ISSUER, reason="inquiry", until=until)
    )


def test_hold_does_not_end_in_the_past() -> None:
    Given(LegalHold).when(lambda hold: place(hold, 0.0)).then_refused(InvalidValueError)


def test_hold_in_force_forbids_erasing_and_says_why() -> None:
    refused = (
        Given(LegalHold, placed(until=instant(NOW + timedelta(days=1))))
        .when(lambda hold: hold.check_erasable(NOW))
        .then_refused(LegalHoldError)
    )
    for told in ("inquiry", "2026-11-23", instant(THEN)):
        assert told in refused.reason


def test_hold_is_over_at_its_end_and_once_lifted() -> None:
    Given(LegalHold, placed(until=instant(NOW))).when(lambda hold: hold.check_erasable(NOW)).then()
    lifted = event(LegalHoldLifted, 2, issuer_id=ISSUER, reason="settled")
    Given(LegalHold, placed(), lifted).when(lambda hold: hold.check_erasable(NOW)).then()


def test_later_hold_takes_the_place_of_an_earlier_one() -> None:
    both = Given(LegalHold, placed(until=instant(NOW)), placed(2))
    both.when(lambda hold: hold.check_erasable(NOW)).then_refused(LegalHoldError)


def lift(hold: LegalHold) -> None:
    hold.lift(command(), issuer_id=ISSUER, reason=LiftReason.SETTLED)


def test_hold_is_lifted() -> None:
    Given(LegalHold, placed()).when(lift).then(
        recorded(LegalHoldLifted, 2, issuer_id=ISSUER, reason="settled")
    )


def test_only_a_hold_in_force_is_lifted() -> None:
    Given(LegalHold).when(lift).then_refused(NotHeldError)
    Given(LegalHold, placed(until=instant(NOW))).when(lift).then_refused(NotHeldError)


@pytest.mark.parametrize("aggregate", [Erasure, LegalHold])
def test_event_of_another_stream_is_refused(aggregate: type[Erasure | LegalHold]) -> None:
    with pytest.raises(ForeignEventError):
        aggregate(UUID(REFERENCE)).apply(event(StatusListClosed, 1))
