"""When lists are published while events are yet to be folded."""

from dataclasses import dataclass

import pytest

from projections.history import PAGE
from projections.patience import LONGEST_SECONDS, Patience


@dataclass
class Stopwatch:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def stopwatch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def patience(stopwatch: Stopwatch) -> Patience:
    return Patience(stopwatch)


def test_arrays_that_hold_every_event_are_published_at_once(patience: Patience) -> None:
    assert patience.is_over(10, newest=10)
    assert patience.is_over(0, newest=0)


def test_the_middle_of_a_save_is_waited_out(patience: Patience) -> None:
    assert not patience.is_over(PAGE, newest=2 * PAGE + 1)
    assert not patience.is_over(2 * PAGE, newest=2 * PAGE + 1)
    assert patience.is_over(2 * PAGE + 1, newest=2 * PAGE + 1)


def test_what_came_while_waiting_is_not_waited_for_as_well(patience: Patience) -> None:
    assert not patience.is_over(10, newest=12)
    assert patience.is_over(12, newest=15)


def test_another_mass_that_came_while_waiting_is(patience: Patience) -> None:
    assert not patience.is_over(10, newest=12)
    assert not patience.is_over(12, newest=12 + PAGE)


def test_nothing_is_waited_for_longer_than_a_second(
    patience: Patience, stopwatch: Stopwatch
) -> None:
    assert not patience.is_over(0, newest=50 * PAGE)
    stopwatch.seconds += LONGEST_SECONDS
    assert patience.is_over(PAGE, newest=60 * PAGE)
    assert not patience.is_over(2 * PAGE, newest=60 * PAGE), "and then it is waited anew"
