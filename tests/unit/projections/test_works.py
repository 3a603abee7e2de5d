"""Works of the background that are done in one process give way to lists that are far behind."""

from projections.works import REST_SECONDS, YIELD_SECONDS, GivingWay


class Lists:
    is_behind = False


class Counted:
    name = "counted"
    breath_seconds = 0.5

    def __init__(self) -> None:
        self.turns = 0

    def turn(self) -> float:
        self.turns += 1
        return 7.0


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_work_is_done_as_ever_while_lists_are_not_behind() -> None:
    work = Counted()
    giving_way = GivingWay(work, Lists(), monotonic=Clock())
    assert [giving_way.turn(), giving_way.turn()] == [7.0, 7.0]
    assert (work.turns, giving_way.name, giving_way.breath_seconds) == (2, "counted", 0.5)


def test_work_waits_for_lists_that_are_behind_but_not_for_ever() -> None:
    work, lists, clock = Counted(), Lists(), Clock()
    giving_way = GivingWay(work, lists, monotonic=clock)
    giving_way.turn()
    lists.is_behind = True
    assert giving_way.turn() == REST_SECONDS
    clock.now += YIELD_SECONDS
    assert giving_way.turn() == 7.0
    assert giving_way.turn() == REST_SECONDS
    lists.is_behind = False
    assert giving_way.turn() == 7.0
    assert work.turns == 3
