"""Bound what one verification may take: its time, and requests to servers of others' choice.

Each fetch and each canonicalisation ends within a deadline of its own. A document can ask for
many of them, and each look at a proof expands the whole document, so that all of it together
needs a bound as well. What is not looked at any more is unknown.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from registry.formats.canonical import CanonicalisationError, Canonicaliser, Digest
from registry.formats.rdf import Quad
from registry.verification.ports import Fetched, Fetcher, FetchError

DEADLINE_SECONDS: Final = 15.0

# Sixteen credentials of as many issuers, each with a DID document and two lists.
MAXIMUM_FETCHES: Final = 48


class OutOfPatienceError(FetchError):
    """One verification has asked for as much, or taken as long, as it may."""

    def __init__(self) -> None:
        super().__init__(
            "verifying this document has taken too long or too many requests.",
            pl="sprawdzanie tego dokumentu trwało zbyt długo albo wymagało zbyt wielu zapytań.",
        )


@dataclass
class _Budget:
    until: float
    fetches: int


class Patience:
    """What each verification may take, counted by thread.

    A step under way is not cut short, so that a verification ends within `seconds` and the
    deadline of one fetch or canonicalisation. `clock` is a monotonic one, in seconds.
    """

    def __init__(
        self,
        *,
        seconds: float = DEADLINE_SECONDS,
        fetches: int = MAXIMUM_FETCHES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._fetches = fetches
        self._clock = clock
        self._running = threading.local()

    @contextmanager
    def one_verification(self) -> Iterator[None]:
        """Count what is done in the block as one verification's."""
        self._running.budget = _Budget(self._clock() + self._seconds, self._fetches)
        try:
            yield
        finally:
            del self._running.budget

    def is_time_up(self) -> bool:
        """Say whether the verification under way has taken as long as it may."""
        budget: _Budget | None = getattr(self._running, "budget", None)
        return budget is not None and self._clock() >= budget.until

    def fetcher(self, fetcher: Fetcher) -> Fetcher:
        """Return a fetcher that asks for no more than a verification may."""
        return _PatientFetcher(fetcher, self)

    def canonicaliser(self, canonicalise: Canonicaliser) -> Canonicaliser:
        """Return a canonicaliser that begins nothing when the time is up."""

        def within_time(quads: Collection[Quad], *, digest: Digest = "sha256") -> bytes:
            if self.is_time_up():
                raise CanonicalisationError("verifying this document takes too long")
            return canonicalise(quads, digest=digest)

        return within_time

    def count_fetch(self) -> None:
        """Count a fetch; raises `OutOfPatienceError` where it is one too many, or too late."""
        budget: _Budget | None = getattr(self._running, "budget", None)
        if budget is None:
            return
        if self.is_time_up() or budget.fetches <= 0:
            raise OutOfPatienceError
        budget.fetches -= 1


class _PatientFetcher:
    """A `ports.Fetcher` that counts."""

    def __init__(self, fetcher: Fetcher, patience: Patience) -> None:
        self._fetcher = fetcher
        self._patience = patience

    def fetch(self, url: str, *, accept: str) -> Fetched:
        """Return what a GET of a URL answers, or raise `FetchError`."""
        self._patience.count_fetch()
        return self._fetcher.fetch(url, accept=accept)
