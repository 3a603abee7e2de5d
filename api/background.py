"""The background work of a process, as its roles ask for it."""

from collections.abc import Callable
from dataclasses import dataclass

from api.parts import Base
from projections.catch_up import CatchUp
from projections.process_roles import ProcessRole
from projections.publisher import Publisher
from projections.runner import Runner
from projections.transparency.log import TransparencyLog
from projections.turf import ListParts
from projections.works import (
    GivingWay,
    ListsWork,
    LogWork,
    Ticking,
    TimedWork,
    ViewsWork,
    Work,
    lists_and_others,
)
from registry.store.leadership import Leadership


@dataclass(frozen=True)
class Parts:
    """What the background works with."""

    leadership: Leadership
    catch_up: CatchUp
    publisher: Publisher
    transparency: TransparencyLog
    scheduler: Ticking


def build_runner(base: Base, parts: Parts, *, prepare: Callable[[], None]) -> Runner:
    """Build what runs the works of this process's roles.

    On PostgreSQL each has a thread of its own; on SQLite, where one writes at a time, they take
    turns in one.
    """
    works = _works(base, parts)

    def prepare_all() -> None:
        prepare()
        parts.transparency.prepare()

    groups = [works] if base.database.is_sqlite else [[work] for work in works]
    return Runner(prepare=prepare_all, newest=base.history.end, groups=groups)


def _works(base: Base, parts: Parts) -> list[Work]:
    roles, works = base.settings.effective_roles, list[Work]()
    lists, others = lists_and_others(parts.catch_up, parts.leadership)
    folds = ProcessRole.PROJECTIONS in roles
    publishes = ProcessRole.PUBLISHER in roles
    followers: list[Work] = []
    if folds:
        followers.append(ViewsWork(others))
    if ProcessRole.LOG in roles:
        followers.append(LogWork(parts.transparency, parts.leadership))
    if folds or publishes:
        first = ListsWork(
            database=base.database,
            history=base.history,
            following=lists if folds else None,
            publisher=parts.publisher if publishes else None,
            parts=ListParts(parts.leadership, count=base.settings.publisher_parts),
        )
        works.append(first)
        followers = [GivingWay(each, first) for each in followers]
    works += followers
    if ProcessRole.SCHEDULER in roles:
        works.append(TimedWork(parts.scheduler, parts.leadership))
    return works
