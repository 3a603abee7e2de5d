"""The thread of a process that works on jobs: slice after slice, and a short rest where none is."""

import threading
import time
from collections.abc import Callable

import structlog

from registry.domain.errors import ConcurrentChangeError, RegistryError
from registry.jobs.jobs import Jobs
from registry.store.database import StoreUnavailableError

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.5
"""How long a job taken by another process may go unnoticed."""

SWEEP_SECONDS = 60.0
RETRY_SECONDS = 1.0


class JobRunner:
    """Runs `prepare` once, then works on jobs, in a thread of its own.

    `prepare` makes or checks what the work needs and may raise; it is tried again.
    """

    def __init__(self, jobs: Jobs, *, prepare: Callable[[], None]) -> None:
        self._jobs = jobs
        self._prepare = prepare
        self._prepared = False
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._swept_at = float("-inf")
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self.failure: str | None = None
        """Why the last turn failed, None once one went well."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Say that there is something to do; cheap, from any thread."""
        self._woken.set()

    def stop(self) -> None:
        """Finish the slice under way and end the thread."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
                self.failure = None
            except Exception as error:  # noqa: BLE001 - the loop must outlive any failure of a turn
                self._report(error)
                self._stopping.wait(RETRY_SECONDS)

    def _turn(self) -> None:
        if not self._prepared:
            self._prepare()
            self._jobs.take_over()
            self._prepared = True
        self._woken.clear()
        self._sweep()
        while not self._stopping.is_set() and self._jobs.worker.tick():
            pass
        self._woken.wait(POLL_SECONDS)

    def _sweep(self) -> None:
        if time.monotonic() - self._swept_at >= SWEEP_SECONDS:
            self._jobs.sweep()
            self._swept_at = time.monotonic()

    def _report(self, error: Exception) -> None:
        # Any other error's text may quote a row.
        text = error.reason if isinstance(error, RegistryError) else "see the traceback"
        reason = f"{type(error).__name__}: {text}"
        if self.failure != reason:
            passing = isinstance(error, StoreUnavailableError | ConcurrentChangeError)
            level = log.warning if passing else log.exception
            level("work on jobs failed and is tried again", reason=reason)
        self.failure = reason
