"""Canonicalise in a process that is killed when it takes too long.

The limits in `registry.formats.rdf` bound the work; this bounds the time, whatever the graph, the
machine and the library. Most documents never get here: what a small share of the work is enough
for is done where it is asked for.
"""

import json
import os
import subprocess
import sys
from collections.abc import Collection
from threading import Event, Lock, Timer
from typing import Any, Final

from registry.formats.rdf import (
    MAX_WORK,
    CanonicalisationError,
    Digest,
    Quad,
    Term,
    TooEntangledError,
    canonicalise,
)

DEADLINE_SECONDS: Final = 5.0

# A graph of 40 blank nodes, none of which look alike, takes no such work at all, and 1,000
# statements about a twentieth of a second.
_WORK_AT_HAND: Final = 2_000
_QUADS_AT_HAND: Final = 1_000


class CanonicalisationTimeoutError(CanonicalisationError):
    """A document took too long to be put into canonical form."""

    def __init__(self) -> None:
        super().__init__("the document takes too long to be put into canonical form")


class KillableCanonicaliser:
    """A `rdf.Canonicaliser` that answers within a deadline, and holds no lock on the interpreter.

    One child process serves all threads, one at a time, and is kept for the next dataset. It is
    started when first needed, and anew after it was killed or died: nobody sees a child's state
    but for the time it takes. `close` ends it; a program that ends leaves none behind.
    """

    def __init__(
        self, *, deadline_seconds: float = DEADLINE_SECONDS, max_work: int = MAX_WORK
    ) -> None:
        self._deadline_seconds = deadline_seconds
        self._max_work = max_work
        self._lock = Lock()
        self._child: subprocess.Popen[str] | None = None

    def __call__(self, quads: Collection[Quad], *, digest: Digest = "sha256") -> bytes:
        """Return the canonical N-Quads of a dataset, or raise as `rdf.canonicalise` does.

        CanonicalisationTimeoutError if the child does not answer in time, or is not free in time.
        """
        if len(quads) <= _QUADS_AT_HAND:
            try:
                at_hand = min(_WORK_AT_HAND, self._max_work)
                return canonicalise(quads, digest=digest, max_work=at_hand)
            except TooEntangledError:
                if self._max_work <= _WORK_AT_HAND:
                    raise
        return self._elsewhere({"quads": list(quads), "digest": digest, "work": self._max_work})

    @property
    def process_id(self) -> int | None:
        """The child's process id, None while there is none."""
        return self._child.pid if self._child else None

    def close(self) -> None:
        """End the child process, if there is one."""
        with self._lock:
            self._end()

    def _elsewhere(self, task: dict[str, Any]) -> bytes:
        if not self._lock.acquire(timeout=self._deadline_seconds):
            raise CanonicalisationTimeoutError
        try:
            answer = self._ask(json.dumps(task))
        finally:
            self._lock.release()
        match answer:
            case {"form": str(form)}:
                return form.encode()
            case {"entangled": _}:
                raise TooEntangledError
            case _:
                raise CanonicalisationError(str(answer.get("error")))

    def _ask(self, line: str) -> dict[str, Any]:
        """Return a child's answer to a line, or end it and raise."""
        child, late = self._running(), Event()
        timer = Timer(self._deadline_seconds, _kill, (child, late))
        timer.start()
        try:
            reply = _exchange(child, line)
        finally:
            # The timer is waited for, so that it cannot kill the child at its next task.
            timer.cancel()
            timer.join()
        if late.is_set() or not reply.endswith("\n"):
            self._end()
            raise CanonicalisationTimeoutError
        answer: dict[str, Any] = json.loads(reply)
        return answer

    def _running(self) -> subprocess.Popen[str]:
        if self._child is None or self._child.poll() is not None:
            self._end()
            self._child = _start()
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        # Leaving its pipes waits for the child as well.
        with child:
            pass


def _start() -> subprocess.Popen[str]:
    # Not by `multiprocessing`: a server's worker may be a daemon, which may have no children.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(  # noqa: S603 - nothing of the command comes from outside
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        # An interrupt at the terminal is for the program that waits for the child.
        start_new_session=True,
        text=True,
        encoding="ascii",
    )


def _kill(child: subprocess.Popen[str], late: Event) -> None:
    late.set()
    child.kill()


def _exchange(child: subprocess.Popen[str], line: str) -> str:
    """Return the line a child answers with, less than one if it is killed or dies."""
    if child.stdin is None or child.stdout is None:
        raise RuntimeError("the child was started without pipes")
    try:
        child.stdin.write(line + "\n")
        child.stdin.flush()
    except BrokenPipeError:
        return ""
    return child.stdout.readline()


def _answer(task: dict[str, Any]) -> dict[str, str]:
    """Return what the child says to a task: a form, or the reason there is none."""
    quads = [
        Quad(Term(*subject), Term(*predicate), Term(*object_), Term(*graph) if graph else None)
        for subject, predicate, object_, graph in task["quads"]
    ]
    try:
        form = canonicalise(quads, digest=task["digest"], max_work=task["work"])
    except TooEntangledError as error:
        return {"entangled": str(error)}
    except CanonicalisationError as error:
        return {"error": str(error)}
    return {"form": form.decode()}


def _serve() -> None:
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_answer(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
