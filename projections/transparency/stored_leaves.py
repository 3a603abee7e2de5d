"""Stored events as leaves, in pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eventsourcing.persistence import ApplicationRecorder, Notification

from projections.transparency.errors import UnloggableEventError
from registry.formats.tlog.leaves import LeafError, event_leaf

PAGE = 1000


@dataclass(frozen=True)
class StoredLeaf:
    """A leaf and the position of its event."""

    position: int
    leaf: bytes


class StoredLeaves:
    """Reads events of the store as leaves, in order of position."""

    def __init__(self, recorder: ApplicationRecorder) -> None:
        self._recorder = recorder

    def page(self, after: int, *, stop: int | None = None) -> list[StoredLeaf]:
        """Return the leaves of up to 1,000 events with after < position <= stop."""
        found = self._recorder.select_notifications(after, PAGE, stop, inclusive_of_start=False)
        return stored_leaves(found)

    def pages(self, after: int, *, stop: int) -> Iterator[list[StoredLeaf]]:
        """Yield every page of leaves with after < position <= stop."""
        while page := self.page(after, stop=stop):
            yield page
            after = page[-1].position

    def end(self) -> int:
        """Return the position of the newest event, 0 in an empty store."""
        return self._recorder.max_notification_id() or 0


def stored_leaves(events: Sequence[Notification]) -> list[StoredLeaf]:
    """Return events as leaves; raises UnloggableEventError."""
    return [StoredLeaf(event.id, _leaf(event)) for event in events]


def _leaf(event: Notification) -> bytes:
    try:
        return event_leaf(
            stream=str(event.originator_id),
            version=event.originator_version,
            topic=event.topic,
            state=event.state,
        )
    except LeafError as error:
        raise UnloggableEventError(f"the event at position {event.id}: {error}") from error
