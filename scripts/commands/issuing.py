"""Issue credentials: to the learners of a CSV file, or to one."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from api.bootstrap import Registry
from api.clock import now
from api.learners import LearnerBody
from registry.domain.errors import InvalidValueError, RegistryError
from registry.formats.securing import VC
from registry.issuance import Order
from registry.issuing import Issued
from scripts import orders as wanted
from scripts.answers import Answer, Session, say, table
from scripts.arguments import IdempotencyKeyOption, ValidFromOption, ValidUntilOption, command
from scripts.local import caller, opened
from scripts.progress import progress
from scripts.transparency import receipts

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
    valid_from: ValidFromOption = None,
    valid_until: ValidUntilOption = None,
    grade: Annotated[str | None, typer.Option(help="A grade of the scheme.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="A folder for the signed badges and their receipts."),
    ] = None,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Issue credentials to many or to one.

    The file has a header; columns are email (or identifier and identity_type), and if wanted
    name, grade, valid_from and valid_until. A file with a fault is refused as a whole.

    The same file for the same achievement gives the same credentials however often it is issued;
    with another --idempotency-key it is issued anew.

    Examples:
      registry issue learners.csv --achievement 018f… --dry-run
      registry issue learners.csv --achievement 018f… --out badges
      registry issue --email learner@example.org --supersedes 018f…
    """
    wish = Wish(file, email, name, achievement, issuer, supersedes, valid_from, valid_until, grade)
    wish.check()
    with opened(session) as registry:
        issuer_id = _issuer_of(wish, registry)
        orders, lines = _orders(wish, issuer_id, registry)
        if dry_run:
            wanted.check(registry, issuer_id, orders, lines, now=now())
            checked = {"dry_run": True, "would_issue": len(orders)}
            return Answer(checked, f"{len(orders)} can be issued; nothing was.")
        wanted.check_key(registry, issuer_id, orders)
        if file is None and idempotency_key is None:
            wanted.check(registry, issuer_id, orders, lines, now=now())
        key = idempotency_key or _own_key(wish)
        work = _Work(registry, issuer_id, orders, lines, key=key, out=out)
        found = work.issue()
        if out is not None:
            _add_receipts(registry, found, out)
    document: dict[str, Any] = {"issued": len(found), "credentials": found, "idempotency_key": key}
    return Answer(document, _shown(found))


def _add_receipts(registry: Registry, found: Sequence[dict[str, Any]], out: Path) -> None:
    """Write the receipts beside the badges; what was issued stays issued where they fail."""
    ids = [str(one["credential_id"]) for one in found]
    written: dict[str, str] = {}
    try:
        written.update(receipts.write_all(registry, ids, out))
    except RegistryError as error:
        say(
            f"note: {len(ids) - len(written)} receipts are not there yet: {error.reason}; "
            "get them later with registry receipt get CREDENTIAL"
        )
    for one in found:
        one["receipt"] = written.get(str(one["credential_id"]))


def _own_key(wish: Wish) -> str:
    """Return the key where the user gave none: of a file its digest, so that a repeat is known."""
    if wish.file is None:
        return secrets.token_hex(16)
    say(
        "note: the same file gives the same credentials, however often it is issued; "
        "another --idempotency-key issues anew"
    )
    return f"{wish.achievement}/{sha256(wish.file.read_bytes()).hexdigest()}"


def _shown(found: Sequence[dict[str, Any]]) -> str:
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


def _orders(wish: Wish, issuer_id: str, registry: Registry) -> tuple[list[Order], list[int]]:
    """Return the orders, and of a file the line of each."""
    if wish.file is not None:
        body = wish.file.read_bytes()
        return wanted.of_file(body, issuer_id, wish.achievement or "", registry=registry)
    learner = LearnerBody(email=wish.email, name=wish.name).learner()
    achievement_id = wish.achievement or _superseded_achievement(wish, registry)
    period = {"valid_from": wish.valid_from, "valid_until": wish.valid_until}
    order = Order(achievement_id, learner, grade=wish.grade, supersedes=wish.supersedes, **period)
    return [order], []


def _superseded_achievement(wish: Wish, registry: Registry) -> str:
    superseded = registry.application.any_credential(wish.supersedes or "")
    if superseded.issuance.achievement_id is None:
        raise typer.BadParameter("--achievement is missing: the credential has none")
    return superseded.issuance.achievement_id


class _Work:
    """Issues in chunks, each under a key of its own, so that a repeat goes on where it ended."""

    def __init__(
        self,
        registry: Registry,
        issuer_id: str,
        orders: Sequence[Order],
        lines: Sequence[int],
        *,
        key: str,
        out: Path | None,
    ) -> None:
        self._registry = registry
        self._issuer_id = issuer_id
        self._orders = orders
        self._lines = lines
        self._key = key
        self._out = out
        self._faults = wanted.period_faults(orders, lines, now=now()) if lines else []
        self._found: list[dict[str, Any]] = []

    def issue(self) -> list[dict[str, Any]]:
        """Issue everything; return what was issued, in the order of the rows."""
        with progress("issuing", len(self._orders)) as bar:
            for first in self._firsts():
                try:
                    self._chunk(first)
                except RegistryError as error:
                    _say_how_to_go_on(len(self._found), self._key)
                    if self._faults and isinstance(error, InvalidValueError):
                        raise wanted.refused(self._faults) from error
                    raise
                bar.reach(len(self._found))
        return sorted(self._found, key=lambda one: int(one["row"]))

    def _firsts(self) -> list[int]:
        """Return where chunks begin.

        One with a period that is over comes first: it is refused before anything is issued,
        unless the file was issued while the period was not over.
        """
        firsts = range(0, len(self._orders), CHUNK)
        faulty = {fault["line"] for fault in self._faults}
        return sorted(firsts, key=lambda first: not faulty & {*self._lines[first : first + CHUNK]})

    def _chunk(self, first: int) -> None:
        who, chunk = caller(f"{self._key}/{first}"), self._orders[first : first + CHUNK]
        issued = self._registry.application.issue(who, self._issuer_id, chunk)
        files = _write(issued, self._out)
        for row, (one, file) in enumerate(zip(issued, files, strict=True), first):
            self._found.append(
                {
                    "row": row + 1,
                    "line": self._lines[row] if self._lines else None,
                    "credential_id": str(one.credential.id),
                    "file": file,
                    "receipt": None,
                }
            )


def _say_how_to_go_on(issued: int, key: str) -> None:
    if issued:
        say(f"{issued} were issued before this; go on with --idempotency-key {key}")


def _write(issued: Sequence[Issued], out: Path | None) -> list[str | None]:
    """Write the badges; return the name of each file."""
    if out is None:
        return [None] * len(issued)
    out.mkdir(parents=True, exist_ok=True)
    files = [out / f"{one.credential.id}.{_ending(one)}" for one in issued]
    for one, file in zip(issued, files, strict=True):
        file.write_bytes(one.document)
    return [str(file) for file in files]


def _ending(issued: Issued) -> str:
    return "json" if issued.media_type == VC else "jwt"
