"""Ask about the past: what was said and known of a credential, an issuer or a list."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from api.as_of_answers import (
    ENTRY_COLUMNS,
    ISSUER_COLUMNS,
    SPAN_COLUMNS,
    AsOfAnswer,
    IssuerAsOfAnswer,
    credential_answer_as_of,
    issuer_answer_as_of,
    list_answer_as_of,
)
from api.auditing import Audit, check_issuer
from projections import VIEWS
from projections.past.moments import Question
from projections.queries import Window
from registry.domain.errors import UnknownCredentialError
from registry.domain.events import CredentialIssued
from registry.identifiers import parse_id
from scripts.answers import Answer, Session, facts, table
from scripts.arguments import (
    AtOption,
    CsvOption,
    KnownAtOption,
    ListAndPurpose,
    ListOption,
    command,
)
from scripts.csv_files import write_csv
from scripts.local import audited

PAGE = 1000
SHOWN = 50
"""So many rows are shown to people; programs and files get all."""


def add_to(app: typer.Typer) -> None:
    """Add `as-of`."""
    command(app, "as-of")(as_of)


def as_of(
    session: Session,
    credential: Annotated[
        str | None, typer.Argument(metavar="CREDENTIAL", help="The credential's id.")
    ] = None,
    issuer: Annotated[
        str | None, typer.Option(help="Every credential of this issuer instead.")
    ] = None,
    status_list: ListOption = None,
    position: Annotated[
        int | None, typer.Option(min=0, help="As of this event; the newest unless given.")
    ] = None,
    at: AtOption = None,
    effective_at: KnownAtOption = None,
    csv: CsvOption = None,
) -> Answer:
    """Say what was known of statuses as of an event or a time.

    The answer for an event never changes. It is read from the views; replay --until-position
    folds the events themselves.

    Examples:
      registry as-of 018f… --position 1000
      registry as-of 018f… --at 2026-01-31T12:00:00Z --effective-at 2025-10-01T00:00:00Z
      registry as-of --issuer 018f… --position 1000 --csv statuses.csv
      registry as-of --list 018f…/suspension --position 1000
    """
    _check(credential, issuer, status_list, effective_at)
    question = Question(position, at, effective_at)
    with audited(session) as audit, audit.database.snapshot(of=VIEWS) as connection:
        if status_list is not None:
            return _list(connection, status_list, question, csv=csv)
        if issuer is not None:
            check_issuer(audit, issuer)
            return _issuer(connection, issuer, question, csv=csv)
        return _credential(audit, connection, credential or "", question, csv=csv)


def _check(
    credential: str | None, issuer: str | None, status_list: object, effective_at: object
) -> None:
    if sum(each is not None for each in (credential, issuer, status_list)) != 1:
        raise typer.BadParameter("name one of CREDENTIAL, --issuer and --list")
    if status_list is not None and effective_at is not None:
        raise typer.BadParameter("--effective-at does not go with --list")


def _credential(
    audit: Audit, connection: Connection, credential: str, question: Question, *, csv: Path | None
) -> Answer:
    stream = parse_id(credential, UnknownCredentialError, field="credential_id")
    issued = audit.history.event(stream, 1)
    if not isinstance(issued, CredentialIssued):
        raise UnknownCredentialError("there is no such credential", field="credential_id")
    answer = credential_answer_as_of(connection, credential, question, issuer_id=issued.issuer_id)
    document = answer.model_dump(mode="json")
    write_csv(csv, SPAN_COLUMNS, document["known"])
    shown = _clocks(answer.as_of) | {"status": answer.status or "not issued yet"}
    known = table(SPAN_COLUMNS, [list(vars(span).values()) for span in answer.known])
    return Answer(document, f"{facts(shown)}\n\n{known}")


def _issuer(connection: Connection, issuer: str, question: Question, *, csv: Path | None) -> Answer:
    pages = list(_pages(connection, issuer, question))
    items = [item for page in pages for item in page.model_dump(mode="json")["items"]]
    first = pages[0].model_dump(mode="json")
    write_csv(csv, ISSUER_COLUMNS, items)
    shown = _clocks(pages[0].as_of) | {
        f"credentials {status}": count for status, count in (pages[0].statuses or {}).items()
    }
    document = {name: value for name, value in first.items() if name != "next"}
    listed = _first(ISSUER_COLUMNS, items)
    return Answer(document | {"items": items}, f"{facts(shown)}\n\n{listed}")


def _pages(connection: Connection, issuer: str, question: Question) -> Iterator[IssuerAsOfAnswer]:
    cursor = None
    while True:
        page = issuer_answer_as_of(connection, issuer, question, Window(PAGE, cursor))
        yield page
        cursor = page.next
        if cursor is None:
            return


def _list(
    connection: Connection, which: ListAndPurpose, question: Question, *, csv: Path | None
) -> Answer:
    answer = list_answer_as_of(connection, which.list_id, which.purpose, question)
    document = answer.model_dump(mode="json")
    write_csv(csv, ENTRY_COLUMNS, document["entries"])
    shown = _clocks(answer.as_of) | {"entries": answer.size, "set": len(answer.entries)}
    listed = _first(ENTRY_COLUMNS, document["entries"])
    return Answer(document, f"{facts(shown)}\n\n{listed}")


def _first(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> str:
    listed = table(columns, [[row[name] for name in columns] for row in rows[:SHOWN]])
    more = len(rows) - SHOWN
    return f"{listed}\n… and {more} more; --csv FILE or --json has all" if more > 0 else listed


def _clocks(found: AsOfAnswer) -> dict[str, Any]:
    return {
        "position": found.position,
        "recorded by": found.recorded_at,
        "effective at": found.effective_at,
        "settled": found.settled,
    }
