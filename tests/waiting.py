"""Waiting for what happens in another thread or process."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 30
"""Far more than anything takes, so that a busy machine fails no test."""


def wait_until(
    holds: Callable[[], object],
    *,
    seconds: float = PATIENCE_SECONDS,
    in_the_way: Callable[[], object] = lambda: None,
) -> None:
    """Ask again and again until something holds.

    Fails the test once the time is over, and says what is `in_the_way` by then.
    """
    deadline = time.monotonic() + seconds
    while not holds():
        late = time.monotonic() >= deadline
        assert not late, f"it did not come to be within {seconds} s: {in_the_way()}"
        time.sleep(0.01)
