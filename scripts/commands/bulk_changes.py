"""Change the status of many credentials at once: look at what it would do, then do it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.prompt import Confirm

from api.bootstrap import Registry
from api.jobs import job_answer
from api.status_jobs import Change, Undoing, order_by_query, undoing
from projections.queries import CredentialFilter
from registry.commands import Caller
from registry.credential_ids import Form, read_ids
from registry.domain.credential import Status
from registry.domain.instants import instant
from registry.domain.job import Job, JobState
from registry.jobs.status_changes_terms import SENTENCES, Operation, Rest
from scripts.answers import FAILED, Answer, Session, facts, say
from scripts.arguments import (
    EffectiveAtOption,
    IdempotencyKeyOption,
    UntilOption,
    command,
    group,
    moment,
)
from scripts.local import ACTOR, caller, opened
from scripts.progress import Stages, stages

IssuerOption = Annotated[str, typer.Option(help="The issuer's id.")]
FileOption = Annotated[
    Path | None,
    typer.Option(
        "--file", exists=True, dir_okay=False, help="CSV, JSON Lines, or an id of a line each."
    ),
]
AchievementOption = Annotated[str | None, typer.Option(help="Of this achievement.")]
StatusOption = Annotated[Status | None, typer.Option(help="Those that have this status now.")]
SubjectOption = Annotated[str | None, typer.Option(help="Of this learner, by reference.")]
IssuedFromOption = Annotated[datetime | None, moment("Issued at or after")]
IssuedUntilOption = Annotated[datetime | None, moment("Issued before")]
AllOption = Annotated[
    bool, typer.Option("--all", help="Every credential of the issuer, in place of a choice.")
]
ReasonOption = Annotated[
    str, typer.Option(help="A reason code; `registry issuer show ISSUER` lists them.")
]
NoteOption = Annotated[
    str | None, typer.Option(help="A private note; kept encrypted, never published.")
]
RestOption = Annotated[
    Rest, typer.Option(help="`leave`: change those that can be, and name the rest in the report.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


def add_to(app: typer.Typer) -> None:
    """Add `change`."""
    change = group(app, "change", about="Suspend, reinstate or revoke many credentials at once.")
    command(change, "suspend")(suspend)
    command(change, "reinstate")(reinstate)
    command(change, "revoke")(revoke)


def suspend(  # noqa: PLR0913 - each is an option of the command line
    session: Session,
    issuer: IssuerOption,
    reason: ReasonOption,
    file: FileOption = None,
    achievement: AchievementOption = None,
    status: StatusOption = None,
    subject: SubjectOption = None,
    issued_from: IssuedFromOption = None,
    issued_until: IssuedUntilOption = None,
    every: AllOption = False,
    note: NoteOption = None,
    effective_at: EffectiveAtOption = None,
    until: UntilOption = None,
    rest: RestOption = Rest.REFUSE,
    yes: YesOption = False,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Suspend many credentials; `registry jobs undo JOB` takes it back.

    Examples:
      registry change suspend --issuer 018f… --file ids.csv --reason under-review
      registry change suspend --issuer 018f… --achievement 018f… --reason under-review --yes
    """
    change = Change(
        operation=Operation.SUSPEND,
        reason=reason,
        rest=rest,
        confirmed=yes,
        effective_at=effective_at,
        until=until,
    )
    wanted = _wanted(issuer, achievement, status, subject, (issued_from, issued_until))
    return _carry_out(session, change, wanted, file, every=every, note=note, key=idempotency_key)


def reinstate(  # noqa: PLR0913 - each is an option of the command line
    session: Session,
    issuer: IssuerOption,
    reason: ReasonOption,
    file: FileOption = None,
    achievement: AchievementOption = None,
    status: StatusOption = None,
    subject: SubjectOption = None,
    issued_from: IssuedFromOption = None,
    issued_until: IssuedUntilOption = None,
    every: AllOption = False,
    note: NoteOption = None,
    effective_at: EffectiveAtOption = None,
    rest: RestOption = Rest.REFUSE,
    yes: YesOption = False,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """End the suspension of many credentials.

    Example:
      registry change reinstate --issuer 018f… --file ids.csv --reason review-completed
    """
    change = Change(
        operation=Operation.REINSTATE,
        reason=reason,
        rest=rest,
        confirmed=yes,
        effective_at=effective_at,
    )
    wanted = _wanted(issuer, achievement, status, subject, (issued_from, issued_until))
    return _carry_out(session, change, wanted, file, every=every, note=note, key=idempotency_key)


def revoke(  # noqa: PLR0913 - each is an option of the command line
    session: Session,
    issuer: IssuerOption,
    reason: ReasonOption,
    file: FileOption = None,
    achievement: AchievementOption = None,
    status: StatusOption = None,
    subject: SubjectOption = None,
    issued_from: IssuedFromOption = None,
    issued_until: IssuedUntilOption = None,
    every: AllOption = False,
    note: NoteOption = None,
    effective_at: EffectiveAtOption = None,
    rest: RestOption = Rest.REFUSE,
    yes: YesOption = False,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Revoke many credentials for ever.

    Examples:
      registry change revoke --issuer 018f… --file ids.csv --reason fraud --rest leave
      registry change revoke --issuer 018f… --achievement 018f… --issued-from 2026-01-31T12:00:00Z
        --reason issued-in-error
    """
    change = Change(
        operation=Operation.REVOKE,
        reason=reason,
        rest=rest,
        confirmed=yes,
        effective_at=effective_at,
    )
    wanted = _wanted(issuer, achievement, status, subject, (issued_from, issued_until))
    return _carry_out(session, change, wanted, file, every=every, note=note, key=idempotency_key)


def undo(
    session: Session,
    job: Annotated[str, typer.Argument(metavar="JOB", help="A job that suspended.")],
    reason: ReasonOption = "other",
    note: NoteOption = None,
    rest: RestOption = Rest.LEAVE,
    yes: YesOption = False,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Reinstate what a job suspended, and nothing else did since.

    Example:
      registry jobs undo 018f… --reason issued-in-error
    """
    with opened(session) as registry:
        terms = undoing(job, Undoing(reason=reason, rest=rest, confirmed=yes), by_operator=True)
        terms = replace(terms, is_noted=note is not None)
        ordered = registry.status_orders.undo(caller(idempotency_key), job, terms, note=note)
        return _followed(session, registry, ordered, rest)


def _wanted(
    issuer: str,
    achievement: str | None,
    status: Status | None,
    subject: str | None,
    issued: tuple[datetime | None, datetime | None],
) -> CredentialFilter:
    since, until = (instant(each) if each else None for each in issued)
    return CredentialFilter(issuer, achievement, status, subject, since, until)


def _carry_out(
    session: Session,
    change: Change,
    wanted: CredentialFilter,
    file: Path | None,
    *,
    every: bool,
    note: str | None,
    key: str | None,
) -> Answer:
    _check_selection(wanted, file, every=every)
    with opened(session) as registry:
        if file is None:
            job = order_by_query(registry, caller(key), change, wanted, note=note, by_operator=True)
        else:
            job = _order_file(registry, caller(key), change, wanted, file, note=note)
        return _followed(session, registry, job, change.rest)


def _check_selection(wanted: CredentialFilter, file: Path | None, *, every: bool) -> None:
    named = [name for name, value in vars(wanted).items() if value and name != "issuer_id"]
    if [file is not None, bool(named), every].count(True) != 1:
        raise typer.BadParameter("give --file, or what to look for, or --all; one of the three")


def _order_file(
    registry: Registry,
    who: Caller,
    change: Change,
    wanted: CredentialFilter,
    file: Path,
    *,
    note: str | None,
) -> Job:
    form = Form.JSON_LINES if file.suffix in (".jsonl", ".ndjson") else Form.CSV
    terms = replace(change.terms({"file": form.value}, note=note), by_operator=True)
    issuer_id = wanted.issuer_id or ""
    with file.open("rb") as rows:
        found = read_ids(rows, form)
        return registry.status_orders.order(who, issuer_id, terms, found, note=note)


def _followed(session: Session, registry: Registry, job: Job, rest: Rest) -> Answer:
    """Work on a job until it is done, or waits for somebody; ask where somebody can be asked."""
    with stages() as shown:
        job = _worked(registry, job, shown)
    if job.state is JobState.WAITING:
        say(_preview(job))
        if _is_agreed(session, job, rest):
            confirm = registry.status_orders.confirm
            job = confirm(job.job_id, by=ACTOR, rest=rest, alone=True)
            with stages() as shown:
                job = _worked(registry, job, shown)
    return _answer(job)


def _worked(registry: Registry, job: Job, shown: Stages) -> Job:
    working = (JobState.CHECKING, JobState.RUNNING, JobState.CANCELLING)
    while job.state in working:
        # A server that runs may have taken the slices: then there is nothing to do but to wait.
        registry.jobs.worker.tick(only=job.job_id)
        job = registry.jobs.store.read(job.job_id)
        done = job.checked if job.state is JobState.CHECKING else job.finished
        shown.reach(job.state.value, done, job.total)
    return job


def _is_agreed(session: Session, job: Job, rest: Rest) -> bool:
    found = job.findings or {}
    if found["refused"] and rest is Rest.REFUSE:
        say("Nothing was changed: some cannot be. To change the others, confirm with --rest leave.")
        return False
    if session.as_json or not found["changes"]:
        return False
    return Confirm.ask(f"Change {found['changes']:,} credentials?", default=False)


def _preview(job: Job) -> str:
    found: Mapping[str, Any] = job.findings or {}
    counts = {f"now {status}": count for status, count in found["statuses"].items()}
    refused = {f"cannot: {code}": count for code, count in found["refused"].items()}
    lists = {
        f"list {each['list_id']}/{each['purpose']}": f"{each['entries']:,} entries"
        for each in found["lists"]
    }
    words = [SENTENCES[code].en for code in found["refused"]]
    shown = facts({"would change": found["changes"], **counts, **refused, **lists})
    return "\n".join([shown, *_explained(found["refused"], words)])


def _explained(codes: Iterable[str], words: Iterable[str]) -> list[str]:
    return [f"{code}: {sentence}" for code, sentence in zip(codes, words, strict=True)]


def _answer(job: Job) -> Answer:
    answer = job_answer(job)
    named = {"job_id": job.job_id, "state": job.state, "failure": job.failure}
    counts = {"changed": job.accepted if job.state is JobState.DONE else 0, "refused": job.refused}
    shown = facts({name: value for name, value in named.items() if value} | counts)
    if job.state is JobState.WAITING:
        say(f"It waits: registry jobs confirm {job.job_id}, or registry jobs cancel {job.job_id}")
    code = FAILED if job.state is JobState.FAILED else 0
    return Answer(answer.model_dump(mode="json"), shown, code)
