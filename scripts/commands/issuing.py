"""Issue credentials: to the learners of a file, or to one."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from api.bootstrap import Registry
from api.clock import now
from api.jobs import JobAnswer, job_answer
from api.learners import LearnerBody
from registry.csv_import import FileError
from registry.domain.job import Job, JobState
from registry.domain.text import Language
from registry.issuance import Order
from registry.jobs.issuing_terms import Duplicates, IssuingTerms, Rows
from scripts import issuing_words as words
from scripts import orders as wanted
from scripts import places, refusals
from scripts.answers import Answer, Session, inert, print_json, say, table
from scripts.arguments import IdempotencyKeyOption, ValidFromOption, ValidUntilOption, command
from scripts.badge_files import BadgeFiles, Found
from scripts.bulk_issuing import Bulk, FaultyFileError, check_ended_well, issued_rows, refused
from scripts.commands.jobs import LanguageOption, answer_of, write_faults, write_report
from scripts.job_following import followed, say_it_waits
from scripts.local import caller, opened

MOST_NAMED = 10_000
"""Credentials named in the answer for programs; a report names them all."""


@dataclass(frozen=True)
class Wish:
    """What to issue: a file of learners, or one learner, under which achievement and issuer."""

    file: Path | None
    email: str | None
    name: str | None
    achievement: str | None
    issuer: str | None
    supersedes: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    grade: str | None
    valid_only: bool
    duplicates: Duplicates | None
    wait: bool
    report: Path | None
    language: Language

    def check(self) -> None:
        """Raise BadParameter where the options do not go together, InvalidValueError otherwise."""
        if (self.file is None) == (self.email is None):
            raise typer.BadParameter("give FILE or --email, one of the two")
        if self.achievement is None and self.supersedes is None:
            raise typer.BadParameter("--achievement is missing")
        single = (self.name, self.supersedes, self.valid_from, self.valid_until, self.grade)
        if self.file is not None and any(single):
            raise typer.BadParameter(
                "--name, --supersedes, --valid-from, --valid-until and --grade go with --email"
            )
        many = (self.valid_only, self.duplicates, self.wait, self.report)
        if self.file is None and any(many):
            raise typer.BadParameter(
                "--valid-only, --duplicates, --wait and --report go with a FILE"
            )
        if self.report is not None and self.file is not None:
            places.check_file(self.report, "--report", source=self.file)

    def terms(self, *, dry_run: bool) -> IssuingTerms:
        """Return the terms of issuing a file."""
        rows = Rows.VALID if self.valid_only else Rows.ALL
        duplicates = self.duplicates or Duplicates.REFUSE
        achievement_id = self.achievement or ""
        return IssuingTerms(achievement_id, rows, duplicates, dry_run=dry_run, wait=self.wait)


def add_to(app: typer.Typer) -> None:
    """Add `issue`."""
    command(app, "issue")(issue)


def issue(  # noqa: PLR0913 - each is an option of the command line
    session: Session,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", exists=True, dir_okay=False, help="The learners."),
    ] = None,
    achievement: Annotated[str | None, typer.Option(help="The achievement's id.")] = None,
    issuer: Annotated[
        str | None, typer.Option(help="The issuer's id; the achievement's unless given.")
    ] = None,
    email: Annotated[str | None, typer.Option(help="One learner, by e-mail address.")] = None,
    name: Annotated[str | None, typer.Option(help="Kept encrypted, not in the badge.")] = None,
    supersedes: Annotated[
        str | None, typer.Option(help="The credential it replaces, which is revoked.")
    ] = None,
    valid_from: ValidFromOption = None,
    valid_until: ValidUntilOption = None,
    grade: Annotated[str | None, typer.Option(help="A grade of the scheme.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only.")] = False,
    valid_only: Annotated[
        bool, typer.Option("--valid-only", help="Issue the rows without faults.")
    ] = False,
    duplicates: Annotated[
        Duplicates | None,
        typer.Option(help="Learners who hold it, or are there twice: refused unless given."),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Check only, until `registry jobs confirm JOB`.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(dir_okay=False, metavar="FILE", help="Write what became of each row (CSV)."),
    ] = None,
    language: LanguageOption = Language.EN,
    out: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="A folder for the signed badges and their receipts."),
    ] = None,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer | int:
    """Issue credentials to many or to one.

    The file is CSV with a header, or JSON Lines (.jsonl); columns are email (or identifier and
    identity_type), and if wanted name (or given_name and family_name), grade, valid_from and
    valid_until. It may have a million rows. One with a fault is refused as a whole, unless
    --valid-only is given.

    A file becomes a job, which outlives this command: repeated, it goes on where it ended, and
    the same file gives the same credentials however often it is issued.

    Examples:
      registry issue learners.csv --achievement 018f… --dry-run
      registry issue learners.csv --achievement 018f… --out badges
      registry issue learners.jsonl --achievement 018f… --valid-only --report report.csv
      registry issue --email learner@example.org --supersedes 018f…
    """
    wish = Wish(
        file=file,
        email=email,
        name=name,
        achievement=achievement,
        issuer=issuer,
        supersedes=supersedes,
        valid_from=valid_from,
        valid_until=valid_until,
        grade=grade,
        valid_only=valid_only,
        duplicates=duplicates,
        wait=wait,
        report=report,
        language=language,
    )
    wish.check()
    how = _How(idempotency_key, dry_run, out)
    how.check()
    try:
        with opened(session) as registry:
            if file is not None:
                return _issue_file(registry, wish, file, how)
            return _issue_one(registry, wish, how)
    except FaultyFileError as error:
        return _refuse(error, wish, as_json=session.as_json)


def _refuse(error: FaultyFileError, wish: Wish, *, as_json: bool) -> int:
    """Tell of the first faults of a file, and programs of more of them."""
    refusal = refusals.of_error(error)
    for line in error.lines(report=wish.report):
        say(line)
    if as_json:
        print_json({"error": asdict(refusal)})
    return refusal.exit_code


@dataclass(frozen=True)
class _How:
    """How to issue, whatever it is."""

    key: str | None
    dry_run: bool
    out: Path | None

    def check(self) -> None:
        """Raise InvalidValueError where the badges could not be written."""
        if self.out is not None and not self.dry_run:
            places.check_folder(self.out, "--out")


def _issue_one(registry: Registry, wish: Wish, how: _How) -> Answer:
    issuer_id, order = _issuer_of(wish, registry), _order(wish, registry)
    if how.dry_run or how.key is None:
        wanted.check(registry, issuer_id, order, now=now())
    if how.dry_run:
        return Answer({"dry_run": True, "would_issue": 1}, "1 can be issued; nothing was.")
    wanted.check_key(registry, issuer_id, order.achievement_id)
    key = how.key or secrets.token_hex(16)
    # As a file of one row was issued before files became jobs: a repeat finds the same credential.
    [issued] = registry.application.issue(caller(f"{key}/0"), issuer_id, [order])
    found: list[Found] = [
        {
            "row": 1,
            "line": None,
            "credential_id": str(issued.credential.id),
            "file": None,
            "receipt": None,
        }
    ]
    if how.out is not None:
        found = list(BadgeFiles(registry, issuer_id, how.out).write(found))
    document = {"issued": 1, "credentials": found, "idempotency_key": key}
    return Answer(document, _shown(found))


def _issue_file(registry: Registry, wish: Wish, file: Path, how: _How) -> Answer:
    """Make a job of a file, work on it until it has ended, and write what was asked for."""
    issuer_id, terms = _issuer_of(wish, registry), wish.terms(dry_run=how.dry_run)
    wanted.check_key(registry, issuer_id, terms.achievement_id)
    bulk = Bulk(registry, file, issuer_id=issuer_id, terms=terms)
    key = how.key or bulk.own_key()
    job = _carried_out(registry, wish, bulk, key)
    if job.state is JobState.WAITING:
        say_it_waits(job)
        return answer_of(job)
    check_ended_well(registry, job, wish.language)
    answer = job_answer(job)
    counts = {"job_id": job.job_id, "refused": answer.refused, "skipped": answer.skipped}
    if how.dry_run:
        document = {"dry_run": True, "would_issue": answer.accepted, **counts}
        return Answer(document, _would_issue(answer, wish))
    say(words.SAME_FILE.in_language(wish.language))
    rows = issued_rows(registry, job)
    if how.out is not None:
        rows = BadgeFiles(registry, issuer_id, how.out).write(rows)
    named = [row for row in rows if row["row"] <= MOST_NAMED]
    document = {"issued": answer.accepted, "credentials": named, "idempotency_key": key}
    return Answer(document | counts, _told(named, answer, wish, how.out))


def _carried_out(registry: Registry, wish: Wish, bulk: Bulk, key: str) -> Job:
    """Return the job once it has ended or waits, and write its report; raises FaultyFileError."""
    try:
        ordered = bulk.order(key)
    except FileError as error:
        if wish.report is not None:
            write_faults(error.faults, wish.report, wish.language)
        raise refused(error.faults, wish.language) from error
    job = followed(registry, ordered)
    if wish.report is not None:
        write_report(registry, job, wish.report, wish.language)
    return job


def _would_issue(answer: JobAnswer, wish: Wish) -> str:
    counts = (answer.accepted, answer.refused, answer.skipped)
    lines = [words.would_issue(*counts, language=wish.language)]
    return "\n".join([*lines, *_more(answer, wish)])


def _told(named: Sequence[Found], answer: JobAnswer, wish: Wish, out: Path | None) -> str:
    """Return a table of what was issued if it is short, or else how much it is."""
    language = wish.language
    counts = words.issued(answer.accepted, answer.refused, answer.skipped, language=language)
    if 0 < answer.accepted == len(named) <= words.MOST_SHOWN:
        say(counts)
        return "\n".join([_shown(named), *_more(answer, wish)])
    where = [words.BADGES.in_language(language).format(inert(out))] if out and named else []
    return "\n".join([counts, *where, *_more(answer, wish, is_long=bool(named))])


def _more(answer: JobAnswer, wish: Wish, *, is_long: bool = False) -> list[str]:
    """Say where to read of the rows that nothing was said of, unless a report was written."""
    if wish.report is not None or not (is_long or answer.refused or answer.skipped):
        return []
    return [words.every_row(answer.job_id, language=wish.language)]


def _shown(found: Sequence[Found]) -> str:
    """Return a table without the columns that no row fills."""
    columns = ("line", "credential_id", "file")
    filled = [name for name in columns if any(row[name] is not None for row in found)]
    return table(filled, ([row[name] for name in filled] for row in found))


def _issuer_of(wish: Wish, registry: Registry) -> str:
    if wish.issuer is not None:
        return wish.issuer
    if wish.supersedes is not None:
        return registry.application.any_credential(wish.supersedes).issuance.issuer_id
    return registry.application.any_achievement(wish.achievement or "").issuer_id


def _order(wish: Wish, registry: Registry) -> Order:
    learner = LearnerBody(email=wish.email, name=wish.name).learner()
    achievement_id = wish.achievement or _superseded_achievement(wish, registry)
    period = {"valid_from": wish.valid_from, "valid_until": wish.valid_until}
    return Order(achievement_id, learner, grade=wish.grade, supersedes=wish.supersedes, **period)


def _superseded_achievement(wish: Wish, registry: Registry) -> str:
    superseded = registry.application.any_credential(wish.supersedes or "")
    if superseded.issuance.achievement_id is None:
        raise typer.BadParameter("--achievement is missing: the credential has none")
    return superseded.issuance.achievement_id
