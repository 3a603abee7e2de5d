"""When lists may be published: not from the middle of a mass of changes, yet never much later."""

from collections.abc import Callable

from projections.history import PAGE

LONGEST_SECONDS = 1.0
"""How long lists wait at most for the events that are not folded yet."""


class Patience:
    """Waits until the arrays have reached what was the newest event when the waiting began.

    That event is the last of a save, so a change of many entries becomes one version.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._waits_for: int | None = None
        self._since = 0.0

    def is_over(self, position: int, *, newest: int) -> bool:
        """Return whether to publish arrays folded up to `position` now."""
        if self._waits_for is None:
            self._waits_for, self._since = newest, self._monotonic()
        waited = self._monotonic() - self._since
        is_whole = position >= self._waits_for and newest - position < PAGE
        if position >= newest or is_whole or waited >= LONGEST_SECONDS:
            self._waits_for = None
            return True
        return False
