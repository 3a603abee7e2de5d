"""The worker: claims slices of jobs one after the other and has each carried out by its kind.

Any number of workers run at once, in any processes. What a dead one held is taken anew once its
lease is over. A slice that fails because the database is away is tried again; any other error
fails its job, which keeps what was carried out before.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import structlog

from registry.domain.errors import ConcurrentChangeError, RegistryError
from registry.domain.job import Claim, Job, JobState, Kind, Outcome
from registry.store.database import StoreUnavailableError
from registry.store.jobs import WORKING, JobStore

log = structlog.get_logger(__name__)

PASSING = (StoreUnavailableError, ConcurrentChangeError)
"""What another attempt may mend."""


class JobHandler(Protocol):
    """What a kind of job does.

    Each is called with a slice that may have been carried out before, in part or as a whole, by a
    worker that died: a repeat must change nothing and report the same.
    """

    def check(self, claim: Claim) -> Outcome:
        """Say of each row whether it can be carried out; changes nothing."""
        ...

    def checked(self, job: Job) -> JobState:
        """Say, once every slice is checked, whether the job runs, waits or ends.

        It may put other slices in their place. It may be called more than once.
        """
        ...

    def carry_out(self, claim: Claim) -> Outcome:
        """Carry out what the check accepted, durably on return."""
        ...


class JobWorker:
    """Works on jobs; `worker` names it among all workers of all processes."""

    def __init__(
        self,
        *,
        store: JobStore,
        handlers: Mapping[Kind, JobHandler],
        clock: Callable[[], datetime],
        worker: str,
    ) -> None:
        self._store = store
        self._handlers = handlers
        self._clock = clock
        self._worker = worker

    def tick(self) -> int:
        """Work on the most urgent slice there is; return 1, or 0 where there was none.

        Raises StoreUnavailableError; the slice then waits until its lease is over.
        """
        self._move_on()
        claim = self._store.claim(self._worker, at=self._clock(), kinds=tuple(self._handlers))
        if claim is None:
            return 0
        try:
            self._store.complete(claim, self._work(claim))
        except PASSING:
            self._store.release(claim)
            raise
        except RegistryError as error:
            self._fail(claim.job, error.reason)
        except Exception as error:
            # Its text may quote a row.
            self._fail(claim.job, f"an unforeseen {type(error).__name__}")
            log.exception("job failed", job=claim.job.job_id, slice=claim.number)
        return 1

    def _work(self, claim: Claim) -> Outcome:
        handler = self._handlers[claim.job.kind]
        if claim.job.state is JobState.CHECKING:
            return handler.check(claim)
        return handler.carry_out(claim)

    def _move_on(self) -> None:
        """Take every job on whose slices are all checked, or all carried out."""
        for job in self._store.unfinished(WORKING):
            if job.kind in self._handlers and not self._store.has_open_slices(
                job.job_id, job.state
            ):
                self._store.move(job.job_id, job.state, self._next(job), at=self._clock())

    def _next(self, job: Job) -> JobState:
        match job.state:
            case JobState.CHECKING:
                return self._handlers[job.kind].checked(job)
            case JobState.CANCELLING:
                return JobState.CANCELLED
            case _:
                return JobState.DONE

    def _fail(self, job: Job, reason: str) -> None:
        log.error("job failed", job=job.job_id, kind=job.kind, reason=reason)
        self._store.move(job.job_id, job.state, JobState.FAILED, at=self._clock(), failure=reason)
