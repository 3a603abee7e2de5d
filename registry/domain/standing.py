"""What an issuer's accreditations make of it at a moment: its standing.

Two clocks run: a decision is *recorded* at one moment and *effective* from one that is the same
or earlier. The standing is told as is known now, or as was known at some moment. An end counts by
time alone, without an event.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """An issuer's standing, best first: of several accreditations the best one counts."""

    ACCREDITED = "accredited"
    SUSPENDED = "suspended"
    NOT_YET = "not-yet-accredited"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    NOT_ACCREDITED = "not-accredited"
    NO_SCHEME = "no-scheme"


class Kind(StrEnum):
    """What became of an accreditation after it was granted."""

    SUSPENDED = "suspended"
    REINSTATED = "reinstated"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Change:
    """A decision about an accreditation, with both of its moments."""

    kind: Kind
    recorded_at: datetime
    effective_at: datetime
    reason: str = ""


@dataclass(frozen=True)
class Term:
    """One accreditation: its period, and the changes to it in the order they were recorded.

    Suspensions and reinstatements are effective in that order too; a withdrawal may be effective
    before any of them.
    """

    valid_from: datetime
    valid_until: datetime | None
    granted_at: datetime
    changes: tuple[Change, ...] = ()

    def standing(self, moment: datetime, *, known_at: datetime | None = None) -> Standing | None:
        """Return what it makes of its issuer at `moment`, as known now or at `known_at`.

        None where it was not granted yet by what was known.
        """
        if known_at is not None and self.granted_at > known_at:
            return None
        done = [
            change.kind
            for change in self.changes
            if change.effective_at <= moment
            and (known_at is None or change.recorded_at <= known_at)
        ]
        if Kind.WITHDRAWN in done:
            return Standing.WITHDRAWN
        if moment < self.valid_from:
            return Standing.NOT_YET
        if self.valid_until is not None and moment >= self.valid_until:
            return Standing.EXPIRED
        return Standing.SUSPENDED if done[-1:] == [Kind.SUSPENDED] else Standing.ACCREDITED

    @property
    def moments(self) -> set[datetime]:
        """When its standing may change."""
        ends = set() if self.valid_until is None else {self.valid_until}
        return {self.valid_from, *ends, *(change.effective_at for change in self.changes)}


@dataclass(frozen=True)
class Period:
    """A stretch of time of one standing; `start` is in it, `end` is not, None is without limit."""

    start: datetime | None
    end: datetime | None
    standing: Standing

    def holds(self, moment: datetime) -> bool:
        """Say whether a moment lies in the period."""
        return (self.start is None or self.start <= moment) and (
            self.end is None or moment < self.end
        )


def standing_at(
    terms: Iterable[Term], moment: datetime, *, known_at: datetime | None = None
) -> Standing:
    """Return the best standing that any accreditation gives at `moment`."""
    given = {term.standing(moment, known_at=known_at) for term in terms}
    return next((standing for standing in Standing if standing in given), Standing.NOT_ACCREDITED)


def periods(terms: Sequence[Term]) -> list[Period]:
    """Return the standing at every moment, as is known now: periods that follow each other."""
    moments = sorted(set().union(*(term.moments for term in terms)))
    first = _before_all(terms)
    changes: list[tuple[datetime | None, Standing]] = [(None, first)]
    for moment in moments:
        standing = standing_at(terms, moment)
        if standing is not changes[-1][1]:
            changes.append((moment, standing))
    ends = [start for start, _ in changes[1:]] + [None]
    return [Period(start, end, st) for (start, st), end in zip(changes, ends, strict=True)]


def _before_all(terms: Sequence[Term]) -> Standing:
    return Standing.NOT_YET if terms else Standing.NOT_ACCREDITED
