"""Replay the history: what it was at a position, or whether everything is what it makes."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from projections.credentials import VIEW as CREDENTIALS
from projections.differences import Outcome
from projections.fold import Fold
from projections.past.moments import position_in
from projections.rows import MemoryRows
from projections.status_lists import STATUS_ARRAYS
from projections.transparency.tampering import Tampered
from projections.transparency.trusted_checkpoints import Brought
from scripts.answers import FAILED, Answer, Session, facts
from scripts.arguments import CsvOption, UntilTimeOption, command, file_option
from scripts.commands.receipts import read_policy
from scripts.csv_files import write_csv
from scripts.local import audited
from scripts.progress import progress, stages

STATUS_COLUMNS = ("credential_id", "issuer_id", "status", "status_since", "reason", "version")


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
    until_time: UntilTimeOption = None,
    csv: CsvOption = None,
    checkpoint: Annotated[
        Path | None,
        file_option(about="A checkpoint of the log that you kept: is it still extended?"),
    ] = None,
    policy: Annotated[
        Path | None,
        file_option(about="Whom to believe of the log (C2SP tlog-policy), not its folder."),
    ] = None,
) -> Answer:
    """Fold the whole history anew.

    That needs no key, not even the master key; nothing is changed.

    With --verify the stored events are held against the signed log first, then everything else
    against the events.

    Examples:
      registry replay --until-position 1000
      registry replay --until-time 2026-01-31T12:00:00Z --csv statuses.csv
      registry replay --verify --all-versions
      registry replay --verify --checkpoint kept-last-year --policy policy
    """
    brought = Brought(
        checkpoint=checkpoint.read_bytes() if checkpoint else None,
        policy=read_policy(policy) if policy else None,
    )
    bounds = (until_position, until_time, csv)
    _check(verify=verify, all_versions=all_versions, bounds=bounds)
    if verify:
        with audited(session) as audit, stages() as bars:
            found = audit.replay.verify(
                all_versions=all_versions, brought=brought, on_progress=bars.reach
            )
            return _outcome(found)
    if not brought.is_nothing:
        raise typer.BadParameter("--checkpoint and --policy go with --verify")
    with audited(session) as audit, progress("events", audit.history.end()) as bar:
        end = audit.history.end() if until_position is None else until_position
        if until_time is not None:
            end = position_in(audit.history, until_time)
        fold = audit.replay.until(end, on_event=bar.reach)
    statuses = fold.rows[CREDENTIALS].tables[CREDENTIALS].values()
    write_csv(csv, STATUS_COLUMNS, statuses)
    return _state(fold, end)


def _check(*, verify: bool, all_versions: bool, bounds: tuple[object, object, object]) -> None:
    position, time, _csv = bounds
    if verify and bounds != (None, None, None):
        raise typer.BadParameter("--until-… and --csv do not go with --verify")
    if position is not None and time is not None:
        raise typer.BadParameter("--until-position and --until-time say the same: give one")
    if all_versions and not verify:
        raise typer.BadParameter("--all-versions goes with --verify")


def _outcome(outcome: Outcome) -> Answer:
    document = asdict(outcome) | {"identical": outcome.identical}
    shown = {name: value for name, value in document.items() if not isinstance(value, dict | None)}
    if outcome.leaves is None:
        shown["leaves"] = "no checkpoint was signed yet to hold the events against"
    if outcome.tampered is not None:
        shown["tampered"] = _tampered(outcome.tampered)
    if (found := outcome.difference) is not None:
        shown["difference"] = (
            f"{found.what}: the events make it {found.expected}, found was {found.found}"
        )
        shown["goes back to event"] = found.position
    return Answer(document, facts(shown), exit_code=0 if outcome.identical else FAILED)


def _tampered(found: Tampered) -> str:
    """Say which event is the first that somebody changed, and how."""
    where = "an event" if found.position is None else f"event {found.position}"
    place = f"version {found.version} of stream {found.stream}, leaf {found.leaf} of the log"
    return f"{where} was {found.kind}: {found.topic}, {place}; {found.detail}"


def _state(fold: Fold[MemoryRows], position: int) -> Answer:
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
