"""Progress bars: on a terminal only, and on stderr, so that stdout holds nothing but the answer."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


@dataclass(frozen=True)
class Bar:
    """One bar of known length."""

    _progress: Progress
    _task: TaskID

    def advance(self, count: int = 1) -> None:
        """Say that `count` more is done."""
        self._progress.advance(self._task, count)

    def reach(self, count: int) -> None:
        """Say that `count` in all is done."""
        self._progress.update(self._task, completed=count)


class Stages:
    """One bar after another: each begins where its name is first heard, the ones before it end."""

    def __init__(self, shown: Progress) -> None:
        self._progress = shown
        self._tasks: dict[str, TaskID] = {}

    def reach(self, stage: str, count: int, total: int) -> None:
        """Say that `count` of `total` in all is done in a stage."""
        if stage not in self._tasks:
            for task in self._tasks.values():
                self._progress.update(task, completed=self._progress.tasks[task].total)
            self._tasks[stage] = self._progress.add_task(stage, total=total)
        self._progress.update(self._tasks[stage], completed=count, total=total)


@contextmanager
def stages() -> Iterator[Stages]:
    """Show a bar a stage until the block is left; nothing where stderr is no terminal."""
    with _shown() as shown:
        yield Stages(shown)


@contextmanager
def rated_stages() -> Iterator[Stages]:
    """Show a bar a stage with its rows per second and the time left; nothing off a terminal."""
    with _shown(_Rate(), TimeRemainingColumn(compact=True)) as shown:
        yield Stages(shown)


class _Rate(ProgressColumn):
    """How many a second, lately."""

    def render(self, task: Task) -> Text:
        """Return the rate once there is one."""
        rate = task.finished_speed or task.speed
        return Text("" if rate is None else f"{rate:,.0f} rows/s")


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Bar]:
    """Show a bar until the block is left; nothing where stderr is no terminal.

    Where `total` is not known the bar only moves.
    """
    with _shown() as shown:
        yield Bar(shown, shown.add_task(what, total=total))


def _shown(*more: ProgressColumn) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *more)
    disabled = not sys.stderr.isatty()
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=disabled)
