"""Look at the views, and make one anew."""

from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from api.bootstrap import Registry
from projections import ALL, positions
from projections.projection import Projection
from projections.rebuild import Rebuilt, rebuild
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
    only_outdated: Annotated[
        bool, typer.Option("--outdated", help="Each view that an older version made, instead.")
    ] = False,
) -> Answer:
    """Make a view anew from the history.

    That happens beside the present one; then both are compared, and the new one is used. One that
    an older version made in another form is not compared.

    Examples:
      registry projections rebuild credentials
      registry projections rebuild --outdated
    """
    if (name is None) is not only_outdated:
        raise typer.BadParameter("name a view or give --outdated, one of the two")
    if name is not None and name not in BY_NAME:
        raise typer.BadParameter(f"there is no view {name!r}, but: {', '.join(BY_NAME)}")
    with opened_as_is(session) as registry:
        chosen = [BY_NAME[name]] if name else positions.outdated(registry.database, ALL)
        rebuilt = [vars(_rebuild(registry, each)) for each in chosen]
    if name:
        return Answer(rebuilt[0], facts(rebuilt[0]))
    shown = "\n\n".join(map(facts, rebuilt)) or "Every view has the form of this version."
    return Answer({"rebuilt": rebuilt}, shown)


def _rebuild(registry: Registry, projection: Projection) -> Rebuilt:
    with progress(projection.name, registry.history.end()) as bar:
        return rebuild(registry.database, registry.history, projection, on_page=bar.advance)


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
