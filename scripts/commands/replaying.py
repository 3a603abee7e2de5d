"""Replay the history: what it was at a position, or whether everything is what it makes."""

from collections import Counter
from dataclasses import asdict
from typing import Annotated, Any

import typer

from projections.credentials import VIEW as CREDENTIALS
from projections.differences import Outcome
from projections.fold import Fold
from projections.status_lists import STATUS_ARRAYS
from scripts.answers import FAILED, Answer, Session, facts
from scripts.arguments import command
from scripts.local import audited
from scripts.progress import progress


def add_to(app: typer.Typer) -> None:
    """Add `replay`."""
    command(app, "replay")(replay)


def replay(
    session: Session,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare everything there is with the events.")
    ] = False,
    all_versions: Annotated[
        bool, typer.Option("--all-versions", help="Every version ever published, not the last.")
    ] = False,
    until_position: Annotated[
        int | None, typer.Option(min=0, help="Fold no further than this event.")
    ] = None,
) -> Answer:
    """Fold the whole history anew.

    That happens in memory and needs no key, not even the master key; nothing is changed.

    Examples:
      registry replay --until-position 1000
      registry replay --verify --all-versions
    """
    _check(verify=verify, all_versions=all_versions, until_position=until_position)
    with audited(session) as audit, progress("events", audit.history.end()) as bar:
        if verify:
            return _outcome(audit.replay.verify(all_versions=all_versions, on_event=bar.reach))
        end = audit.history.end() if until_position is None else until_position
        return _state(audit.replay.until(end, on_event=bar.reach), end)


def _check(*, verify: bool, all_versions: bool, until_position: int | None) -> None:
    if verify and until_position is not None:
        raise typer.BadParameter("--until-position does not go with --verify")
    if all_versions and not verify:
        raise typer.BadParameter("--all-versions goes with --verify")


def _outcome(outcome: Outcome) -> Answer:
    document = asdict(outcome) | {"identical": outcome.identical}
    shown = {name: value for name, value in document.items() if name != "difference"}
    if (found := outcome.difference) is not None:
        shown["difference"] = (
            f"{found.what}: the events make it {found.expected}, found was {found.found}"
        )
        shown["goes back to event"] = found.position
    return Answer(document, facts(shown), exit_code=0 if outcome.identical else FAILED)


def _state(fold: Fold, position: int) -> Answer:
    """Show what the registry said as of an event: statuses and lists, and how many of the rest."""
    tables = {table: rows for view in fold.rows.values() for table, rows in view.tables.items()}
    counts = {table: len(rows) for table, rows in sorted(tables.items())}
    statuses = Counter(row["status"] for row in tables.get(CREDENTIALS, {}).values())
    lists = [
        {"list_id": list_id, "purpose": purpose, "set": row["bits"].count()}
        for (list_id, purpose), row in tables.get(STATUS_ARRAYS, {}).items()
    ]
    document = {"position": position, "rows": counts, "statuses": dict(statuses), "lists": lists}
    shown: dict[str, Any] = {"position": position} | counts
    shown |= {f"credentials {status}": count for status, count in sorted(statuses.items())}
    shown |= {f"set in {each['list_id']}/{each['purpose']}": each["set"] for each in lists}
    return Answer(document, facts(shown))
