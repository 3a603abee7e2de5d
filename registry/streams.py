"""Load an aggregate from its stream, decide, and save what it recorded: the write side's verbs."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, IntegrityError, Mapper

from registry.domain.aggregate import Aggregate, Command, ForeignEventError
from registry.domain.errors import ConcurrentChangeError
from registry.domain.events import Event
from registry.store.mapper import EventMapper

A = TypeVar("A", bound=Aggregate)

ATTEMPTS = 3
"""How often a change is decided anew because somebody else was faster, before 409 is the answer."""


class Streams(Application[UUID]):
    """An `eventsourcing` application over our recorder and mapper.

    `wake` is called with the newest notification id after each save.
    """

    def __init__(self, recorder: ApplicationRecorder, *, wake: Callable[[int], None]) -> None:
        self._given_recorder = recorder
        self._wake = wake
        super().__init__()

    def construct_recorder(self) -> ApplicationRecorder:
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

    def load_at(self, aggregate: A, version: int) -> A:
        """Fold the events of a new aggregate up to `version`: what it was then."""
        events: Any = self.events.get(aggregate.id, lte=version)
        return aggregate.fold(events)

    def store(self, *aggregates: Aggregate) -> int:
        """Save what the aggregates recorded, all or nothing; return the newest position.

        Durable on return. Raises ConcurrentChangeError where another save came first: the
        aggregates must then be loaded again.
        """
        return self._save(*aggregates)

    def carry_out(self, command: Command, load: Callable[[], A], decide: Callable[[A], None]) -> A:
        """Load, decide, save, and return the aggregate.

        A repeat of the command returns the aggregate as the first call left it. Where somebody
        else was faster the decision is made anew on what is there now.
        """
        for _ in range(ATTEMPTS):
            with suppress(ConcurrentChangeError):
                return self._try_to_carry_out(command, load(), decide)
        return self._try_to_carry_out(command, load(), decide)

    def _try_to_carry_out(self, command: Command, aggregate: A, decide: Callable[[A], None]) -> A:
        if (version := aggregate.answered(command)) is not None:
            return self.load_at(type(aggregate)(aggregate.id), version)
        aggregate.expect(command)
        decide(aggregate)
        self.store(aggregate)
        return aggregate

    def append(self, event: Event) -> int:
        """Save one event as the next of its stream; as durable, and refused, as in `store`."""
        return self._save(event)

    def _save(self, *objects: Aggregate | Event) -> int:
        try:
            recordings = self.save(*objects)
        except IntegrityError as error:
            raise ConcurrentChangeError(
                "somebody else changed it at the same moment", remedy="read it and try again"
            ) from error
        position = max((recording.notification.id for recording in recordings), default=0)
        if position:
            self._wake(position)
        return position
