"""Keep verified status lists for a while, and never go back to an older one."""

import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from registry.verification.validity import Period

SHORTEST_HOLD_SECONDS = 60
LONGEST_HOLD_SECONDS = 86_400
_DEFAULT_HOLD_SECONDS = 300
_LARGEST_SPREAD = 0.1
_MOST_FLOORS = 65_536


@dataclass(frozen=True)
class VerifiedList:
    """A status list whose proof, issuer, form and period were found right when it was fetched.

    `bits` is the uncompressed bitstring, entry 0 in the most significant bits of byte 0;
    `ttl_ms` is in milliseconds, None where the list gives none; `signed_at` is what the proof or
    the JWT says, None where it says nothing, `signed_until` the end of the signature likewise, and
    `form` the one it was signed in.
    """

    url: str
    issuer: str
    purposes: frozenset[str]
    entry_size: int | None
    period: Period
    ttl_ms: int | None
    bits: bytes = field(repr=False)
    signed_at: datetime | None = None
    signed_until: datetime | None = None
    form: str = "proof"

    @property
    def end(self) -> datetime | None:
        """When the list or its signature ends, whichever is first."""
        ends = [end for end in (self.period.end, self.signed_until) if end is not None]
        return min(ends, default=None)


class OlderListError(Exception):
    """The list is older than one already seen at the same URL."""


@dataclass(frozen=True)
class _Held:
    verified: VerifiedList
    since: datetime

    def is_fresh(self, now: datetime) -> bool:
        end = self.verified.end
        in_period = end is None or now < end
        return in_period and self.since <= now < self.since + hold_of(self.verified)


@dataclass(frozen=True)
class _Floor:
    """The newest list seen at a URL: its validFrom, and when that one was signed in each form."""

    start: datetime | None
    signed_at: Mapping[str, datetime]

    def is_above(self, fetched: VerifiedList) -> bool:
        start, signed_at = fetched.period.start, self.signed_at.get(fetched.form)
        if start != self.start:
            return self.start is not None and (start is None or start < self.start)
        return signed_at is not None and (
            fetched.signed_at is None or fetched.signed_at < signed_at
        )

    def raised_by(self, fetched: VerifiedList) -> "_Floor":
        known = self.signed_at if fetched.period.start == self.start else {}
        signed = {} if fetched.signed_at is None else {fetched.form: fetched.signed_at}
        return _Floor(fetched.period.start, {**known, **signed})


class ListCache:
    """Lists by URL, each fresh for its ttl, and the newest ever seen at each URL.

    A list served again after a newer one was seen would give back a revoked credential, so it
    is refused, also when the newer one is no longer held. Newer is the later validFrom, and of
    equal ones the one signed later; a list is signed at different instants in different forms,
    so these are compared form by form. The least recently fetched lists
    leave when together they take more than `max_bytes`. May be used from several threads.
    """

    def __init__(self, *, max_bytes: int = 67_108_864) -> None:
        self._max_bytes = max_bytes
        self._held: dict[str, _Held] = {}
        self._floors: dict[str, _Floor] = {}
        self._lock = threading.Lock()

    def get(self, url: str, *, now: datetime) -> VerifiedList | None:
        """Return the list held for `url` if it is fresh."""
        with self._lock:
            return self._fresh(url, now)

    def accept(self, fetched: VerifiedList, *, now: datetime) -> VerifiedList:
        """Keep a list just fetched and return the one to use; raises `OlderListError`.

        That is another than `fetched` when a newer one arrived while this one was under way.
        """
        with self._lock:
            if self._is_older(fetched):
                newer = self._fresh(fetched.url, now)
                if newer is None:
                    raise OlderListError(OlderListError.__doc__)
                return newer
            self._keep(_Held(fetched, now))
            return fetched

    def _fresh(self, url: str, now: datetime) -> VerifiedList | None:
        held = self._held.get(url)
        return held.verified if held is not None and held.is_fresh(now) else None

    def _is_older(self, fetched: VerifiedList) -> bool:
        floor = self._floors.get(fetched.url)
        return floor is not None and floor.is_above(fetched)

    def _keep(self, held: _Held) -> None:
        url = held.verified.url
        self._held.pop(url, None)
        self._held[url] = held
        while self._held_bytes() > self._max_bytes:
            del self._held[next(iter(self._held))]
        floor = self._floors.pop(url, _Floor(None, {}))
        self._floors[url] = floor.raised_by(held.verified)
        if len(self._floors) > _MOST_FLOORS:
            del self._floors[next(iter(self._floors))]

    def _held_bytes(self) -> int:
        return sum(len(held.verified.bits) for held in self._held.values())


def hold_of(verified: VerifiedList) -> timedelta:
    """Return for how long a list may be used without asking again: its ttl, within bounds.

    Up to a tenth less, by a share that each URL always has, so that lists which were fetched
    together are not all fetched again together.
    """
    asked = _DEFAULT_HOLD_SECONDS if verified.ttl_ms is None else verified.ttl_ms / 1_000
    spread = 1 - _LARGEST_SPREAD * zlib.crc32(verified.url.encode("utf-8", "replace")) / 2**32
    seconds = min(asked, LONGEST_HOLD_SECONDS) * spread
    return timedelta(seconds=max(seconds, SHORTEST_HOLD_SECONDS))
