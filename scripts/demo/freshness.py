"""How long after its acknowledgement a change can be fetched by anybody."""

import math
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from registry.formats import bitstring, strict_json
from scripts.demo.errors import DemonstrationError
from scripts.demo.users import Entry, Http

POLL_SECONDS = 0.002
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Change:
    """A change that was acknowledged at a moment (monotonic, seconds): the bit to be seen."""

    entry: Entry
    bit: int
    acknowledged_at: float


@dataclass(frozen=True)
class Sighting:
    """A version of a list as an outsider fetched it, and when (monotonic, seconds)."""

    seen_at: float
    bits: bytes = field(repr=False)

    def shows(self, change: Change) -> bool:
        """Say whether the change is in it."""
        return bitstring.value(self.bits, change.entry.index) == change.bit


class Watch:
    """An outsider who asks for some lists again and again, and keeps every version it sees."""

    def __init__(self, http: Http, urls: Sequence[str]) -> None:
        self._http = http
        self._etags: dict[str, str] = {}
        self._stopping = threading.Event()
        self.sightings: dict[str, list[Sighting]] = {url: [] for url in urls}

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look from a thread of its own until the block is left."""
        with ThreadPoolExecutor(1, "watch") as pool:
            looking = pool.submit(self._look)
            try:
                yield
            finally:
                self._stopping.set()
            looking.result()

    def wait_for(self, changes: Sequence[Change]) -> list[float]:
        """Return each change's delay in seconds; raises DemonstrationError for one unseen."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if all(self._is_shown(change) for change in changes):
                return [delay_of(change, self.sightings[change.entry.url]) for change in changes]
            time.sleep(POLL_SECONDS)
        raise DemonstrationError(f"a change could not be fetched within {PATIENCE_SECONDS:.0f} s")

    def _is_shown(self, change: Change) -> bool:
        seen = self.sightings[change.entry.url]
        return bool(seen) and seen[-1].shows(change)

    def _look(self) -> None:
        while not self._stopping.is_set():
            for url in self.sightings:
                self._look_at(url)
            self._stopping.wait(POLL_SECONDS)

    def _look_at(self, url: str) -> None:
        etag = self._etags.get(url)
        answer = self._http.get(url, headers={"If-None-Match": etag} if etag else {})
        seen_at = time.monotonic()
        if answer.content:
            self._etags[url] = answer.headers["ETag"]
            self.sightings[url].append(Sighting(seen_at, bits_of(answer.content)))


def bits_of(body: bytes) -> bytes:
    """Return the bits of a served list."""
    return bitstring.decode(strict_json.loads(body)["credentialSubject"]["encodedList"])


def delay_of(change: Change, sightings: Sequence[Sighting]) -> float:
    """Return the seconds from the acknowledgement to the first sight of a change.

    0 where the version that was current at the acknowledgement showed it already.
    """
    before = [seen for seen in sightings if seen.seen_at <= change.acknowledged_at]
    if before and before[-1].shows(change):
        return 0.0
    after = sightings[len(before) :]
    return next(seen.seen_at for seen in after if seen.shows(change)) - change.acknowledged_at


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]
