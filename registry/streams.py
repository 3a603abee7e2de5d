"""Load an aggregate from its stream, decide, and save what it recorded: the write side's verbs."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, Mapper

from registry.domain.aggregate import Aggregate, Command, ForeignEventError
from registry.domain.errors import ConcurrentChangeError
from registry.domain.events import Event
from registry.store.mapper import EventMapper
from registry.store.recorders import EventRecorder, StreamMovedError

A = TypeVar("A", bound=Aggregate)

ATTEMPTS = 3
"""How often a change is decided anew because somebody else was faster, before 409 is the answer."""


Premise = Callable[[], Iterable[Aggregate]]
"""Reads what a save rests on besides what it changes; raises where that forbids it.

What it returns has not changed when the save is made: otherwise the premise is read anew.
"""


def _nothing() -> Iterable[Aggregate]:
    return ()


class Streams(Application[UUID]):
    """An `eventsourcing` application over our recorder and mapper.

    `wake` is called with the newest notification id after each save.
    """

    def __init__(self, recorder: EventRecorder, *, wake: Callable[[int], None]) -> None:
        self._given_recorder = recorder
        self._wake = wake
        super().__init__()

    def construct_recorder(self) -> EventRecorder:
        """Use the recorder this application was given."""
        return self._given_recorder

    def construct_mapper(self) -> Mapper[UUID]:
        """Use the mapper that knows our topics, strictly."""
        return EventMapper()

    def load(self, aggregate: A) -> A:
        """Fold the events that follow the aggregate's version; a new id stays at version 0.

        So does the id of another kind of aggregate, which is no id of this kind.
        """
        events: Any = self.events.get(aggregate.id, gt=aggregate.version or None)
        try:
            return aggregate.fold(events)
        except ForeignEventError:
            return type(aggregate)(aggregate.id)

    def load_many(self, make: Callable[[UUID], A], ids: Sequence[UUID]) -> dict[UUID, A]:
        """Fold many streams at once; an id without events of this kind of aggregate is left out.

        Each is as it was at some moment since the call began.
        """
        found: dict[UUID, A] = {}
        for stream, stored in self._given_recorder.select_streams(ids).items():
            with suppress(ForeignEventError):
                events: Any = map(self.mapper.to_domain_event, stored)
                found[stream] = make(stream).fold(events)
        return found

    def load_at(self, aggregate: A, version: int) -> A:
        """Fold the events of a new aggregate up to `version`: what it was then."""
        events: Any = self.events.get(aggregate.id, lte=version)
        return aggregate.fold(events)

    def store(self, *aggregates: Aggregate, premise: Premise = _nothing) -> int:
        """Save what the aggregates recorded, all or nothing; return the newest position.

        Durable on return. Raises what the `premise` raises, and ConcurrentChangeError where
        another save came first: the aggregates must then be loaded again.
        """
        events = [event for aggregate in aggregates for event in aggregate.collect_events()]
        for _ in range(ATTEMPTS):
            with suppress(StreamMovedError):
                return self._save(*events, premise=premise)
        raise _too_late()

    def carry_out(
        self,
        command: Command,
        load: Callable[[], A],
        decide: Callable[[A], None],
        *,
        premise: Premise = _nothing,
    ) -> A:
        """Load, decide, save, and return the aggregate.

        A repeat of the command returns the aggregate as the first call left it. Where somebody
        else was faster the decision is made anew on what is there now.
        """
        for _ in range(ATTEMPTS):
            with suppress(ConcurrentChangeError):
                return self._try_to_carry_out(command, load(), decide, premise)
        return self._try_to_carry_out(command, load(), decide, premise)

    def _try_to_carry_out(
        self, command: Command, aggregate: A, decide: Callable[[A], None], premise: Premise
    ) -> A:
        if (version := aggregate.answered(command)) is not None:
            return self.load_at(type(aggregate)(aggregate.id), version)
        aggregate.expect(command)
        decide(aggregate)
        self.store(aggregate, premise=premise)
        return aggregate

    def append(self, event: Event) -> int:
        """Save one event as the next of its stream; as durable, and refused, as in `store`."""
        return self._save(event)

    def _save(self, *events: Event, premise: Premise = _nothing) -> int:
        unchanged = {aggregate.id: aggregate.version for aggregate in premise()}
        try:
            recordings = self.save(*events, unchanged=unchanged)
        except StreamMovedError:
            raise
        except IntegrityError as error:
            raise _too_late() from error
        position = max((recording.notification.id for recording in recordings), default=0)
        if position:
            self._wake(position)
        return position


def _too_late() -> ConcurrentChangeError:
    return ConcurrentChangeError(
        "somebody else changed it at the same moment", remedy="read it and try again"
    )
