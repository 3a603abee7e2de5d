"""Have the log's checkpoints cosigned by the witnesses of a policy, beside everything else.

All witnesses are shown the same checkpoint at the same time, since a quorum is of cosignatures
under one. A round is over when the quorum is met or too long in coming; the next begins with the
newest checkpoint. A witness that is slow or away delays nobody: each has a thread of its own.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import groupby
from pathlib import Path

import structlog

from projections.transparency.add_checkpoint import (
    CosignedSize,
    LoggedCheckpoint,
    WitnessAheadError,
    WitnessDisagreesError,
    cosign,
)
from projections.transparency.cosigned import CosignedCheckpoints
from projections.transparency.errors import TransparencyError
from projections.transparency.floor import LogFolder
from projections.transparency.witness_connection import WitnessConnection, WitnessError
from registry.formats.tlog.policies import Policy
from registry.formats.tlog.verifier_keys import VerifierKey
from registry.store.folders import make_folder, try_lock

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.2
SHORTEST_ROUND_SECONDS = 1.0
"""So that a busy log keeps at most a checkpoint a second with its cosignatures."""
LONGEST_ROUND_SECONDS = 4.0
"""So that one witness too few for a quorum holds nobody's receipt up for longer."""
REQUEST_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0

Newest = Callable[[], LoggedCheckpoint | None]
"""Returns the newest signed checkpoint of the log that grows, None before the first."""


@dataclass(frozen=True)
class Patience:
    """How long is waited for what, in seconds."""

    request: float = REQUEST_SECONDS
    shortest_round: float = SHORTEST_ROUND_SECONDS
    longest_round: float = LONGEST_ROUND_SECONDS
    first_pause: float = FIRST_PAUSE_SECONDS
    longest_pause: float = LONGEST_PAUSE_SECONDS


@dataclass(frozen=True)
class WitnessState:
    """How a witness is getting on: what it cosigned last, and what is wrong, if anything is."""

    url: str
    cosigned_size: int
    failure: str | None
    disagrees: bool


@dataclass
class _Round:
    """A checkpoint that every witness is shown, and who is done with it."""

    logged: LoggedCheckpoint
    started_at: float
    done: set[str] = field(default_factory=set)
    is_cosigned: bool = False


class _Member:
    """One witness and the thread that asks it."""

    def __init__(self, url: str, keys: Sequence[VerifierKey], patience: Patience) -> None:
        self.url = url
        self.keys = tuple(keys)
        self.connection = WitnessConnection(url, deadline_seconds=patience.request)
        self.failures = 0
        self.again_at = 0.0
        self.cosigned_size = 0
        self.failure: str | None = None
        self.disagrees = False

    def size_in(self, folder: Path) -> CosignedSize:
        """Return what is known of the tree of the log in `folder` that it cosigned last."""
        return CosignedSize(folder / "witnesses" / sha256(self.url.encode()).hexdigest()[:32])

    def succeeded(self, size: int) -> None:
        """Note that it cosigned."""
        self.failures, self.again_at, self.failure = 0, 0.0, None
        self.cosigned_size, self.disagrees = size, False

    def failed(self, error: Exception, patience: Patience) -> None:
        """Note that it did not, and leave it alone for twice as long as the last time."""
        reason = str(error)
        if reason != self.failure:
            is_alarm = isinstance(error, WitnessDisagreesError)
            (log.error if is_alarm else log.warning)(
                "a witness did not cosign", witness=self.url, reason=reason
            )
        self.failure, self.disagrees = reason, isinstance(error, WitnessDisagreesError)
        pause = patience.first_pause * 2**self.failures
        self.failures = min(self.failures + 1, 20)
        self.again_at = time.monotonic() + min(pause, patience.longest_pause)


class WitnessClient:
    """Asks the witnesses of a policy that have a URL; `lock_file` lets one process do it.

    Nothing here is waited for by anybody: it looks for new checkpoints itself, and `wake` only
    makes it look at once.
    """

    def __init__(
        self, policy: Policy, newest: Newest, *, lock_file: Path, patience: Patience | None = None
    ) -> None:
        self._policy = policy
        self._newest = newest
        self._lock_file = lock_file
        self._patience = patience or Patience()
        self._members = _members(policy, self._patience)
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._round: _Round | None = None
        self._stores: dict[Path, CosignedCheckpoints] = {}
        self._threads: list[threading.Thread] = []

    @property
    def states(self) -> list[WitnessState]:
        """How each witness is getting on, as far as this process asks them."""
        return [WitnessState(m.url, m.cosigned_size, m.failure, m.disagrees) for m in self._members]

    def start(self) -> None:
        """Start the threads, if there is anybody to ask."""
        if self._members:
            self._begin("witnesses", self._run)

    def wake(self) -> None:
        """Say that there may be a new checkpoint; cheap, from any thread."""
        self._woken.set()

    def stop(self) -> None:
        """End the threads and what they have under way."""
        self._stopping.set()
        self._woken.set()
        with self._changed:
            self._changed.notify_all()
        for member in self._members:
            member.connection.cut()
        for thread in self._threads:
            thread.join(self._patience.request)

    def _begin(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self) -> None:
        """Wait until no other process asks the witnesses, then show them round after round."""
        make_folder(self._lock_file.parent)
        with self._lock_file.open("w") as lock:
            while not self._stopping.is_set() and not try_lock(lock):
                self._stopping.wait(POLL_SECONDS)
            for member in self._members:
                if not self._stopping.is_set():
                    self._begin(f"witness {member.url}", partial(self._ask_always, member))
            while not self._stopping.is_set():
                self._woken.clear()
                self._look()
                self._woken.wait(POLL_SECONDS)

    def _look(self) -> None:
        """Begin a round, where there is a new checkpoint and it is time."""
        now = time.monotonic()
        if self._round is not None and not self._is_over(self._round, now):
            return
        newest = self._newest_readable()
        if newest is None or (self._round and newest.note.text == self._round.logged.note.text):
            return
        with self._changed:
            self._round = _Round(newest, now)
            self._changed.notify_all()

    def _newest_readable(self) -> LoggedCheckpoint | None:
        try:
            return self._newest()
        except (TransparencyError, OSError, ValueError) as error:
            # The log itself raises the alarm about its folder; here it is tried again.
            log.warning("the checkpoint to be cosigned cannot be read", reason=str(error))
            return None

    def _is_over(self, current: _Round, now: float) -> bool:
        age = now - current.started_at
        is_done = current.is_cosigned or len(current.done) == len(self._members)
        return age >= (self._patience.shortest_round if is_done else self._patience.longest_round)

    def _ask_always(self, member: _Member) -> None:
        while (current := self._next_round(member)) is not None:
            self._ask(member, current)
        member.connection.close()

    def _next_round(self, member: _Member) -> _Round | None:
        """Wait for a round in which this witness was not asked yet; None means stop."""
        with self._changed:
            while not self._stopping.is_set():
                pause = member.again_at - time.monotonic()
                current = self._round
                if pause <= 0 and current is not None and member.url not in current.done:
                    return current
                self._changed.wait(pause if pause > 0 else None)
        return None

    def _ask(self, member: _Member, current: _Round) -> None:
        logged = current.logged
        try:
            signatures = cosign(
                logged,
                size=member.size_in(logged.folder),
                post=member.connection.post,
                keys=member.keys,
            )
            is_cosigned = self._store_of(logged.folder).add(logged.note.to_bytes(), signatures)
        except WitnessAheadError as error:
            self._found_ahead(member, current, error)
        except (WitnessError, TransparencyError, OSError, ValueError) as error:
            self._failed(member, error)
        else:
            member.succeeded(logged.checkpoint.size)
            current.done.add(member.url)
            current.is_cosigned = current.is_cosigned or is_cosigned
            self._woken.set()

    def _found_ahead(self, member: _Member, current: _Round, error: WitnessAheadError) -> None:
        """Pass over a round that is out of date; a tree that we do not have is an alarm."""
        newest = self._newest_readable()
        if newest is not None and newest.checkpoint.size >= error.size:
            current.done.add(member.url)
            return
        self._failed(member, WitnessDisagreesError(f"{error}, more than the log has"))

    def _failed(self, member: _Member, error: Exception) -> None:
        if not self._stopping.is_set():
            member.failed(error, self._patience)

    def _store_of(self, folder: Path) -> CosignedCheckpoints:
        # One object for all threads, since its lock is what keeps them from losing signatures.
        with self._changed:
            return self._stores.setdefault(folder, CosignedCheckpoints(folder, self._policy))


def newest_in(folder: LogFolder) -> LoggedCheckpoint | None:
    """Return the newest signed checkpoint of the log that grows, None before the first."""
    files = folder.log(folder.newest)
    note = files.checkpoint()
    return None if note is None else LoggedCheckpoint.of(files.path, note, files.read_tile)


def _members(policy: Policy, patience: Patience) -> list[_Member]:
    """Return those to ask; keys with one URL are those of one witness."""
    reachable = [(each.url, each.key) for each in policy.witnesses.values() if each.url]
    by_url = groupby(sorted(reachable, key=lambda each: each[0]), key=lambda each: each[0])
    return [_Member(url, [key for _, key in pairs], patience) for url, pairs in by_url]
