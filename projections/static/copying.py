"""The thread that keeps one static target up with the publish folder."""

import threading
import time
from typing import Final

import structlog

from projections.static.publication import Standing, StaticPublication
from registry.domain.errors import RegistryError

log = structlog.get_logger(__name__)

POLL_SECONDS: Final = 0.2
"""How long a new version may go unnoticed, where looking takes next to no time."""

REST_FACTOR: Final = 20.0
"""How many times as long as a look took it is rested at least: very many lists take a while."""

FIRST_WAIT_SECONDS: Final = 1.0
LONGEST_WAIT_SECONDS: Final = 60.0
"""How long a target that failed is left alone; twice as long each time, up to this."""


class Copying:
    """Copies in a thread of its own: a target that is away holds up nothing else."""

    def __init__(self, publication: StaticPublication) -> None:
        self._publication = publication
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._wait_seconds = FIRST_WAIT_SECONDS
        self.failure: str | None = None
        """Why the last copy failed, None once one went well."""

    @property
    def standing(self) -> Standing:
        """How far the target is, as of the last turn."""
        return self._publication.standing

    @property
    def is_running(self) -> bool:
        """Whether this process copies to the target."""
        return self._thread is not None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="static", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the copies under way and end the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._turn()):
            pass

    def _turn(self) -> float:
        """Copy some, and return in how many seconds to go on."""
        began = time.monotonic()
        try:
            copied = self._publication.tick()
        except Exception as error:  # noqa: BLE001 - the loop must outlive any failure of a turn
            return self._fail(error)
        if self.failure is not None:
            log.info("static target is back", target=self.standing.url)
        self.failure, self._wait_seconds = None, FIRST_WAIT_SECONDS
        rest = max(POLL_SECONDS, REST_FACTOR * (time.monotonic() - began))
        return 0.0 if copied else rest

    def _fail(self, error: Exception) -> float:
        text = error.reason if isinstance(error, RegistryError) else "see the traceback"
        reason = f"{type(error).__name__}: {text}"
        if self.failure is None:
            level = log.error if isinstance(error, RegistryError) else log.exception
            level("static target gets nothing and is tried again", reason=reason)
        self.failure = reason
        wait = self._wait_seconds
        self._wait_seconds = min(2 * wait, LONGEST_WAIT_SECONDS)
        return wait
