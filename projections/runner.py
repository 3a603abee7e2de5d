"""The background work of a process: fold events, publish lists, grow the log, keep time.

One thread, woken by every save in this process and at least every 100 ms for the saves of others.
A database that is away is waited for; the published files are served meanwhile.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from projections.catch_up import CatchUp
from projections.publisher import Publisher
from projections.transparency.log import TransparencyLog
from registry.domain.errors import RegistryError
from registry.store.database import StoreUnavailableError

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.1
"""How long a save by another process may go unnoticed."""

REST_SECONDS = 0.01
"""How soon to look again while a changed list waits for its shortest interval to pass."""

SCHEDULE_SECONDS = 1.0
RETRY_SECONDS = 1.0


class Ticking(Protocol):
    """Work that is done when it is due and returns how much there was."""

    def tick(self) -> int: ...


class Runner:
    """Runs `prepare` once, then the loop, in a thread of its own.

    `prepare` makes or checks what the loop needs and may raise; it is tried again.
    """

    def __init__(
        self,
        *,
        prepare: Callable[[], None],
        catch_up: CatchUp,
        publisher: Publisher,
        scheduler: Ticking,
        transparency: TransparencyLog,
    ) -> None:
        self._prepare = prepare
        self._catch_up = catch_up
        self._publisher = publisher
        self._scheduler = scheduler
        self._transparency = transparency
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._scheduled_at = 0.0
        self._thread = threading.Thread(target=self._run, name="projections", daemon=True)
        self._prepared = False
        self.failure: str | None = None
        """Why the last turn failed, None once one went well."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self, _position: int = 0) -> None:
        """Say that there is something to do; cheap, from any thread."""
        self._woken.set()

    def stop(self) -> None:
        """Finish the step under way and end the thread."""
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
            self._transparency.prepare()
            self._prepared = True
        self._woken.clear()
        self.turn()
        is_resting = self._publisher.resting or self._transparency.is_resting
        self._woken.wait(REST_SECONDS if is_resting else POLL_SECONDS)

    def turn(self) -> None:
        """Fold what there is, publishing and logging between pages, and do what is due."""
        count = -1
        while count and not self._stopping.is_set():
            count = self._catch_up.step()
            self._publisher.tick()
            count += self._transparency.tend()
            self._keep_time()

    def _keep_time(self) -> None:
        if time.monotonic() - self._scheduled_at >= SCHEDULE_SECONDS:
            self._scheduler.tick()
            self._scheduled_at = time.monotonic()

    def _report(self, error: Exception) -> None:
        # Any other error's text may quote what was being stored.
        text = error.reason if isinstance(error, RegistryError) else "see the traceback"
        reason = f"{type(error).__name__}: {text}"
        if self.failure != reason:
            level = log.warning if isinstance(error, StoreUnavailableError) else log.exception
            level("background work failed and is tried again", reason=reason)
        self.failure = reason
