"""Slow down whoever guesses API keys: a bounded table of failures by client address."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE_FAILURES = 10
LONGEST_SECONDS = 60.0
FORGOTTEN_AFTER_SECONDS = 900.0
GREATEST_SIZE = 10_000


@dataclass
class _Record:
    """How often an address failed, when last, and until when it is not heard."""

    failures: int
    last_at: float
    closed_until: float
    announced: bool = False


class BackingOff:
    """After 10 failures each further one closes the door for twice as long, up to a minute.

    `clock` counts seconds and never goes back. The table forgets an address after a quarter of
    an hour without a failure or after a success, and the least recent one when it is full.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def wait_seconds(self, address: str) -> float:
        """Return how long the address must still wait, 0 where it need not."""
        with self._lock:
            record = self._records.get(address)
        return max(0.0, record.closed_until - self._clock()) if record else 0.0

    def announce(self, address: str) -> bool:
        """Return whether this is the first refusal since the address was closed out."""
        with self._lock:
            record = self._records.get(address)
            if record is None or record.announced:
                return False
            record.announced = True
            return True

    def failed(self, address: str) -> None:
        """Count a failure."""
        now = self._clock()
        with self._lock:
            record = self._records.pop(address, None)
            if record is None or now - record.last_at > FORGOTTEN_AFTER_SECONDS:
                record = _Record(0, now, now)
            failures = record.failures + 1
            self._records[address] = _Record(failures, now, now + _pause(failures))
            if len(self._records) > GREATEST_SIZE:
                self._records.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """Forget the failures of an address."""
        with self._lock:
            self._records.pop(address, None)


def _pause(failures: int) -> float:
    # The exponent is bounded, because a float is.
    beyond = min(failures - FREE_FAILURES, 10)
    return min(2.0 ** (beyond - 1), LONGEST_SECONDS) if beyond > 0 else 0.0
