"""Progress bars: on a terminal only, and on stderr, so that stdout holds nothing but the answer."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn


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


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Bar]:
    """Show a bar until the block is left; nothing where stderr is no terminal.

    Where `total` is not known the bar only moves.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    disabled = not sys.stderr.isatty()
    with Progress(*columns, console=console, transient=True, disable=disabled) as shown:
        yield Bar(shown, shown.add_task(what, total=total))
