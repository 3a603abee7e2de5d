"""Bound how much costly work is done at once: others' servers may keep each verification waiting.

One caller gets a part of the room only, so that nobody keeps all others out.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from api.errors import BusyError
from registry.verification.verify import Verifier

MOST_AT_ONCE = 8
"""Of the forty threads that answer requests, so that issuing goes on while verifiers wait."""

MOST_FOR_ONE = 2
"""For one API key, its access tokens included."""

MOST_ISSUED_FOR_ONE = 4
"""Credentials of other people's making, each of which is expanded and put into canonical form."""

WAIT_SECONDS = 1.0


class Capacity:
    """Room for so much work at once, and for so much of one caller's."""

    def __init__(
        self,
        *,
        most: int = MOST_AT_ONCE,
        most_for_one: int = MOST_FOR_ONE,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._most = most
        self._most_for_one = most_for_one
        self._wait_seconds = wait_seconds
        self._taken: Counter[str | None] = Counter()
        self._change = threading.Condition()

    @contextmanager
    def taken(self, caller: str | None) -> Iterator[None]:
        """Take room for the block; raises BusyError where there is none, not even after a wait.

        None is a caller who may have all of it.
        """
        with self._change:
            if not self._change.wait_for(lambda: self._has_room(caller), self._wait_seconds):
                raise BusyError("as much is being done as this server does at once")
            self._taken[caller] += 1
        try:
            yield
        finally:
            with self._change:
                self._taken -= Counter([caller])
                self._change.notify_all()

    def _has_room(self, caller: str | None) -> bool:
        if self._taken.total() >= self._most:
            return False
        return caller is None or self._taken[caller] < self._most_for_one


class BoundedVerifier:
    """Lends a verifier to a few callers at a time."""

    def __init__(self, verifier: Verifier, *, capacity: Capacity | None = None) -> None:
        self._verifier = verifier
        self._capacity = capacity or Capacity()

    @contextmanager
    def lent(self, caller: str | None) -> Iterator[Verifier]:
        """Give the verifier for the block; raises BusyError where too many have it."""
        with self._capacity.taken(caller):
            yield self._verifier
