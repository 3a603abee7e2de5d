"""Jobs: work in bulk that was ordered over HTTP or by a command."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from api.bootstrap import Registry
from api.jobs import JobAnswer, job_answer, lines_of, report_lines
from registry.csv_import import Fault
from registry.domain.job import Job, JobState, Kind, RowReport
from registry.domain.text import Language
from registry.jobs.status_changes_terms import Rest
from scripts import issuing_words as words
from scripts.answers import FAILED, Answer, Session, facts, inert, say, table
from scripts.arguments import command, group
from scripts.bulk_changing import preview
from scripts.commands.bulk_changes import undo
from scripts.job_following import followed
from scripts.local import ACTOR, opened, opened_as_is

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]
LanguageOption = Annotated[Language, typer.Option(help="Of the sentences.")]

_SHOWN = 100
"""Jobs listed."""

_COUNTS = ("total", "checked", "finished", "accepted", "refused", "skipped")


def add_to(app: typer.Typer) -> None:
    """Add `jobs`."""
    jobs = group(app, "jobs", about="Work in bulk: issuing and status changes of many.")
    command(jobs, "list")(list_all)
    command(jobs, "show")(show_one)
    command(jobs, "report")(report)
    command(jobs, "cancel")(cancel)
    command(jobs, "confirm")(confirm)
    command(jobs, "undo")(undo)


def list_all(
    session: Session,
    issuer: Annotated[str | None, typer.Option(help="Of this issuer only.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Of this kind only.")] = None,
) -> Answer:
    """List the newest jobs.

    Example:
      registry jobs list --kind issuing
    """
    with opened_as_is(session) as registry:
        if issuer is not None:
            registry.application.issuer(issuer)  # An issuer that is none is told from no job.
        found = registry.jobs.store.newest(limit=_SHOWN, issuer_id=issuer, kind=kind)
    answers = [job_answer(job) for job in found]
    names = ("job_id", "what", "state", "created_at", "total", "finished", "refused")
    rows = ([_cell(answer, name) for name in names] for answer in answers)
    return Answer([answer.model_dump(mode="json") for answer in answers], table(names, rows))


def show_one(session: Session, job: JobArgument) -> Answer:
    """Show a job.

    Example:
      registry jobs show 018f…
    """
    with opened_as_is(session) as registry:
        found = registry.jobs.store.read(job)
    if found.kind is Kind.STATUS_CHANGE and found.state is JobState.WAITING:
        say(preview(found))
    return answer_of(found)


def report(
    session: Session,
    job: JobArgument,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, metavar="FILE", help="Write it to a file.")
    ] = None,
    language: LanguageOption = Language.EN,
) -> Answer | int:
    """Say what became of each row, as CSV.

    The columns are line, column, code, sentence and credential_id.

    Examples:
      registry jobs report 018f… --language pl
      registry jobs report 018f… --out report.csv
    """
    with opened_as_is(session) as registry:
        found = registry.jobs.store.read(job)
        if out is None and not session.as_json:
            for part in report_lines(registry, found, language):
                print(part, end="")
            return 0
        file = out or Path(f"{job}.csv")
        write_report(registry, found, file, language)
    return Answer({"job_id": job, "report": str(file)}, str(file))


def cancel(session: Session, job: JobArgument) -> Answer:
    """Begin nothing more of a job; what was carried out stays.

    What was begun is ended here where no server does it: the rows are destroyed after that.

    Example:
      registry jobs cancel 018f…
    """
    with opened_as_is(session) as registry:
        return answer_of(followed(registry, registry.jobs.cancel(job)))


def confirm(
    session: Session,
    job: JobArgument,
    rest: Annotated[
        Rest | None, typer.Option(help="For status changes: `leave` what cannot be changed.")
    ] = None,
) -> Answer:
    """Let a job run that waits for it.

    It is carried out here, beside a server if one runs; whoever ordered it may confirm it.
    Interrupted, it stays confirmed: a server goes on with it, or this command when it is repeated.

    Examples:
      registry jobs confirm 018f…
      registry jobs confirm 018f… --rest leave
    """
    with opened(session) as registry:
        ended = followed(registry, _confirmed(registry, job, rest))
    code = FAILED if ended.state is JobState.FAILED else 0
    return replace(answer_of(ended), exit_code=code)


def _confirmed(registry: Registry, job_id: str, rest: Rest | None) -> Job:
    if registry.jobs.store.read(job_id).kind is Kind.STATUS_CHANGE:
        return registry.status_orders.confirm(job_id, by=ACTOR, rest=rest, alone=True)
    return registry.jobs.confirm(job_id)


def answer_of(job: Job) -> Answer:
    """Show a job as it stands."""
    answer = job_answer(job)
    return Answer(answer.model_dump(mode="json"), _facts(answer))


def write_report(registry: Registry, job: Job, file: Path, language: Language) -> None:
    """Write a report to a file, whatever its length."""
    _write(report_lines(registry, job, language), file, language)


def write_faults(faults: Iterable[Fault], file: Path, language: Language) -> None:
    """Write the report of a file that no job was made of."""
    reports = [RowReport(each.line, each.code, each.column) for each in faults]
    _write(lines_of([reports], language), file, language)


def _write(lines: Iterable[str], file: Path, language: Language) -> None:
    # The line ends are those of RFC 4180, on every system; spreadsheets want the byte order mark.
    with file.open("w", encoding="utf-8-sig", newline="") as output:
        output.writelines(lines)
    say(words.WRITTEN.in_language(language).format(inert(file)))


def _cell(answer: JobAnswer, name: str) -> object:
    return _what(answer) if name == "what" else getattr(answer, name)


def _what(answer: JobAnswer) -> str:
    """Say in a word what a job does: whoever confirms it has to know."""
    if answer.kind is Kind.STATUS_CHANGE:
        return f"{answer.terms['operation']} ({answer.terms['reason']})"
    return "check only" if answer.terms["dry_run"] else "issue"


def _facts(answer: JobAnswer) -> str:
    named = {
        "job_id": answer.job_id,
        "what": _what(answer),
        "issuer_id": answer.issuer_id,
        "created_at": answer.created_at,
        "state": answer.state,
    }
    failure = {"failure": answer.failure} if answer.failure else {}
    counts = {name: getattr(answer, name) for name in _COUNTS}
    return facts({**named, **failure, **counts})
