"""Look at the views, and make one anew."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from api.bootstrap import Registry
from projections import ALL, positions
from projections.projection import Projection
from projections.rebuild import rebuild
from scripts.answers import Answer, Session, facts, table
from scripts.arguments import command, group
from scripts.local import opened_as_is
from scripts.progress import progress

BY_NAME = {projection.name: projection for projection in ALL}


def add_to(app: typer.Typer) -> None:
    """Add `projections`."""
    projections = group(app, "projections", about="Look at the views, and make one anew.")
    command(projections, "status")(status)
    command(projections, "rebuild")(rebuild_some)


def status(session: Session) -> Answer:
    """Show how far each view is.

    That is up to which event it is folded, and what it could not read.

    Example:
      registry projections status
    """
    with opened_as_is(session) as registry:
        end = registry.history.end()
        with registry.database.snapshot() as connection:
            found = [_state(connection, projection, end) for projection in ALL]
    headers = ("name", "generation", "position", "behind", "frozen")
    shown = [[*(state[name] for name in headers[:4]), len(state["frozen"])] for state in found]
    return Answer({"end": end, "projections": found}, table(headers, shown))


def rebuild_some(
    session: Session,
    name: Annotated[
        str | None,
        typer.Argument(help="The view to make anew.", autocompletion=lambda: list(BY_NAME)),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every view, instead.")] = False,
    only_outdated: Annotated[
        bool, typer.Option("--outdated", help="Each view that an older version made, instead.")
    ] = False,
) -> Answer:
    """Make views anew from the history.

    It is read once for all of them. The new views are made beside the present ones; then both are
    compared, and the new ones are used. What an older version made in another form is not compared.

    Examples:
      registry projections rebuild credentials
      registry projections rebuild --all
      registry projections rebuild --outdated
    """
    if [name is not None, every, only_outdated].count(True) != 1:
        raise typer.BadParameter("name a view, or give --all or --outdated, one of the three")
    if name is not None and name not in BY_NAME:
        raise typer.BadParameter(f"there is no view {name!r}, but: {', '.join(BY_NAME)}")
    with opened_as_is(session) as registry:
        if name is not None:
            [rebuilt] = _rebuilt(registry, [BY_NAME[name]])
            return Answer(rebuilt, facts(rebuilt))
        found = _rebuilt(registry, ALL if every else positions.outdated(registry.database, ALL))
    shown = "\n\n".join(map(facts, found)) or "Every view has the form of this version."
    return Answer({"rebuilt": found}, shown)


def _rebuilt(registry: Registry, chosen: Sequence[Projection]) -> list[dict[str, Any]]:
    names = ", ".join(each.name for each in chosen)
    with progress(names, registry.history.end()) as bar:
        rebuilt = rebuild(registry.database, registry.history, chosen, on_page=bar.advance)
    return [vars(each) for each in rebuilt]


def _state(connection: Connection, projection: Projection, end: int) -> dict[str, Any]:
    place = positions.live(connection, projection.name)
    frozen = positions.frozen_streams(connection, place.generation)
    return {
        "name": projection.name,
        "generation": place.generation.number,
        "position": place.position,
        "behind": max(end - place.position, 0),
        "frozen": [vars(stream) for stream in frozen],
    }
