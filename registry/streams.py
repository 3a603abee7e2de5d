"""Load an aggregate from its stream, decide, and save what it recorded: the write side's verbs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, Mapper, StoredEvent

from registry.domain.aggregate import Aggregate, Command, ForeignEventError
from registry.domain.errors import ConcurrentChangeError
from registry.domain.events import Event, IssuerPlaced
from registry.sharding import Homes
from registry.store.mapper import EventMapper
from registry.store.recorders import EventRecorder, StreamMovedError

A = TypeVar("A", bound=Aggregate)
B = TypeVar("B", bound=Aggregate)

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

    `wake` is called with the newest notification id after each save. `shard` is the one of this
    registry: nothing is saved of an issuer that is at home in another.
    """

    def __init__(
        self, recorder: EventRecorder, *, wake: Callable[[int], None], shard: str | None = None
    ) -> None:
        self._given_recorder = recorder
        self._wake = wake
        self.homes = Homes(shard, self._moves_of)
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
        return _folded(aggregate, self.events.get(aggregate.id, gt=aggregate.version or None))

    def load_both(self, one: A, other: B) -> tuple[A, B]:
        """Load two new aggregates as `load` does, as they were at the same moment."""
        stored = self._given_recorder.select_streams([one.id, other.id])
        return self._from_stored(one, stored), self._from_stored(other, stored)

    def _from_stored(self, aggregate: A, stored: Mapping[UUID, Sequence[StoredEvent]]) -> A:
        return _folded(aggregate, map(self.mapper.to_domain_event, stored.get(aggregate.id, ())))

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
            self.confirm()
            return self.load_at(type(aggregate)(aggregate.id), version)
        aggregate.expect(command)
        decide(aggregate)
        self.store(aggregate, premise=premise)
        return aggregate

    def confirm(self) -> None:
        """Return once what was loaded is as durable as what is stored: before a repeat is answered.

        The first call may have ended in doubt. Raises StoreUnavailableError.
        """
        self._given_recorder.database.confirm()

    def append(self, event: Event) -> int:
        """Save one event as the next of its stream; as durable, and refused, as in `store`."""
        return self._save(event)

    def _moves_of(self, issuer_id: str, version: int) -> tuple[int, str | None]:
        """Return the newest version of an issuer's stream, and where it was placed since one.

        Other events are not read: whether this version of the registry knows them is no matter.
        """
        found = self._given_recorder.select_events(UUID(issuer_id), gt=version)
        newest = found[-1].originator_version if found else version
        moves = [each for each in found if each.topic == IssuerPlaced.TOPIC]
        placed: Any = self.mapper.to_domain_event(moves[-1]) if moves else None
        return newest, placed and placed.shard

    def append_all(self, issuer_id: str, events: Iterable[Event]) -> None:
        """Save many events of one issuer, each the next of its stream; all or nothing.

        As durable as `store`. Raises ConcurrentChangeError where one of the streams has moved on.
        """
        self.homes.check(issuer_id)
        stored = [self.mapper.to_stored_event(event) for event in events]
        try:
            positions = self._given_recorder.insert_events(stored)
        except IntegrityError as error:
            raise _too_late() from error
        if positions:
            self._wake(positions[-1])

    def _save(self, *events: Event, premise: Premise = _nothing) -> int:
        self.homes.check_events(events)
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


def _folded(aggregate: A, events: Iterable[Any]) -> A:
    """Fold events into an aggregate; into a new one instead, if they are of another kind."""
    try:
        return aggregate.fold(events)
    except ForeignEventError:
        return type(aggregate)(aggregate.id)


def _too_late() -> ConcurrentChangeError:
    return ConcurrentChangeError(
        "somebody else changed it at the same moment", remedy="read it and try again"
    )
