"""Which lists a publisher is to publish, and whether they are still its own."""

import hashlib
import time
from collections.abc import Iterable
from typing import Protocol

from registry.store.leadership import Leadership, LeadershipLostError

TAKE_SECONDS = 0.5
"""How long after one part a publisher takes the next: others that start beside it get some."""


class Turf(Protocol):
    """Lists that a publisher is responsible for."""

    def covers(self, list_id: str) -> bool: ...

    def check(self, list_id: str) -> None:
        """Raise LeadershipLostError where the list is no longer this publisher's."""
        ...


class Everywhere:
    """Every list: for a publisher that nobody else stands beside, or that a person runs."""

    def covers(self, list_id: str) -> bool:  # noqa: ARG002 - as the protocol has it
        return True

    def check(self, list_id: str) -> None:
        """Refuse none."""


class ListParts:
    """The lists of the parts that this process leads; a list's id says which part it is in."""

    def __init__(self, leadership: Leadership, *, count: int) -> None:
        self._leadership = leadership
        self._count = count
        self._taken_at = -TAKE_SECONDS
        self.led: frozenset[int] = frozenset()

    def take(self) -> frozenset[int]:
        """Return the parts this process leads, of which one more may have become its own."""
        self.led = frozenset(self._held())
        now = time.monotonic()
        if len(self.led) < self._count and now - self._taken_at >= TAKE_SECONDS:
            for part in sorted(set(range(self._count)) - self.led):
                if self._leadership.lead(self._work(part)):
                    self._taken_at = now
                    self.led |= {part}
                    break
        return self.led

    def covers(self, list_id: str) -> bool:
        return self.part_of(list_id) in self.led

    def check(self, list_id: str) -> None:
        """Ask whoever gives the lock, since it may have passed to another process unnoticed."""
        work = self._work(self.part_of(list_id))
        if not self._leadership.still_leads(work):
            raise LeadershipLostError(f"{work} is led by another process, or by none")

    def part_of(self, list_id: str) -> int:
        """Return a list's part: the first 8 bytes of its id's SHA-256, modulo their number."""
        return int.from_bytes(hashlib.sha256(list_id.encode()).digest()[:8], "big") % self._count

    def _held(self) -> Iterable[int]:
        held = self._leadership.held
        return (part for part in range(self._count) if self._work(part) in held)

    def _work(self, part: int) -> str:
        return f"lists/{part}-of-{self._count}"
