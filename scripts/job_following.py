"""Work on a job beside others who may, and show how far it is, until it has ended or waits."""

import time
from typing import Final

from api.bootstrap import Registry
from registry.domain.errors import ConcurrentChangeError, RegistryError
from registry.domain.job import Job, JobState
from scripts.answers import say
from scripts.progress import Stages, rated_stages

_REST_SECONDS: Final = 0.2


def followed(registry: Registry, job: Job) -> Job:
    """Return a job as it is once it has ended, or waits for its confirmation.

    What a killed command or server of this machine held is not waited for, and what it left
    behind is removed, as by a server.
    """
    registry.jobs.take_over()
    registry.jobs.sweep()
    try:
        with rated_stages() as bars:
            return _Following(registry, bars).follow(job.job_id)
    except (KeyboardInterrupt, RegistryError):
        say(
            f"job {job.job_id} is not done: go on by repeating the command, or leave it to a "
            f"server; or: registry jobs cancel {job.job_id}"
        )
        raise


def say_it_waits(job: Job) -> None:
    """Say what may be done with a job that waits."""
    say(f"It waits: registry jobs confirm {job.job_id}, or registry jobs cancel {job.job_id}")


class _Following:
    def __init__(self, registry: Registry, bars: Stages) -> None:
        self._registry = registry
        self._bars = bars
        self._has_said = False

    def follow(self, job_id: str) -> Job:
        store = self._registry.jobs.store
        while not ((job := store.read(job_id)).ended or job.state is JobState.WAITING):
            is_checking = job.state is JobState.CHECKING
            self._bars.reach(job.state, job.checked if is_checking else job.finished, job.total)
            if not self._work(job_id):
                # A server may have what is left of it.
                self._say_what_is_ahead(job)
                time.sleep(_REST_SECONDS)
        return job

    def _work(self, job_id: str) -> bool:
        try:
            return bool(self._registry.jobs.worker.tick(only=job_id))
        except ConcurrentChangeError:
            # Where no server runs, nobody else folds what the check waits for.
            self._registry.catch_up.run()
            return False

    def _say_what_is_ahead(self, job: Job) -> None:
        if self._has_said or job.state is not JobState.CHECKING:
            return
        ahead = self._registry.jobs.store.ahead_of(job)
        if ahead is not None:
            say(f"waiting for job {ahead}, which issues the same achievement")
            self._has_said = True
