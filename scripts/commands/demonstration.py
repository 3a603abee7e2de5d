"""Show a newcomer that it works: a real server, and four users over HTTPS."""

from contextlib import suppress
from typing import Annotated

import typer

from scripts.answers import Answer, Session, say, show
from scripts.arguments import command
from scripts.demo import place as places
from scripts.demo.report import next_steps, summary
from scripts.demo.scenario import play
from scripts.demo.server import running
from scripts.temporary_folder import folder_of, leave_on_sigterm

FEWEST = 10
MOST = 100_000


def add_to(app: typer.Typer) -> None:
    """Add `demo`."""
    command(app, "demo")(demo)


def demo(
    session: Session,
    credentials: Annotated[
        int, typer.Option(min=FEWEST, max=MOST, help="How many are issued.")
    ] = 1_000,
    database_url: Annotated[
        str | None, typer.Option(help="An empty database; SQLite unless given.")
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Keep the server running afterwards.")
    ] = False,
) -> int:
    """Play a demonstration.

    A real server with TLS starts on a free port of this machine. An operator registers a
    university; the university issues credentials, suspends, reinstates and revokes some; a
    verifier who knows nothing but the badges checks every one; an auditor replays the history.
    With --folder everything is kept there, and can be served again.

    Examples:
      registry demo
      registry demo --credentials 100 --json
      registry demo --folder my-demo --serve
    """
    leave_on_sigterm()
    with folder_of(session, prefix="registry-demo-") as folder:
        place = places.prepare(folder, database_url=database_url)
        say(f"A server starts at {place.base_url}; this takes a minute or so.")
        with running(place) as server:
            result = play(place, credentials)
            kept = session.folder is not None
            steps = next_steps(result, serving=serve, kept=kept)
            shown = f"{summary(result)}\n\n{steps}"
            show(session, Answer(result.document(), shown))
            if serve:
                with suppress(KeyboardInterrupt):
                    server.wait()
    return result.exit_code
