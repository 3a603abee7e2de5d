"""From times to positions: as of which event a question about the past is answered.

Events are in order of their positions, never of a clock. As of a time T stands for the last
position such that no event up to it was recorded later than T: a clock that was set back moves
what came after it no earlier. The answer for a position never changes; that for a time is settled
once an event was recorded later.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, MetaData, select

from projections import positions
from projections.history import History, Recorded
from projections.past.intervals import MOMENTS, IntervalsProjection, moments_table
from registry.domain.errors import InvalidValueError
from registry.domain.instants import instant

_moments = moments_table(MetaData(), MOMENTS)


class NotRecordedYetError(InvalidValueError):
    """The history has not come that far."""


@dataclass(frozen=True)
class Question:
    """As of which position, or recorded time, is asked; the newest position without either.

    `effective_at` asks what was known then to be true at that instant; None for what was known
    of the then present.
    """

    position: int | None = None
    at: datetime | None = None
    effective_at: datetime | None = None

    def check(self) -> None:
        """Raise InvalidValueError where both clocks of recording are given."""
        if self.position is not None and self.at is not None:
            raise InvalidValueError(
                "a position and a time are two ways to say the same",
                field="at",
                remedy="give one of position and at",
            )


@dataclass(frozen=True)
class AsOf:
    """What an answer is as of: the position, and the latest time an event up to it has.

    `settled` says that the question will have this answer for ever: not so for a time that no
    event is later than.
    """

    position: int
    recorded_at: str | None
    effective_at: str | None
    settled: bool


def resolve(connection: Connection, question: Question) -> AsOf:
    """Return what a question is answered as of; raises NotRecordedYetError.

    `connection` must see one moment, or the views may move on meanwhile.
    """
    question.check()
    newest = positions.live(connection, IntervalsProjection.name).position
    position, settled = newest, True
    if question.position is not None:
        position = _reached(question.position, newest)
    elif question.at is not None:
        later = _first_later(connection, instant(question.at))
        position, settled = (newest, False) if later is None else (later - 1, True)
    effective_at = instant(question.effective_at) if question.effective_at else None
    return AsOf(position, _recorded_at(connection, position), effective_at, settled)


def position_in(history: History, at: datetime) -> int:
    """Return the position as of a time from the events themselves; reads all up to it."""
    text = instant(at)
    last = 0
    for item in history.all():
        if isinstance(item, Recorded) and item.event.recorded_at > text:
            break
        last = item.position
    return last


def _reached(position: int, newest: int) -> int:
    if position > newest:
        raise NotRecordedYetError(
            f"the newest position is {newest}",
            field="position",
            remedy=f"ask for a position up to {newest}, or again in a moment",
        )
    return position


def _first_later(connection: Connection, at: str) -> int | None:
    query = (
        select(_moments.c.position)
        .where(_moments.c.recorded_at > at)
        .order_by(_moments.c.recorded_at)
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()


def _recorded_at(connection: Connection, position: int) -> str | None:
    query = (
        select(_moments.c.recorded_at)
        .where(_moments.c.position <= position)
        .order_by(_moments.c.position.desc())
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()
