"""Look at the views, and make one anew."""

from typing import Annotated, Any

import typer
from sqlalchemy import Connection

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
    command(projections, "rebuild")(rebuild_one)


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


def rebuild_one(
    session: Session,
    name: Annotated[
        str, typer.Argument(help="The view to make anew.", autocompletion=lambda: list(BY_NAME))
    ],
) -> Answer:
    """Make a view anew from the history.

    That happens beside the present one; then both are compared, and the new one is used.

    Example:
      registry projections rebuild credentials
    """
    if name not in BY_NAME:
        raise typer.BadParameter(f"there is no view {name!r}, but: {', '.join(BY_NAME)}")
    with opened_as_is(session) as registry, progress("events", registry.history.end()) as bar:
        rebuilt = rebuild(registry.database, registry.history, BY_NAME[name], on_page=bar.advance)
    return Answer(vars(rebuilt), facts(vars(rebuilt)))


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
