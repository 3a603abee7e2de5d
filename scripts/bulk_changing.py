"""Change the status of many: make a job of it, show what it would do, and have it confirmed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from api.bootstrap import Registry
from api.jobs import job_answer
from api.status_jobs import Change, order_by_query
from projections.queries import CredentialFilter
from registry.credential_ids import Form, read_ids
from registry.domain.job import Job, JobState
from registry.jobs.status_changes_terms import SENTENCES, Rest
from scripts.answers import FAILED, Answer, Session, facts, say
from scripts.asking import NOBODY, answered
from scripts.bulk_issuing import chunks_of, is_json_lines
from scripts.job_following import followed, say_it_waits
from scripts.local import ACTOR, caller, opened


@dataclass(frozen=True)
class BulkChange:
    """A change of the credentials in a file, or of those that a query finds."""

    change: Change
    wanted: CredentialFilter
    file: Path | None
    every: bool
    note: str | None
    key: str | None

    def carry_out(self, session: Session) -> Answer:
        """Order the change and follow it."""
        self._check_selection()
        with opened(session) as registry:
            job = (
                self._order_file(registry, self.file) if self.file else self._order_query(registry)
            )
            return carried_through(session, registry, job, self.change.rest)

    def _check_selection(self) -> None:
        asked = replace(self.wanted, issuer_id=None)
        if [self.file is not None, any(vars(asked).values()), self.every].count(True) != 1:
            raise typer.BadParameter("give --file, or what to look for, or --all; one of the three")

    def _order_query(self, registry: Registry) -> Job:
        who = caller(self.key)
        return order_by_query(
            registry, who, self.change, self.wanted, note=self.note, by_operator=True
        )

    def _order_file(self, registry: Registry, file: Path) -> Job:
        form = Form.JSON_LINES if is_json_lines(file) else Form.CSV
        terms = replace(self.change.terms({"file": form.value}, note=self.note), by_operator=True)
        found = read_ids(chunks_of(file), form)
        issuer_id = self.wanted.issuer_id or ""
        order = registry.status_orders.order
        return order(caller(self.key), issuer_id, terms, found, note=self.note)


def carried_through(session: Session, registry: Registry, job: Job, rest: Rest) -> Answer:
    """Work on a job until it is done, or waits for somebody; ask where somebody can be asked."""
    job = followed(registry, job)
    if job.state is JobState.WAITING:
        say(preview(job))
        if _can_be_asked(session, job, rest):
            job = _decided(registry, job, rest)
    _say_what_became_of_it(job)
    return _answer(job)


def _say_what_became_of_it(job: Job) -> None:
    found = job.findings or {}
    if _is_without_effect(job):
        is_undo = job.terms["undoes"] is not None
        said = "Nothing is left to undo." if is_undo else "None of them can be changed."
        say("\n".join([said, *_explained(found["refused"])]))
    elif job.state is JobState.DONE and job.accepted:
        one = found["lists"][0]
        say("A running server publishes it within seconds. To see that it did:")
        say(f"registry list versions {one['list_id']} --purpose {one['purpose']}")


def _is_without_effect(job: Job) -> bool:
    """Return whether a job ended because it could change nothing."""
    found = job.findings
    return job.state is JobState.DONE and found is not None and not found["changes"]


def _can_be_asked(session: Session, job: Job, rest: Rest) -> bool:
    found = job.findings or {}
    if found["refused"] and rest is Rest.REFUSE:
        say("Nothing was changed: some cannot be. To change the others, confirm with --rest leave.")
        return False
    return not session.as_json


def _decided(registry: Registry, job: Job, rest: Rest) -> Job:
    """Ask, and confirm or cancel the job; where nobody answers it waits."""
    is_agreed = answered(f"Change {(job.findings or {})['changes']:,} credentials?")
    if is_agreed is None:
        say(f"Not confirmed: {NOBODY}.")
        return job
    if is_agreed:
        confirm = registry.status_orders.confirm
        return followed(registry, confirm(job.job_id, by=ACTOR, rest=rest, alone=True))
    job = registry.jobs.cancel(job.job_id)
    if job.state is JobState.CANCELLED:
        say("Cancelled: nothing was changed.")
    return followed(registry, job)


def preview(job: Job) -> str:
    """Say what a job that waits would change."""
    found: Mapping[str, Any] = job.findings or {}
    counts = {f"now {status}": count for status, count in found["statuses"].items()}
    refused = {f"cannot: {code}": count for code, count in found["refused"].items()}
    lists = {
        f"list {each['list_id']}/{each['purpose']}": f"{each['entries']:,} entries"
        for each in found["lists"]
    }
    shown = facts({"would change": found["changes"], **counts, **refused, **lists})
    return "\n".join([shown, *_explained(found["refused"])])


def _explained(codes: Mapping[str, int]) -> Iterator[str]:
    for code in codes:
        yield f"{code}: {SENTENCES[code].en}"


def _answer(job: Job) -> Answer:
    answer = job_answer(job)
    named = {"job_id": job.job_id, "state": job.state, "failure": job.failure}
    counts = {"changed": job.accepted if job.state is JobState.DONE else 0, "refused": job.refused}
    shown = facts({name: value for name, value in named.items() if value} | counts)
    is_refused = job.state is JobState.WAITING and not job.terms["wait"]
    is_refused |= _is_without_effect(job) and not job.terms["undoes"]
    if job.state is JobState.WAITING:
        say_it_waits(job)
    code = FAILED if is_refused or job.state is JobState.FAILED else 0
    return Answer(answer.model_dump(mode="json"), shown, code)
