"""The jobs of a registry: where they are kept, who knows each kind, and what becomes of one."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from registry.domain.errors import ConflictError
from registry.domain.job import Job, JobState, Kind
from registry.jobs.worker import JobHandler, JobWorker
from registry.jobs.worker_names import is_gone
from registry.store.job_intake import JobIntake
from registry.store.jobs import JobStore

ABANDONED_AFTER: Final = timedelta(hours=1)
"""How long rows may take to arrive; a process that was killed meanwhile leaves a job behind."""

CONFIRMED_WITHIN: Final = timedelta(days=30)
"""How long a job waits for its confirmation: its rows are about persons, and not kept longer."""

_CANCELLED: Final = {
    JobState.CHECKING: JobState.CANCELLED,
    JobState.WAITING: JobState.CANCELLED,
    JobState.RUNNING: JobState.CANCELLING,
}
"""What a job becomes that is cancelled; one that runs ends the slices it began first."""


class Jobs:
    """Jobs, their handlers by kind, and a worker of this process, whose name is `worker`."""

    def __init__(
        self,
        *,
        store: JobStore,
        intake: JobIntake,
        handlers: Mapping[Kind, JobHandler],
        clock: Callable[[], datetime],
        worker: str,
    ) -> None:
        self.store = store
        self.intake = intake
        self.handlers = handlers
        self._clock = clock
        self.worker = JobWorker(store=store, handlers=handlers, clock=clock, worker=worker)
        self.wake: Callable[[], None] = lambda: None
        """Tells this process's worker, where it has one, that there is something to do."""

    def cancel(self, job_id: str) -> Job:
        """Begin nothing more of a job; one that was cancelled stays so. Raises ConflictError."""
        job = self.store.read(job_id)
        if job.state in (JobState.CANCELLING, JobState.CANCELLED):
            return job
        if job.state not in _CANCELLED:
            raise ConflictError(f"the job is {job.state}", remedy="read its report")
        return self._moved(job, _CANCELLED[job.state])

    def confirm(self, job_id: str) -> Job:
        """Let a job run whose check found what was expected; raises ConflictError."""
        job = self.store.read(job_id)
        if job.state is JobState.RUNNING:
            return job
        if job.state is not JobState.WAITING:
            raise ConflictError(
                f"the job is {job.state}", remedy="confirm a job that is waiting for it"
            )
        return self._moved(job, JobState.RUNNING)

    def sweep(self) -> int:
        """Remove what was left behind of jobs whose rows never all came; return how many.

        Jobs that nobody confirmed in time are cancelled.
        """
        now, waiting = self._clock(), JobState.WAITING
        for job_id in self.store.unchanged_since(now - CONFIRMED_WITHIN, state=waiting):
            said = f"nobody confirmed it within {CONFIRMED_WITHIN.days} days"
            self.store.move(job_id, waiting, JobState.CANCELLED, at=now, failure=said)
        return self.intake.sweep(before=now - ABANDONED_AFTER)

    def take_over(self) -> None:
        """Let others have at once what a worker of this machine held that is no more."""
        for name in self.store.claims.holders():
            if is_gone(name):
                self.store.claims.release_all(name)

    def _moved(self, job: Job, then: JobState) -> Job:
        if not self.store.move(job.job_id, job.state, then, at=self._clock()):
            raise ConflictError("the job went on at the same moment", remedy="try again")
        self.wake()
        return self.store.read(job.job_id)
