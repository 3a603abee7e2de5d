"""What a benchmark found: a median, what stands beside it, their ratio, whether it is enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median
from typing import Any


class Of(StrEnum):
    """Which number of a result a goal is about."""

    MEDIAN = "median"
    RATIO = "ratio"


@dataclass(frozen=True)
class Goal:
    """A bound that a result has to keep: `lower` is "at least", otherwise "at most"."""

    of: Of
    limit: float
    lower: bool = True

    def __str__(self) -> str:
        return f"{self.of} {'>=' if self.lower else '<='} {self.limit:g}"

    def met(self, value: float) -> bool:
        """Tell whether a value keeps the bound."""
        return value >= self.limit if self.lower else value <= self.limit


@dataclass(frozen=True)
class Result:
    """One measured question; `runs` and each list in `beside` hold one value a run.

    The ratio is to the first of `beside`, median to median unless `ratio` is given. Without runs
    nothing was measured, and `note` says why; `failed` if it should have been.
    """

    name: str
    unit: str
    runs: Sequence[float]
    beside: Mapping[str, Sequence[float]] = field(default_factory=dict)
    goal: Goal | None = None
    given_ratio: float | None = None
    note: str = ""
    failed: bool = False

    @property
    def median(self) -> float | None:
        return median(self.runs) if self.runs else None

    @property
    def medians_beside(self) -> dict[str, float]:
        return {name: median(runs) for name, runs in self.beside.items()}

    @property
    def ratio(self) -> float | None:
        """How many times what stands beside; None where nothing does."""
        if self.given_ratio is not None or not self.beside or self.median is None:
            return self.given_ratio
        return self.median / next(iter(self.medians_beside.values()))

    @property
    def met(self) -> bool | None:
        """Whether the goal is kept; None where there is no goal, or no number to hold to it."""
        if self.goal is None:
            return None
        value = self.ratio if self.goal.of is Of.RATIO else self.median
        return None if value is None else self.goal.met(value)

    def document(self) -> dict[str, Any]:
        """Return the result as plain JSON."""
        return {
            "name": self.name,
            "median": self.median,
            "unit": self.unit,
            "beside": self.medians_beside,
            "ratio": self.ratio,
            "goal": None if self.goal is None else str(self.goal),
            "met": self.met,
            "runs": list(self.runs),
            "runs_beside": {name: list(runs) for name, runs in self.beside.items()},
            "note": self.note,
        }
