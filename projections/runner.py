"""The background work of a process: fold events, publish lists, grow the log, keep time.

Threads, each with some of the works, woken by every save in this process; one more that glances at
the newest event wakes them for the saves of others. A database that is away is waited for; the
published files are served meanwhile. What fails in one thread holds up no other.
"""

import threading
from collections.abc import Callable, Sequence

import structlog

from projections.works import BREATH_SECONDS, Work
from registry.domain.errors import RegistryError
from registry.store.database import StoreUnavailableError

log = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0

GLANCE_SECONDS = 0.02
"""How long a save by another process may go unnoticed.

A glance costs far less than the server's notifications would, which are a signal for every commit.
"""


class Runner:
    """Runs `prepare` once, then each group of works in a thread of its own.

    `prepare` makes or checks what the works need and may raise; it is tried again.
    """

    def __init__(
        self,
        *,
        prepare: Callable[[], None],
        newest: Callable[[], int],
        groups: Sequence[Sequence[Work]],
    ) -> None:
        prepared = _Once(prepare)
        self._newest = newest
        self._seen = 0
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._glance, name="newest event", daemon=True)
        self._loops = [_Loop(prepared, works) for works in groups if works]
        self._works = [work for works in groups for work in works]

    @property
    def failure(self) -> str | None:
        """Why the last turn of a thread failed, None once all went well."""
        return next((loop.failure for loop in self._loops if loop.failure), None)

    def start(self) -> None:
        """Start the threads."""
        for loop in self._loops:
            loop.thread.start()
        if self._loops:
            self._watch.start()

    def wake(self, position: int = 0) -> None:
        """Say that there is something to do, up to an event; cheap, from any thread."""
        self._seen = max(self._seen, position)
        for loop in self._loops:
            loop.woken.set()

    def stop(self) -> None:
        """Finish the steps under way and end the threads."""
        for loop in self._loops:
            loop.stopping.set()
            loop.woken.set()
        self._stopping.set()
        for thread in (self._watch, *(loop.thread for loop in self._loops)):
            if thread.is_alive():
                thread.join()

    def _glance(self) -> None:
        rest = GLANCE_SECONDS
        while not self._stopping.wait(rest):
            try:
                newest, rest = self._newest(), GLANCE_SECONDS
            except StoreUnavailableError:
                rest = RETRY_SECONDS
                continue
            if newest != self._seen:
                # It is lower after the database was restored.
                self._seen = newest
                self.wake(newest)

    def turn(self) -> None:
        """Do what there is, in this thread, until no work finds more to do."""
        while min(work.turn() for work in self._works) <= BREATH_SECONDS:
            pass


class _Once:
    """Calls `prepare` until it has ended well, for whichever thread comes first."""

    def __init__(self, prepare: Callable[[], None]) -> None:
        self._prepare = prepare
        self._lock = threading.Lock()
        self._is_done = False

    def __call__(self) -> None:
        with self._lock:
            if not self._is_done:
                self._prepare()
                self._is_done = True


class _Loop:
    """One thread: turns of its works, one after the other, and rests between them."""

    def __init__(self, prepare: Callable[[], None], works: Sequence[Work]) -> None:
        self._prepare = prepare
        self._works = works
        self._breath_seconds = min(work.breath_seconds for work in works)
        self.woken = threading.Event()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, name=works[0].name, daemon=True)
        self.failure: str | None = None

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                self._turn()
                self.failure = None
            except Exception as error:  # noqa: BLE001 - the loop must outlive any failure of a turn
                self._report(error)
                self.stopping.wait(RETRY_SECONDS)

    def _turn(self) -> None:
        self._prepare()
        self.woken.clear()
        rest = min(work.turn() for work in self._works)
        if rest:
            self.stopping.wait(self._breath_seconds)
            self.woken.wait(max(rest - self._breath_seconds, 0.0))

    def _report(self, error: Exception) -> None:
        # Any other error's text may quote what was being stored.
        text = error.reason if isinstance(error, RegistryError) else "see the traceback"
        reason = f"{type(error).__name__}: {text}"
        if self.failure != reason:
            level = log.warning if isinstance(error, StoreUnavailableError) else log.exception
            level("background work failed and is tried again", reason=reason)
        self.failure = reason
