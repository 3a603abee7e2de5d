"""How often works are turned to, whatever wakes them."""

import time

from projections.runner import Runner
from tests.waiting import wait_until


class Counted:
    """A work that finds a little to do each time."""

    name = "counted"
    breath_seconds = 0.1

    def __init__(self) -> None:
        self.turns = 0

    def turn(self) -> float:
        self.turns += 1
        return 10.0


def test_works_are_not_turned_to_for_every_save_of_many() -> None:
    work = Counted()
    runner = Runner(prepare=lambda: None, newest=lambda: 0, groups=[[work]])
    runner.start()
    began = time.monotonic()
    while time.monotonic() - began < 0.35:
        runner.wake()
        time.sleep(0.001)
    runner.stop()
    assert 2 <= work.turns <= 2 + (time.monotonic() - began) / work.breath_seconds


def test_a_save_that_comes_while_the_work_draws_breath_is_not_forgotten() -> None:
    work = Counted()
    runner = Runner(prepare=lambda: None, newest=lambda: 0, groups=[[work]])
    runner.start()
    wait_until(lambda: work.turns == 1)
    runner.wake()
    wait_until(lambda: work.turns == 2)
    runner.stop()
