"""Static publication: bring to a target what the publish folder serves and the target lacks.

Driven by what lies in the folder and not by being told of changes: a process that was killed, or a
store that was away, catches up by itself.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from projections.publish_folder import PublishedVersion, PublishFolder
from projections.static.copies import DamagedError, Entry, FolderSight, copy_of
from projections.static.target import Target

MOST_AT_ONCE: Final = 8
"""How many copies are under way together: a store is far away, but answers many at once."""

MOST_A_TICK: Final = 256
"""How much is copied before the folder is looked at again, so that what is newest comes first."""

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Standing:
    """How far a target is: `lag_seconds` is how long the oldest of what it lacks has waited.

    `ahead` counts the names of which it has a newer version than the folder, which stay.
    """

    url: str
    files: int = 0
    behind: int = 0
    ahead: int = 0
    lag_seconds: float = 0.0
    damaged: tuple[str, ...] = ()
    """What of the folder itself is lost or damaged, and so was not copied."""


class StaticPublication:
    """Keeps one target up with a publish folder; not for use by many threads."""

    def __init__(
        self,
        folder: PublishFolder,
        target: Target,
        *,
        ttl_seconds: int,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.target = target
        self._folder = folder
        self._sight = FolderSight(folder)
        self._ttl_seconds = ttl_seconds
        self._monotonic = monotonic
        self._now = now
        self._prepared = False
        self._known: dict[str, PublishedVersion | None] = {}
        self._ahead: set[str] = set()
        self._damaged: dict[str, str] = {}
        self._failed: set[str] = set()
        self._to_look_at: deque[str] = deque()
        self._looked_at = monotonic()
        self.standing = Standing(target.url)

    def tick(self) -> list[str]:
        """Copy some of what the target lacks, the newest first; return the names.

        Raises TargetAwayError or TargetUnfitError; what was copied before is not lost by it.
        """
        entries = self._sight.entries()
        try:
            if not self._prepared:
                self.target.prepare()
                self._prepared = True
            self._look_again()
            lacking = [entry for entry in entries if self._lacks(entry)]
            # Names that cannot be read or written must not keep all others from their turn.
            last = self._failed | self._damaged.keys()
            lacking.sort(key=lambda entry: entry.name in last)
            return self._copy(lacking[:MOST_A_TICK])
        finally:
            self.standing = self._stand(entries)

    def finish(self) -> list[str]:
        """Copy everything that the target lacks; return the names. Raises as `tick` does."""
        names, seen = list[str](), None
        # A tick that copies nothing may have found only names that are ahead, or damaged.
        while (found := self.tick()) or seen != (self.standing.behind, self.standing.damaged):
            names += found
            seen = (self.standing.behind, self.standing.damaged)
        return names

    def compare(self) -> list[str]:
        """Read everything that is at the target and write nothing; return the names it lacks.

        Raises TargetAwayError.
        """
        entries = self._sight.entries()
        try:
            wanted = [(entry.name, entry.published) for entry in entries]
            for (name, published), stands in zip(wanted, self._look(wanted), strict=True):
                if stands:
                    self._known[name] = published
        finally:
            self.standing = self._stand(entries)
        return [entry.name for entry in entries if self._lacks(entry)]

    def _lacks(self, entry: Entry) -> bool:
        if entry.name not in self._known:
            return True
        return self._known[entry.name] != entry.published

    def _look_again(self) -> None:
        """Take some looks at what was copied, so that what was lost or changed is copied again."""
        now = self._monotonic()
        if not self._to_look_at and now - self._looked_at >= self.target.look_seconds:
            self._looked_at = now
            self._sight.forget()
            self._to_look_at.extend(self._known)
        count = min(len(self._to_look_at), MOST_A_TICK)
        names = [self._to_look_at.popleft() for _ in range(count)]
        wanted = [(name, self._known[name]) for name in names]
        for name, stands in zip(names, self._look(wanted), strict=True):
            if not stands:
                del self._known[name]

    def _look(self, wanted: Sequence[tuple[str, PublishedVersion | None]]) -> list[bool]:
        """Return of each name whether the target has the version wanted there, None for its end."""
        return self._each(lambda each: self._is_there(*each), wanted)

    def _is_there(self, name: str, published: PublishedVersion | None) -> bool:
        served = self.target.served(name)
        if published is None:
            return served is None and self.target.is_withdrawn(name)
        is_ahead = served is not None and served.version > published.version
        (self._ahead.add if is_ahead else self._ahead.discard)(name)
        return is_ahead or served == published  # What is ahead stays.

    def _copy(self, entries: Sequence[Entry]) -> list[str]:
        done = self._each(self._try, entries)
        return [entry.name for entry, copied in zip(entries, done, strict=True) if copied]

    def _each(self, do: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
        """Do many at once, but one alone first, so that a target that is away costs one wait."""
        done = [do(item) for item in items[:1]]
        if rest := items[1:]:
            with ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="static") as pool:
                done += pool.map(do, rest)
        return done

    def _try(self, entry: Entry) -> bool:
        self._failed.add(entry.name)
        copied = self._bring(entry)
        self._failed.discard(entry.name)
        return copied

    def _bring(self, entry: Entry) -> bool:
        """Copy one, if it is whole; return whether the target serves it now."""
        self._ahead.discard(entry.name)
        if entry.published is None:
            self.target.withdraw(entry.name)
            self._known[entry.name] = None
            return True
        try:
            copy = copy_of(self._folder, entry.name, entry.published, ttl=self._ttl_seconds)
        except DamagedError as error:
            self._damaged[entry.name] = str(error)
            return False
        self._damaged.pop(entry.name, None)
        is_served = self.target.put(copy)
        if not is_served:
            self._ahead.add(entry.name)
        self._known[entry.name] = entry.published
        return is_served

    def _stand(self, entries: Sequence[Entry]) -> Standing:
        lacking = [entry for entry in entries if self._lacks(entry)]
        waited = [self._now() - entry.changed_at for entry in lacking]
        return Standing(
            self.target.url,
            files=len(entries),
            behind=len(lacking),
            ahead=len(self._ahead),
            lag_seconds=max([0.0, *waited]),
            damaged=tuple(
                self._damaged[entry.name] for entry in lacking if entry.name in self._damaged
            ),
        )
