"""Processes that are kept running: started, restarted when they end, and ended with this one."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Mapping
from multiprocessing import connection
from multiprocessing.context import ForkProcess
from threading import Event, Thread

import structlog

log = structlog.get_logger(__name__)

STOP_SECONDS = 30
"""How long processes get to finish what they have under way."""

LOOK_SECONDS = 0.2
QUICK_SECONDS = 10.0
"""A process that ended sooner after its start is restarted later and later."""

LONGEST_WAIT_SECONDS = 5.0

Target = Callable[[], None]


class Supervisor:
    """Keeps a process running for each of some targets until this one is told to stop.

    They are forked from a process without threads, so that they share what it has loaded.
    """

    def __init__(self, targets: Mapping[str, Target]) -> None:
        self._kept = [_Kept(name, target) for name, target in targets.items()]
        self._stopping = Event()

    def run(self) -> None:
        """Run until SIGTERM or SIGINT, then end them all in order."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        while not self._stopping.is_set():
            for each in self._kept:
                each.keep()
            connection.wait([each.sentinel for each in self._kept], timeout=LOOK_SECONDS)
        self._stop()

    def _stop(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        for each in self._kept:
            each.process.terminate()
        for each in self._kept:
            each.process.join(max(deadline - time.monotonic(), 0.1))
            each.process.kill()
            each.process.join()


class _Kept:
    """One process that is kept running."""

    def __init__(self, name: str, target: Target) -> None:
        self._name = name
        self._target = target
        self._wait_seconds = 0.0
        self._ended_at = 0.0
        self._start()

    @property
    def sentinel(self) -> int:
        return self.process.sentinel

    def keep(self) -> None:
        """Start it again if it has ended, and it is time to."""
        if self.process.is_alive():
            return
        if not self._ended_at:
            self._ended_at = time.monotonic()
            lived = self._ended_at - self._started_at
            log.error("process ended", process=self._name, exit_code=self.process.exitcode)
            self._wait_seconds = _next_wait(self._wait_seconds, lived)
        if time.monotonic() - self._ended_at >= self._wait_seconds:
            self._start()
        else:
            time.sleep(LOOK_SECONDS)  # An ended process's sentinel is always ready.

    def _start(self) -> None:
        self._started_at, self._ended_at = time.monotonic(), 0.0
        self.process: ForkProcess = multiprocessing.get_context("fork").Process(
            name=self._name, target=_run, args=(self._target,)
        )
        self.process.start()


def _next_wait(last_seconds: float, lived_seconds: float) -> float:
    if lived_seconds >= QUICK_SECONDS:
        return 0.0
    return min(max(2 * last_seconds, LOOK_SECONDS), LONGEST_WAIT_SECONDS)


def _run(target: Target) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    end_with_parent()
    target()


def end_with_parent() -> None:
    """From now on stop when the parent is gone: an orphan would keep the port for ever."""
    Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
