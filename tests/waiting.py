"""Waiting for what happens in another thread or process."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 30
"""Far more than anything takes, so that a busy machine fails no test."""


def wait_until(holds: Callable[[], object], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Ask again and again until something holds; fails the test once the time is over."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it did not come to be within {seconds} s"
        time.sleep(0.01)
