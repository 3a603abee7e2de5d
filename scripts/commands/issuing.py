"""Issue credentials: to the learners of a CSV file, or to one."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from api.bootstrap import Registry
from api.imports import imported_orders
from api.learners import LearnerBody
from registry.domain.errors import RegistryError
from registry.issuance import Order
from registry.issuing import Issued
from scripts.answers import Answer, Session, say
from scripts.arguments import IdempotencyKeyOption, InstantOption, command
from scripts.local import caller, opened
from scripts.progress import progress

CHUNK = 100
"""Credentials issued in one transaction; a run that breaks off has issued whole chunks."""


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

    def check(self) -> None:
        """Raise BadParameter where the options do not go together."""
        if (self.file is None) == (self.email is None):
            raise typer.BadParameter("give FILE.csv or --email, one of the two")
        if self.achievement is None and self.supersedes is None:
            raise typer.BadParameter("--achievement is missing")
        single = (self.name, self.supersedes, self.valid_from, self.valid_until, self.grade)
        if self.file is not None and any(single):
            raise typer.BadParameter(
                "--name, --supersedes, --valid-from, --valid-until and --grade go with --email"
            )


def add_to(app: typer.Typer) -> None:
    """Add `issue`."""
    command(app, "issue")(issue)


def issue(  # noqa: PLR0913 - each is an option of the command line
    session: Session,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE.csv]", exists=True, dir_okay=False, help="The learners."),
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
    valid_from: InstantOption = None,
    valid_until: InstantOption = None,
    grade: Annotated[str | None, typer.Option()] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only.")] = False,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="A folder for the signed badges.")
    ] = None,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Issue credentials to many or to one.

    The file has a header; columns are email (or identifier and identity_type), and if wanted
    name, grade, valid_from and valid_until. A file with a fault is refused as a whole.

    Examples:
      registry issue learners.csv --achievement 018f… --dry-run
      registry issue learners.csv --achievement 018f… --out badges
      registry issue --email learner@example.org --supersedes 018f…
    """
    wish = Wish(file, email, name, achievement, issuer, supersedes, valid_from, valid_until, grade)
    wish.check()
    with opened(session) as registry:
        issuer_id = _issuer_of(wish, registry)
        orders = _orders(wish, issuer_id, registry)
        if dry_run:
            checked = {"dry_run": True, "would_issue": len(orders)}
            return Answer(checked, f"{len(orders)} can be issued; nothing was.")
        key = idempotency_key or secrets.token_hex(16)
        found = _issue(registry, issuer_id, orders, key=key, out=out)
    document: dict[str, Any] = {"issued": len(found), "credentials": found, "idempotency_key": key}
    return Answer(document, "\n".join(row["credential_id"] for row in found))


def _issuer_of(wish: Wish, registry: Registry) -> str:
    if wish.issuer is not None:
        return wish.issuer
    if wish.supersedes is not None:
        return registry.application.any_credential(wish.supersedes).issuance.issuer_id
    return registry.application.any_achievement(wish.achievement or "").issuer_id


def _orders(wish: Wish, issuer_id: str, registry: Registry) -> list[Order]:
    if wish.file is not None:
        body = wish.file.read_bytes()
        return imported_orders(body, issuer_id, wish.achievement or "", registry=registry)
    learner = LearnerBody(email=wish.email, name=wish.name).learner()
    achievement_id = wish.achievement or _superseded_achievement(wish, registry)
    period = {"valid_from": wish.valid_from, "valid_until": wish.valid_until}
    order = Order(achievement_id, learner, grade=wish.grade, supersedes=wish.supersedes, **period)
    return [order]


def _superseded_achievement(wish: Wish, registry: Registry) -> str:
    return registry.application.any_credential(wish.supersedes or "").issuance.achievement_id


def _issue(
    registry: Registry, issuer_id: str, orders: Sequence[Order], *, key: str, out: Path | None
) -> list[dict[str, Any]]:
    """Issue in chunks, each under a key of its own, so that a repeat goes on where it broke off."""
    found: list[dict[str, Any]] = []
    with progress("issuing", len(orders)) as bar:
        for first in range(0, len(orders), CHUNK):
            who = caller(f"{key}/{first}")
            chunk = orders[first : first + CHUNK]
            try:
                issued = registry.application.issue(who, issuer_id, chunk)
            except RegistryError:
                _say_how_to_go_on(len(found), key)
                raise
            _write(issued, out)
            ids = (str(one.credential.id) for one in issued)
            found += [{"row": row, "credential_id": id_} for row, id_ in enumerate(ids, first + 1)]
            bar.advance(len(chunk))
    return found


def _say_how_to_go_on(issued: int, key: str) -> None:
    if issued:
        say(f"{issued} were issued before this; go on with --idempotency-key {key}")


def _write(issued: Sequence[Issued], out: Path | None) -> None:
    if out is None:
        return
    out.mkdir(parents=True, exist_ok=True)
    for one in issued:
        (out / f"{one.credential.id}.json").write_bytes(one.document)
