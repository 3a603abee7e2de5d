"""What is ordered of a mass change of statuses, and the codes of what becomes of each row."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any, Final, Self

from registry.domain.instants import instant, parse_instant
from registry.domain.job import Row, RowReport
from registry.domain.text import Text

COLUMN: Final = "credential_id"
"""The column of a file that is read, and that reports name."""


class Operation(StrEnum):
    """What is done to every credential of the selection."""

    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REVOKE = "revoke"

    @property
    def purpose(self) -> str:
        """The status purpose whose entries change."""
        return "revocation" if self is Operation.REVOKE else "suspension"

    @property
    def done(self) -> "Code":
        """The code of a credential that was changed."""
        return {
            Operation.SUSPEND: Code.SUSPENDED,
            Operation.REINSTATE: Code.REINSTATED,
            Operation.REVOKE: Code.REVOKED,
        }[self]


class Rest(StrEnum):
    """What becomes of the order where some credentials cannot be changed."""

    REFUSE = "refuse"
    """Nothing is changed."""
    LEAVE = "leave"
    """The others are changed, and the report names the rest."""


class Code(StrEnum):
    """What became of a credential; the first three were carried out."""

    SUSPENDED = "suspended"
    REINSTATED = "reinstated"
    REVOKED = "revoked"
    MALFORMED_ID = "malformed-id"
    NOT_FOUND = "not-found"
    DUPLICATE = "named-before"
    REVOKED_ALREADY = "revoked-already"
    SUSPENDED_ALREADY = "suspended-already"
    NOT_SUSPENDED = "not-suspended"
    SUSPENDED_ANEW = "suspended-anew"
    NO_ENTRY = "no-entry"
    UNKNOWN_REASON = "unknown-reason"
    EFFECTIVE_AT = "effective-at"
    UNTIL_PASSED = "until-passed"
    LEARNER_ERASED = "learner-erased"
    ISSUER_CLOSED = "issuer-closed"


SENTENCES: Final[Mapping[str, Text]] = {
    Code.MALFORMED_ID: Text(
        pl="To nie jest identyfikator poświadczenia.",
        en="This is not the id of a credential.",
    ),
    Code.NOT_FOUND: Text(
        pl="Ten wydawca nie ma takiego poświadczenia.",
        en="This issuer has no such credential.",
    ),
    Code.DUPLICATE: Text(
        pl="To poświadczenie jest już we wcześniejszym wierszu; liczy się ten wcześniejszy.",
        en="An earlier line names this credential already; that line counts.",
    ),
    Code.REVOKED_ALREADY: Text(
        pl="Poświadczenie jest już unieważnione i takie pozostanie.",
        en="The credential is revoked already and stays so.",
    ),
    Code.SUSPENDED_ALREADY: Text(
        pl="Poświadczenie jest już zawieszone.",
        en="The credential is suspended already.",
    ),
    Code.NOT_SUSPENDED: Text(
        pl="Poświadczenie nie jest zawieszone.",
        en="The credential is not suspended.",
    ),
    Code.SUSPENDED_ANEW: Text(
        pl="Poświadczenie zawieszono później jeszcze raz, inną decyzją.",
        en="The credential was suspended again since, by another decision.",
    ),
    Code.NO_ENTRY: Text(
        pl="Poświadczenie wydano bez wpisu na liście, którą trzeba by zmienić.",
        en="The credential was issued without an entry in the list that would have to change.",
    ),
    Code.UNKNOWN_REASON: Text(
        pl="Wydawca tego poświadczenia nie używa tego kodu przyczyny.",
        en="The issuer of this credential does not use this reason code.",
    ),
    Code.EFFECTIVE_AT: Text(
        pl="Zmiana miałaby obowiązywać, zanim poświadczenie powstało.",
        en="The change would hold from before the credential existed.",
    ),
    Code.UNTIL_PASSED: Text(
        pl="Termin końca zawieszenia już minął.",
        en="The end of the suspension has passed.",
    ),
    Code.LEARNER_ERASED: Text(
        pl="Dane osoby uczącej się usunięto, więc nie można dołączyć notatki.",
        en="The learner's data were erased, so that no note can be kept.",
    ),
    Code.ISSUER_CLOSED: Text(
        pl="Wydawcę zamknięto, zanim poświadczenie zmieniono.",
        en="The issuer was closed before the credential was changed.",
    ),
    Code.SUSPENDED: Text(pl="Poświadczenie zawieszono.", en="The credential was suspended."),
    Code.REINSTATED: Text(
        pl="Zawieszenie poświadczenia zakończono.", en="The credential was reinstated."
    ),
    Code.REVOKED: Text(pl="Poświadczenie unieważniono.", en="The credential was revoked."),
}
"""Code -> what it means, in Polish and in English."""


@dataclass(frozen=True)
class Terms:
    """What was ordered.

    `wait`: the job waits for its confirmation once it is checked. `selection` says how the
    credentials were selected; the rows of the job are the result of it. `undoes` names the job
    whose suspensions are taken back, and those alone. `is_noted`: a note rides with the rows.
    `by_operator`: the command line ordered it, for an issuer that may be closed.
    """

    operation: Operation
    reason: str
    effective_at: datetime | None = None
    until: datetime | None = None
    rest: Rest = Rest.REFUSE
    wait: bool = True
    approval_required: bool = False
    selection: Mapping[str, Any] = field(default_factory=dict)
    undoes: str | None = None
    is_noted: bool = False
    by_operator: bool = False

    def plain(self) -> dict[str, Any]:
        """Return the terms as plain JSON."""
        moments = {
            name: moment and instant(moment)
            for name, moment in (("effective_at", self.effective_at), ("until", self.until))
        }
        return {**vars(self), **moments, "selection": dict(self.selection)}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Read what `plain` wrote."""
        moments = {name: _moment(plain[name]) for name in ("effective_at", "until")}
        operation, rest = Operation(plain["operation"]), Rest(plain["rest"])
        return cls(**{**plain, **moments, "operation": operation, "rest": rest})


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)


def refusal(row: Row) -> RowReport:
    """Report a row that is not changed; an id stands in the report if it is one."""
    return RowReport(row["line"], row["code"], COLUMN, row.get("id"))


def portions(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Yield the rows in lists of at most `size`."""
    source = iter(rows)
    while portion := list(islice(source, size)):
        yield portion
