"""One issuer's credentials and the mass changes that are made of them, on a database."""

from collections.abc import Iterable, Sequence
from typing import Any

from registry.commands import Caller
from registry.custody import Custody
from registry.domain.job import Job, JobState, Kind, Row, RowReport
from registry.jobs.jobs import Jobs
from registry.jobs.status_changes import StatusChangeJobs
from registry.jobs.status_changes_deciding import Sources
from registry.jobs.status_changes_orders import StatusChangeOrders
from registry.jobs.status_changes_terms import Operation, Terms
from registry.lookups import Lookups
from registry.store.job_intake import JobIntake
from registry.store.jobs import JobStore
from tests.integration.world import World
from tests.making import Parts, connect, order

HEAD = Caller("api-key:head")
DEPUTY = "api-key:deputy"


class MassChanges(World):
    """An issuer with some credentials, and what orders mass changes and carries them out."""

    def __init__(self, parts: Parts, *, credentials: int = 3, approval_from: int | None = None):
        super().__init__(parts)
        self.lookups = Lookups(parts.streams)
        self.approval_from = approval_from
        self.jobs = self.process("worker-1")
        self.orders = StatusChangeOrders(
            jobs=self.jobs, keys=parts.keys, commands=parts.commands, lookups=self.lookups
        )
        wanted = [order(self.achievement_id, number) for number in range(credentials)]
        self.ids = [str(one.credential.id) for one in self.issue(*wanted)] if wanted else []

    def process(self, name: str) -> Jobs:
        """Start one more process, as it were, that works on jobs."""
        parts = self.parts
        store = JobStore(parts.database, parts.keys)
        sources = Sources(
            self.lookups, Custody(parts.streams, self.lookups), parts.keys, parts.vault
        )
        handler = StatusChangeJobs(
            store=store,
            streams=parts.streams,
            commands=parts.commands,
            sources=sources,
            approval_from=self.approval_from,
        )
        return Jobs(
            store=store,
            intake=JobIntake(parts.database, parts.keys),
            handlers={Kind.STATUS_CHANGE: handler},
            clock=parts.clock,
            worker=name,
        )

    def take(
        self,
        operation: Operation,
        ids: Iterable[str | None],
        *,
        caller: Caller = HEAD,
        note: str | None = None,
        issuer_id: str | None = None,
        **terms: Any,
    ) -> Job:
        """Order a change of these credentials, as from a file."""
        ordered = Terms(
            operation, "fraud", is_noted=note is not None, selection={"file": "csv"}, **terms
        )
        issuer_id = issuer_id or self.issuer_id
        return self.orders.order(caller, issuer_id, ordered, rows(ids), note=note)

    def run(self, job: Job, *, jobs: Jobs | None = None) -> Job:
        """Work until nothing is left to do; return the job."""
        worker = (jobs or self.jobs).worker
        while worker.tick():
            pass
        return self.jobs.store.read(job.job_id)

    def change(self, operation: Operation, ids: Iterable[str | None], **more: Any) -> Job:
        """Order a change that needs no confirmation, and carry it out."""
        return self.run(self.take(operation, ids, wait=False, **more))

    def said(self, job: Job) -> list[RowReport]:
        """Return what is said of each row, by line."""
        reports = self.jobs.store.reports(job.job_id)
        return sorted((each for some in reports for each in some), key=lambda each: each.line)

    def codes(self, job: Job) -> list[str | None]:
        return [report.code for report in self.said(job)]

    def tick_until(self, job: Job, state: JobState) -> Job:
        while (now := self.jobs.store.read(job.job_id)).state is not state:
            assert self.jobs.worker.tick()
        return now


def rows(ids: Iterable[str | None]) -> Sequence[Row]:
    return [{"line": line, "id": each} for line, each in enumerate(ids, start=1)]


class Existing(MassChanges):
    """The same registry as another process has it: nothing is made anew."""

    def __init__(self, url: str, issuer_id: str) -> None:
        self.parts = connect(url)
        self.issuer_id = issuer_id
        self.lookups = Lookups(self.parts.streams)
        self.approval_from = None
        self.jobs = self.process("another process")
