"""The history as projections read it: pages of events in order, the unreadable ones marked."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, StoredEvent

from registry.domain.events import Event, IssuerRegistered
from registry.store.mapper import EventMapper, UnknownEventError

PAGE = 1000


@dataclass(frozen=True)
class Recorded:
    """One event with its position in the history."""

    position: int
    event: Event


@dataclass(frozen=True)
class Unreadable:
    """A stored event that this version does not know, or cannot apply."""

    position: int
    originator_id: UUID
    topic: str
    reason: str


class History:
    """Reads the event store in order of position, which is the order of commits."""

    def __init__(self, recorder: ApplicationRecorder) -> None:
        self._recorder = recorder
        self._mapper = EventMapper()

    def page(
        self, after: int, *, stop: int | None = None, topics: tuple[str, ...] = ()
    ) -> list[Recorded | Unreadable]:
        """Return up to 1,000 events with after < position <= stop."""
        notifications = self._recorder.select_notifications(
            after, PAGE, stop, topics, inclusive_of_start=False
        )
        return [self._read(notification.id, notification) for notification in notifications]

    def all(
        self, after: int = 0, *, stop: int | None = None, topics: tuple[str, ...] = ()
    ) -> Iterator[Recorded | Unreadable]:
        """Yield every event with after < position <= stop."""
        for page in self.pages(after, stop=stop, topics=topics):
            yield from page

    def pages(
        self, after: int = 0, *, stop: int | None = None, topics: tuple[str, ...] = ()
    ) -> Iterator[list[Recorded | Unreadable]]:
        """Yield every event with after < position <= stop, up to 1,000 at once."""
        while page := self.page(after, stop=stop, topics=topics):
            yield page
            after = page[-1].position

    def end(self) -> int:
        """Return the newest position, 0 in an empty store."""
        return self._recorder.max_notification_id() or 0

    def last_of(self, stream: UUID) -> Event | None:
        """Return the newest event of one stream, or None."""
        found = self._recorder.select_events(stream, desc=True, limit=1)
        return self._mapper.to_domain_event(found[0]) if found else None

    def event(self, stream: UUID, version: int) -> Event | None:
        """Return one event of a stream by its version, or None."""
        found = self._recorder.select_events(stream, gt=version - 1, lte=version)
        return self._mapper.to_domain_event(found[0]) if found else None

    def issuer_of(self, stream: UUID) -> str | None:
        """Return the issuer whose stream it is, as its first event tells, or None."""
        first = self._recorder.select_events(stream, limit=1)
        try:
            event = self._mapper.to_domain_event(first[0]) if first else None
        except UnknownEventError:
            return None
        if isinstance(event, IssuerRegistered):
            return str(event.originator_id)
        return getattr(event, "issuer_id", None)

    def _read(self, position: int, stored: StoredEvent) -> Recorded | Unreadable:
        try:
            return Recorded(position, self._mapper.to_domain_event(stored))
        except UnknownEventError as error:
            originator_id = UUID(str(stored.originator_id))
            return Unreadable(position, originator_id, stored.topic, str(error))
