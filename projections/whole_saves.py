"""Whether a list stands in the middle of a save: a mass change of it is published as one version.

The events of one save follow each other without a gap. So a list is in the middle of one where the
last event folded is a change of the list, and the next event, not folded yet, is another by the
same request.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from projections.history import History, Recorded
from projections.press import ArrayState
from projections.status_changes import ListKey
from registry.domain.events import StatusEvent

LONGEST: Final = timedelta(seconds=10)
"""How long a list waits at most for the rest of a save."""


class WholeSaves:
    """Tells for how long lists stand in the middle of saves."""

    def __init__(self, history: History, clock: Callable[[], datetime]) -> None:
        self._history = history
        self._clock = clock
        self._since: dict[ListKey, datetime] = {}

    def goes_on(self, state: ArrayState) -> bool:
        """Return whether more changes of a list are to be folded, and may be waited for."""
        if not self._is_in_the_middle(state):
            self._since.pop(state.list_key, None)
            return False
        waited = self._clock() - self._since.setdefault(state.list_key, self._clock())
        return timedelta(0) <= waited < LONGEST

    def _is_in_the_middle(self, state: ArrayState) -> bool:
        if state.changed_position != state.position:
            return False
        found = self._history.page(state.position - 1, stop=state.position + 1)
        requests = {_request(each) for each in found if isinstance(each, Recorded)}
        return len(found) > 1 and len(requests) == 1 and None not in requests


def _request(item: Recorded) -> tuple[str, ...] | None:
    """Return what the changes of one save in one list have in common."""
    event = item.event
    if not isinstance(event, StatusEvent):
        return None
    return event.TOPIC, event.list_id, event.recorded_at, event.request_digest
