"""The worker: claims slices of jobs one after the other and has each carried out by its kind.

Any number of workers run at once, in any processes. What a dead one held is taken anew once its
lease is over. A slice that fails because the database is away is tried again; any other error
fails its job, which keeps what was carried out before.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import structlog

from registry.domain.errors import ConcurrentChangeError, InvalidValueError, RegistryError
from registry.domain.job import Claim, Job, JobState, Kind, Outcome
from registry.jobs.renewing import renewing
from registry.store.database import StoreUnavailableError
from registry.store.job_claims import UnreadableRowsError
from registry.store.jobs import JobStore

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

    def tick(self, *, only: str | None = None) -> int:
        """Work on the most urgent slice there is; return 1, or 0 where there was none.

        `only` names the one job to work on. Raises what another attempt may mend.
        """
        kinds = tuple(self._handlers)
        for job in self._store.past_their_stage(kinds, only=only):
            self._move_on(job)
        claims = self._store.claims
        try:
            claim = claims.take(self._worker, at=self._clock(), kinds=kinds, only=only)
        except UnreadableRowsError as error:
            self._end_unreadable(error)
            return 1
        if claim is None:
            return 0
        try:
            with renewing(claims, claim, clock=self._clock):
                outcome = self._work(claim)
            claims.complete(claim, outcome)
        except PASSING:
            claims.release(claim)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the job says so and ends
            self._end(claim, error)
        return 1

    def _work(self, claim: Claim) -> Outcome:
        handler = self._handlers[claim.job.kind]
        if claim.job.state is JobState.CHECKING:
            return handler.check(claim)
        return handler.carry_out(claim)

    def _move_on(self, job: Job) -> None:
        """Take a job on whose slices are all checked, or all carried out."""
        then = JobState.DONE
        if job.state is JobState.CANCELLING:
            then = JobState.FAILED if job.failure else JobState.CANCELLED
        elif job.state is JobState.CHECKING:
            try:
                then = self._handlers[job.kind].checked(job)
            except PASSING:
                raise
            except Exception as error:  # noqa: BLE001 - as in `tick`
                self._fail(job, error)
                return
        self._store.move(job.job_id, job.state, then, at=self._clock(), failure=job.failure)

    def _end_unreadable(self, error: UnreadableRowsError) -> None:
        """End a job whose rows nobody can read: it would keep every other from being worked on."""
        job = self._store.read(error.job_id)
        if job.ended:
            return  # Its rows were destroyed as it ended, while a slice of it was being taken.
        self._fail(job, error)

    def _end(self, claim: Claim, error: Exception) -> None:
        at = self._clock()
        if not self._store.claims.renew(claim, at=at):
            return  # Another has it now, and may come to its end; or the job was cancelled.
        if claim.job.state is JobState.CHECKING:
            self._fail(claim.job, error)
        else:
            _report(error, claim.job)
            self._store.give_up(claim, _reason(error), at=at)

    def _fail(self, job: Job, error: Exception) -> None:
        """End a job at once, and say so in the log unless something else ended it before."""
        at, reason = self._clock(), _reason(error)
        if self._store.move(job.job_id, job.state, JobState.FAILED, at=at, failure=reason):
            _report(error, job)


def _reason(error: Exception) -> str:
    """Say why a job fails; the text of an unforeseen error may quote a row."""
    if isinstance(error, RegistryError):
        return error.reason
    return f"an unforeseen {type(error).__name__}"


def _report(error: Exception, job: Job) -> None:
    """Log that a job failed, unless what was sent is at fault: whoever sent it is told."""
    if not isinstance(error, RegistryError):
        log.error("job failed", job=job.job_id, kind=job.kind, exc_info=error)
    elif not isinstance(error, InvalidValueError):
        log.error("job failed", job=job.job_id, kind=job.kind, reason=error.reason)
