"""Change the status of many credentials at once: look at what it would do, then do it."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from api.status_jobs import Change, Undoing, undoing
from projections.queries import CredentialFilter
from registry.domain.credential import Status
from registry.domain.instants import instant
from registry.jobs.status_changes_terms import Operation, Rest
from scripts.answers import Answer, Session
from scripts.arguments import (
    EffectiveAtOption,
    IdempotencyKeyOption,
    UntilOption,
    command,
    group,
    moment,
)
from scripts.asking import YesOption
from scripts.bulk_changing import BulkChange, carried_through
from scripts.local import caller, opened

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


@dataclass(frozen=True)
class Order:
    """Which credentials change, why, and since when."""

    issuer: IssuerOption
    reason: ReasonOption
    file: FileOption = None
    achievement: AchievementOption = None
    status: StatusOption = None
    subject: SubjectOption = None
    issued_from: IssuedFromOption = None
    issued_until: IssuedUntilOption = None
    every: AllOption = False
    note: NoteOption = None
    effective_at: EffectiveAtOption = None

    def wanted(self) -> CredentialFilter:
        """Return what to look for where no file names the credentials."""
        issued = (self.issued_from, self.issued_until)
        since, until = (instant(each) if each else None for each in issued)
        return CredentialFilter(
            self.issuer, self.achievement, self.status, self.subject, since, until
        )


@dataclass(frozen=True)
class Care:
    """How carefully an order is carried out."""

    rest: RestOption = Rest.REFUSE
    yes: YesOption = False
    idempotency_key: IdempotencyKeyOption = None


def add_to(app: typer.Typer) -> None:
    """Add `change`."""
    change = group(app, "change", about="Suspend, reinstate or revoke many credentials at once.")
    command(change, "suspend")(suspend)
    command(change, "reinstate")(reinstate)
    command(change, "revoke")(revoke)


def suspend(session: Session, order: Order, *, until: UntilOption = None, care: Care) -> Answer:
    """Suspend many credentials; `registry jobs undo JOB` takes it back.

    Examples:
      registry change suspend --issuer 018f… --file ids.csv --reason under-review
      registry change suspend --issuer 018f… --achievement 018f… --reason under-review --yes
    """
    return _carry_out(session, Operation.SUSPEND, order, care, until=until)


def reinstate(session: Session, order: Order, care: Care) -> Answer:
    """End the suspension of many credentials.

    Example:
      registry change reinstate --issuer 018f… --file ids.csv --reason review-completed
    """
    return _carry_out(session, Operation.REINSTATE, order, care)


def revoke(session: Session, order: Order, care: Care) -> Answer:
    """Revoke many credentials for ever.

    Examples:
      registry change revoke --issuer 018f… --file ids.csv --reason fraud --rest leave
      registry change revoke --issuer 018f… --achievement 018f… --issued-from 2026-01-31T12:00:00Z
        --reason issued-in-error
    """
    return _carry_out(session, Operation.REVOKE, order, care)


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
        terms = undoing(job, Undoing(reason=reason, rest=rest, wait=not yes), by_operator=True)
        terms = replace(terms, is_noted=note is not None)
        ordered = registry.status_orders.undo(caller(idempotency_key), job, terms, note=note)
        return carried_through(session, registry, ordered, rest)


def _carry_out(
    session: Session,
    operation: Operation,
    order: Order,
    care: Care,
    *,
    until: datetime | None = None,
) -> Answer:
    change = Change(
        operation=operation,
        reason=order.reason,
        rest=care.rest,
        wait=not care.yes,
        effective_at=order.effective_at,
        until=until,
    )
    key, wanted = care.idempotency_key, order.wanted()
    bulk = BulkChange(change, wanted, order.file, every=order.every, note=order.note, key=key)
    return bulk.carry_out(session)
