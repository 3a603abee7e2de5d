"""Replay the history: what it was at a position, or whether everything is what it makes."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from api.bootstrap import Registry
from projections import ALL
from projections.fold import Fold
from projections.replay import Outcome, Replay
from scripts.answers import FAILED, Answer, Session, facts
from scripts.arguments import command
from scripts.local import opened
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

    That happens in memory and needs no private key; nothing is changed.

    Examples:
      registry replay --until-position 1000
      registry replay --verify --all-versions
    """
    _check(verify=verify, all_versions=all_versions, until_position=until_position)
    with opened(session) as registry, progress("events", registry.history.end()) as bar:
        replayed = _replay_of(registry)
        if verify:
            outcome = replayed.verify(all_versions=all_versions, on_event=bar.reach)
            return _outcome(outcome)
        end = registry.history.end() if until_position is None else until_position
        return _state(replayed.until(end, on_event=bar.reach), end)


def _check(*, verify: bool, all_versions: bool, until_position: int | None) -> None:
    if verify and until_position is not None:
        raise typer.BadParameter("--until-position does not go with --verify")
    if all_versions and not verify:
        raise typer.BadParameter("--all-versions goes with --verify")


def _replay_of(registry: Registry) -> Replay:
    return Replay(
        database=registry.database,
        history=registry.history,
        folder=registry.folder,
        public_url=registry.public_url,
        projections=ALL,
    )


def _outcome(outcome: Outcome) -> Answer:
    document = asdict(outcome) | {"identical": outcome.identical}
    shown = {name: value for name, value in document.items() if name != "difference"}
    if outcome.difference is not None:
        shown |= {f"difference: {name}": value for name, value in document["difference"].items()}
    return Answer(document, facts(shown), exit_code=0 if outcome.identical else FAILED)


def _state(fold: Fold, position: int) -> Answer:
    rows = {
        table: len(kept)
        for view in fold.rows.values()
        for table, kept in sorted(view.tables.items())
    }
    document: dict[str, Any] = {"position": position, "rows": rows}
    return Answer(document, facts({"position": position} | rows))
