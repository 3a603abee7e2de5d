"""The status events since each list's last publication, read once and kept until then."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from projections.gate import WATCHED, Candidate, Change, changes
from projections.history import History, Recorded

ListKey = tuple[str, str]


class StatusChanges:
    """Follows the status events from a position on, apart from the views.

    With `wanted`, called with a list's id, those of other lists are passed over.
    """

    def __init__(
        self,
        history: History,
        *,
        after: int,
        wanted: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._history = history
        self.start = after
        self._after = after
        self._wanted = wanted
        self._pending: defaultdict[ListKey, list[Change]] = defaultdict(list)

    def read_to(self, position: int) -> None:
        """Take in the events up to `position`."""
        for item in self._history.all(self._after, stop=position, topics=WATCHED):
            if isinstance(item, Recorded):
                for change in changes(item.event, item.position):
                    if self._wanted(change.list_id):
                        self._pending[change.list_id, change.purpose].append(change)
        self._after = max(self._after, position)

    def between(self, key: ListKey, *, after: int, to: int) -> list[Change]:
        """Return a list's changes with after < position <= to."""
        return [change for change in self._pending[key] if after < change.position <= to]

    def forget(self, key: ListKey, *, to: int) -> None:
        """Drop a list's changes up to `to`: they are published."""
        self._pending[key] = [c for c in self._pending[key] if c.position > to]


@dataclass(frozen=True)
class Changes:
    """The status events that are to be published; `all` reads those of all time."""

    newest: StatusChanges
    all: Callable[[], StatusChanges]

    def since(self, key: ListKey, previous: Candidate | None, *, to: int) -> list[Change]:
        """Return a list's changes since its previous version.

        All of them for the first version, and where the one before it was lost.
        """
        if previous is not None and previous.encoded_list is not None:
            return self.newest.between(key, after=previous.position, to=to)
        return self.all().between(key, after=0, to=to)
