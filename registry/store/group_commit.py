"""Saves that come at once are written together: one transaction, one lock, one sync of the disk.

Whoever comes while a transaction is at the disk waits for it to end; the first of those who wait
then writes for all of them. Nobody is ever held back for company: one alone is written at once.
A save that cannot be stored fails no other: the group is rolled back, and each is written alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from uuid import UUID

from eventsourcing.persistence import IntegrityError, StoredEvent
from sqlalchemy.exc import DBAPIError

from registry.store.database import StoreUnavailableError

SMALL = 100
"""A save of more events than this is written by itself: it shares nothing worth sharing."""

MOST_EVENTS = 1_000
"""How many events a group holds at most, so that nobody waits long for it."""


@dataclass(eq=False)
class Save:
    """Events to be stored all or none, resting on streams that must not have moved.

    `unchanged` maps each of those to the version it was read at.
    """

    events: Sequence[StoredEvent]
    unchanged: Mapping[UUID, int]
    ids: list[int] = field(default_factory=list)
    failure: BaseException | None = None
    is_done: bool = False
    woken: Event = field(default_factory=Event)

    def result(self) -> list[int]:
        """Return the notification ids, or raise what kept it from being stored."""
        if self.failure is not None:
            raise self.failure
        return self.ids


Write = Callable[[Sequence[Save]], list[list[int]]]
"""Stores all of some saves or none, durably on return; gives each one's notification ids."""


class GroupCommit:
    """Writes the saves of all threads through `write`, one group at a time."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._lock = Lock()
        self._waiting: list[Save] = []
        self._is_writing = False

    def save(self, save: Save) -> list[int]:
        """Store one save, alone or with others; durable on return, and raises as if alone."""
        if not self._leads(save):
            self._wait(save)
        if not save.is_done:
            self._lead(save)
        return save.result()

    def _leads(self, save: Save) -> bool:
        with self._lock:
            self._waiting.append(save)
            leads = not self._is_writing
            self._is_writing = True
        return leads

    def _wait(self, save: Save) -> None:
        """Wait until another has written it, or it is this one's turn to write."""
        try:
            save.woken.wait()
        except BaseException:
            self._give_up(save)
            raise

    def _give_up(self, save: Save) -> None:
        with self._lock:
            if save in self._waiting:
                self._waiting.remove(save)
            is_our_turn = save.woken.is_set() and not save.is_done
        if is_our_turn:
            self._hand_over(())

    def _lead(self, save: Save) -> None:
        """Write a group in which `save` is the first."""
        group = self._take(save)
        try:
            self._store(group)
        finally:
            self._hand_over(group)

    def _take(self, first: Save) -> list[Save]:
        with self._lock:
            self._waiting.remove(first)
            group = _Group(first)
            self._waiting = [each for each in self._waiting if not group.takes(each)]
        return group.saves

    def _store(self, group: Sequence[Save]) -> None:
        try:
            self._store_together(group)
        except StoreUnavailableError as error:
            for each in group:
                each.failure = error
        except (IntegrityError, DBAPIError) as error:
            if len(group) == 1:
                group[0].failure = error
                return
            for each in group:
                self._store([each])

    def _store_together(self, group: Sequence[Save]) -> None:
        for each, ids in zip(group, self._write(group), strict=True):
            each.ids = ids

    def _hand_over(self, group: Sequence[Save]) -> None:
        """Answer those who were written, and let the first of those who wait write next."""
        with self._lock:
            for each in group:
                if not each.ids and each.failure is None:
                    each.failure = StoreUnavailableError("the save was broken off")
                each.is_done = True
            successor = self._waiting[0] if self._waiting else None
            self._is_writing = successor is not None
            # Under the lock, so that nobody gives up unaware that it is their turn.
            for each in (*group, *([successor] if successor else [])):
                each.woken.set()


class _Group:
    """Saves that do not bear on one another, so that one transaction may hold them all."""

    def __init__(self, first: Save) -> None:
        self.saves = [first]
        self._written = _streams(first)
        self._premises = dict(first.unchanged)
        self._size = len(first.events)

    def takes(self, save: Save) -> bool:
        """Take a save in and return True, unless it has to be written after the others."""
        written = _streams(save)
        if (
            self._size + len(save.events) > MOST_EVENTS
            or not written.isdisjoint(self._written | self._premises.keys())
            or not self._written.isdisjoint(save.unchanged)
            or any(self._premises.get(stream, at) != at for stream, at in save.unchanged.items())
        ):
            return False
        self.saves.append(save)
        self._written |= written
        self._premises.update(save.unchanged)
        self._size += len(save.events)
        return True


def _streams(save: Save) -> set[UUID | str]:
    return {event.originator_id for event in save.events}
