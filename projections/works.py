"""The works of the background: what a turn of each does, where this process leads it.

A turn returns in how many seconds to look again, 0 where there is more to do at once. Lists come
first: what they are published from is folded by a work of its own, which waits for no other view.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from projections import LISTS, OTHERS, positions
from projections.catch_up import CatchUp
from projections.history import PAGE, History
from projections.patience import Patience
from projections.projection import Projection
from projections.publisher import Publisher
from projections.status_lists import StatusListsProjection
from projections.transparency.log import TransparencyLog
from projections.turf import ListParts
from registry.store.database import Database
from registry.store.leadership import TRY_SECONDS, Leadership

POLL_SECONDS = 0.1
"""How soon to look again where nothing was to do."""

BREATH_SECONDS = 0.02
"""How soon to look again where something was done."""

REST_SECONDS = 0.03
"""How soon to look again while a changed list waits for its shortest interval to pass."""

SCHEDULE_SECONDS = 1.0

YIELD_SECONDS = 1.0
"""How long other works give way at most, in one process, to lists that are far behind."""


class Work(Protocol):
    """One of the works."""

    @property
    def name(self) -> str: ...

    @property
    def breath_seconds(self) -> float:
        """How long after a turn the next one waits, so that what is saved meanwhile is one."""
        ...

    def turn(self) -> float:
        """Do some of what there is; return in how many seconds to look again."""
        ...


class Urgent(Protocol):
    """What others give way to."""

    is_behind: bool


class Ticking(Protocol):
    """Work that is done when it is due and returns how much there was."""

    def tick(self) -> int: ...


class Following:
    """The projections of a group that this process leads, each by a lock of its own."""

    def __init__(
        self, catch_up: CatchUp, leadership: Leadership, *, group: Sequence[Projection]
    ) -> None:
        self._catch_up = catch_up
        self._leadership = leadership
        self._names = frozenset(each.name for each in group)

    def step(self) -> int | None:
        """Fold a page and return its length, None where this process leads none of them."""
        led = [each for each in self._catch_up.projections if self._leads(each.name)]
        return self._catch_up.step(led) if led else None

    def _leads(self, name: str) -> bool:
        return name in self._names and self._leadership.lead(f"projection/{name}")


class ListsWork:
    """Folds what lists are published from, and publishes them; either where this process does."""

    name = "lists"
    breath_seconds = BREATH_SECONDS

    def __init__(
        self,
        *,
        database: Database,
        history: History,
        following: Following | None,
        publisher: Publisher | None,
        parts: ListParts,
    ) -> None:
        self._database = database
        self._history = history
        self._following = following
        self._publisher = publisher
        self._parts = parts
        self._patience = Patience(time.monotonic)
        self._parts_before: frozenset[int] = frozenset()
        self.is_behind = False
        """Whether more than a page of events is not folded and published yet."""

    def turn(self) -> float:
        led = self._take_parts()
        newest = self._history.end() if led else 0
        count = self._following.step() if self._following else None
        is_whole_page = (count or 0) >= PAGE
        self.is_behind |= is_whole_page
        is_resting = self._publish(newest) if led else False
        self.is_behind = is_whole_page
        if count is None and not led:
            return TRY_SECONDS
        rest = _rest_after(count or 0)
        return min(rest, REST_SECONDS) if is_resting else rest

    def _take_parts(self) -> frozenset[int]:
        if self._publisher is None:
            return frozenset()
        led = self._parts.take()
        if led != self._parts_before:
            self._publisher.forget()
            self._parts_before = led
        return led

    def _publish(self, newest: int) -> bool:
        """Publish what is due; return whether something waits for its time, or for its events."""
        if self._publisher is None or not self._may_publish(newest):
            return True
        self._publisher.tick(self._parts)
        return self._publisher.resting

    def _may_publish(self, newest: int) -> bool:
        with self._database.reading() as connection:
            place = positions.live(connection, StatusListsProjection.name)
        return self._patience.is_over(place.position, newest=newest)


class ViewsWork:
    """Folds all other views."""

    name = "views"
    breath_seconds = 0.1

    def __init__(self, following: Following) -> None:
        self._following = following

    def turn(self) -> float:
        count = self._following.step()
        return TRY_SECONDS if count is None else _rest_after(count)


class LogWork:
    """Grows the transparency log."""

    name = "log"
    breath_seconds = 0.05

    def __init__(self, transparency: TransparencyLog, leadership: Leadership) -> None:
        self._transparency = transparency
        self._leadership = leadership

    def turn(self) -> float:
        if not self._leadership.lead(self.name):
            return TRY_SECONDS
        rest = _rest_after(self._transparency.tend())
        return min(rest, REST_SECONDS) if self._transparency.is_resting else rest


class GivingWay:
    """A work that lets lists which are far behind go first, a while, in one process with them."""

    def __init__(
        self, work: Work, urgent: Urgent, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._work = work
        self._urgent = urgent
        self._monotonic = monotonic
        self._worked_at = 0.0
        self.name = work.name
        self.breath_seconds = work.breath_seconds

    def turn(self) -> float:
        if self._urgent.is_behind and self._monotonic() - self._worked_at < YIELD_SECONDS:
            return REST_SECONDS
        rest = self._work.turn()
        self._worked_at = self._monotonic()
        return rest


class TimedWork:
    """Does every second what falls due with time."""

    name = "scheduler"
    breath_seconds = SCHEDULE_SECONDS

    def __init__(self, scheduler: Ticking, leadership: Leadership) -> None:
        self._scheduler = scheduler
        self._leadership = leadership
        self._done_at: float | None = None

    def turn(self) -> float:
        if not self._leadership.lead(self.name):
            return TRY_SECONDS
        now = time.monotonic()
        if self._done_at is None or now - self._done_at >= SCHEDULE_SECONDS:
            self._scheduler.tick()
            self._done_at = now
        return SCHEDULE_SECONDS


def _rest_after(count: int) -> float:
    """Return how soon to look again after a page of so many events."""
    if count >= PAGE:
        return 0.0
    return BREATH_SECONDS if count else POLL_SECONDS


def lists_and_others(catch_up: CatchUp, leadership: Leadership) -> tuple[Following, Following]:
    """Return what folds the lists' projections, and what folds all others."""
    return (
        Following(catch_up, leadership, group=LISTS),
        Following(catch_up, leadership, group=OTHERS),
    )
