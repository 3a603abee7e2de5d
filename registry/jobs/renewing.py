"""Keep a claim while a slice takes longer than its lease, as long as the process lives."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from registry.domain.job import Claim
from registry.store.database import StoreUnavailableError
from registry.store.job_claims import LEASE, JobClaims


@contextmanager
def renewing(claims: JobClaims, claim: Claim, *, clock: Callable[[], datetime]) -> Iterator[None]:
    """Renew a claim every third of its lease until the block is left, or the claim is lost."""
    left = threading.Event()

    def renew() -> None:
        is_held = True
        while is_held and not left.wait(LEASE.total_seconds() / 3):
            with suppress(StoreUnavailableError):
                is_held = claims.renew(claim, at=clock())

    thread = threading.Thread(target=renew, name="renewing", daemon=True)
    thread.start()
    try:
        yield
    finally:
        left.set()
