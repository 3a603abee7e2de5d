"""What changed between two positions, or two versions of a list."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from api.as_of_answers import (
    CHANGE_COLUMNS,
    DIFFERENCE_COLUMNS,
    ChangesAnswer,
    changes_answer,
    difference_rows,
    differences_answer,
)
from api.auditing import check_issuer
from projections import VIEWS
from scripts.answers import Answer, Session, facts, table
from scripts.arguments import CsvOption, ListAndPurpose, ListOption, command
from scripts.csv_files import write_csv
from scripts.local import audited

PAGE = 1000
SHOWN_COLUMNS = ("position", "recorded_at", "event", "stream_id", "status_before", "status")


def add_to(app: typer.Typer) -> None:
    """Add `diff`."""
    command(app, "diff")(diff)


def diff(
    session: Session,
    after: Annotated[int, typer.Option(min=0, help="The last event to leave out.")] = 0,
    until: Annotated[
        int | None, typer.Option(min=0, help="The last event; the newest unless given.")
    ] = None,
    issuer: Annotated[str | None, typer.Option(help="What concerns this issuer alone.")] = None,
    status_list: ListOption = None,
    from_version: Annotated[
        int | None, typer.Option("--from", min=1, help="The one version of the list.")
    ] = None,
    to_version: Annotated[
        int | None, typer.Option("--to", min=1, help="The other version of the list.")
    ] = None,
    csv: CsvOption = None,
) -> Answer:
    """Show what changed in between, and what did it.

    That is between two events, or two versions of a status list.

    Examples:
      registry diff --after 1000 --until 2000 --issuer 018f…
      registry diff --list 018f…/revocation --from 3 --to 9 --csv changed.csv
    """
    _check(status_list, from_version, to_version)
    with audited(session) as audit, audit.database.snapshot(of=VIEWS) as connection:
        if status_list is not None:
            versions = (from_version or 0, to_version or 0)
            return _of_list(connection, status_list, versions=versions, csv=csv)
        if issuer is not None:
            check_issuer(audit, issuer)
        items = _changes(connection, issuer, after=after, until=until)
    write_csv(csv, CHANGE_COLUMNS, [vars(item) for item in items.items])
    rows = [[vars(item)[name] for name in SHOWN_COLUMNS] for item in items.items]
    document = items.model_dump(mode="json", exclude={"next"})
    return Answer(document, table(SHOWN_COLUMNS, rows))


def _check(status_list: object, from_version: int | None, to_version: int | None) -> None:
    given = {status_list is not None, from_version is not None, to_version is not None}
    if len(given) > 1:
        raise typer.BadParameter("--list, --from and --to go together")


def _changes(
    connection: Connection, issuer: str | None, *, after: int, until: int | None
) -> ChangesAnswer:
    answer = changes_answer(connection, issuer, after=after, until=until, limit=PAGE)
    items, following = list(answer.items), answer.next
    while following is not None:
        page = changes_answer(connection, issuer, after=following, until=answer.until, limit=PAGE)
        items, following = items + page.items, page.next
    return ChangesAnswer(after=after, until=answer.until, items=items, next=None)


def _of_list(
    connection: Connection, which: ListAndPurpose, *, versions: tuple[int, int], csv: Path | None
) -> Answer:
    answer = differences_answer(connection, which.list_id, which.purpose, versions=versions)
    rows = difference_rows(answer)
    write_csv(csv, DIFFERENCE_COLUMNS, rows)
    shown = {
        "from version": f"{answer.from_version}, as of event {answer.from_position}",
        "to version": f"{answer.to_version}, as of event {answer.to_position}",
        "entries that differ": len(rows),
    }
    listed = table(DIFFERENCE_COLUMNS, [[row[name] for name in DIFFERENCE_COLUMNS] for row in rows])
    return Answer(answer.model_dump(mode="json"), f"{facts(shown)}\n\n{listed}")
