"""Which position a leaf came from: positions of events may skip, leaves do not.

A run begins where positions skip. The leaves that are no events stand before the first run.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """From `first_position` on, positions and indexes go up together."""

    first_position: int
    first_index: int

    def position_of(self, index: int) -> int:
        """Return the position of a leaf of this run."""
        return self.first_position + index - self.first_index

    def index_of(self, position: int) -> int:
        """Return the leaf of an event of this run."""
        return self.first_index + position - self.first_position


class Runs:
    """The runs of one log, in order."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs

    def position_of(self, index: int) -> int | None:
        """Return the position that a leaf's event had, None where the runs do not tell."""
        after = bisect_right(self._runs, index, key=lambda run: run.first_index)
        return self._runs[after - 1].position_of(index) if after else None

    def index_of(self, position: int) -> int | None:
        """Return which leaf the event at a position is, if it is one; None before the first."""
        after = bisect_right(self._runs, position, key=lambda run: run.first_position)
        return self._runs[after - 1].index_of(position) if after else None


def runs_between(pairs: Iterable[tuple[int, int]], *, after: int) -> list[Run]:
    """Return the runs that begin in (position, index) pairs, which follow position `after`.

    The first event of a log begins one, whatever its position.
    """
    runs = []
    for position, index in pairs:
        if position != after + 1 or not after:
            runs.append(Run(position, index))
        after = position
    return runs
