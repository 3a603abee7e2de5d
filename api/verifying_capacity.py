"""Bound how many documents are verified at once: others' servers may keep each waiting."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from api.errors import BusyError
from registry.verification.verify import Verifier

MOST_AT_ONCE = 8
"""Of the forty threads that answer requests, so that issuing goes on while verifiers wait."""

WAIT_SECONDS = 1.0


class BoundedVerifier:
    """Lends a verifier to a few threads at a time."""

    def __init__(
        self, verifier: Verifier, *, most: int = MOST_AT_ONCE, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._verifier = verifier
        self._room = threading.BoundedSemaphore(most)
        self._wait_seconds = wait_seconds

    @contextmanager
    def lent(self) -> Iterator[Verifier]:
        """Give the verifier for the block; raises BusyError where all are lent."""
        if not self._room.acquire(timeout=self._wait_seconds):
            raise BusyError("as much is being verified as this server does at once")
        try:
            yield self._verifier
        finally:
            self._room.release()
