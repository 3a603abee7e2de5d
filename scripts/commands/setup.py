"""Make a registry and serve it."""

from pathlib import Path
from typing import Annotated

import typer

from api import server
from projections.process_roles import ProcessRole
from registry.store import installation, schema
from registry.store.database import StoreUnavailableError
from scripts import dev_server, new_registry, parent
from scripts.answers import Answer, Session, facts, say
from scripts.arguments import command
from scripts.local import assembled, existing


def add_to(app: typer.Typer) -> None:
    """Add `init` and `serve`."""
    command(app, "init")(init)
    command(app, "serve")(serve)


def init(
    session: Session,
    public_url: Annotated[
        str | None, typer.Option(help="Where verifiers will reach it; fixed for good.")
    ] = None,
    database_url: Annotated[
        str | None, typer.Option(help="PostgreSQL or SQLite; SQLite in the folder unless given.")
    ] = None,
    shard: Annotated[
        str | None, typer.Option(help="Its name, where several registries share the public URL.")
    ] = None,
) -> Answer:
    r"""Make a registry, ready to be served.

    That is a folder with settings and a master key, a database, and the first operator's API
    key. Safe to repeat. The API key is shown this once.

    Examples:
      registry init --public-url https://registry.example.org
      registry --folder /srv/registry init --public-url https://registry.example.org \
        --database-url postgresql://registry@localhost/registry
    """
    made = new_registry.make(session, public_url=public_url, database_url=database_url, shard=shard)
    if made.operator_api_key:
        say("Keep the API key: it is not stored and not shown again.")
    else:
        say("note: the operator's API key was shown at the first init; another is made by")
        say(f"  registry --folder {made.folder} api-key create --role operator --label NAME")
    say(f"Next: registry --folder {made.folder} serve")
    shown = {name: value for name, value in made.document().items() if value is not None}
    return Answer(made.document(), facts(shown))


def serve(  # noqa: PLR0913 - the options of one command, each by name
    session: Session,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
    certfile: Annotated[Path | None, typer.Option(help="The TLS certificate, in PEM.")] = None,
    keyfile: Annotated[Path | None, typer.Option(help="The key of the certificate.")] = None,
    metrics_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="0 serves no metrics.")
    ] = None,
    public_url: Annotated[
        str | None, typer.Option(help="Must be the one recorded at init.")
    ] = None,
    role: Annotated[
        list[ProcessRole] | None,
        typer.Option("--role", help="What to do, may be repeated; everything unless given."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Processes that answer HTTP; the rest is done beside."),
    ] = None,
    dev: Annotated[
        bool, typer.Option("--dev", help="Test issuers on this machine alone; asks for no key.")
    ] = False,
    until_stdin_closes: Annotated[bool, typer.Option(hidden=True)] = False,
) -> Answer | int:
    """Serve the registry until interrupted.

    With --dev it is a new one for others' test suites: an issuer for every securing mechanism, no
    authentication at the VC API, gone at the end unless --folder names where to keep it; with
    --json one line says where everything is once it answers.

    Examples:
      registry serve --certfile server.pem --keyfile server.key
      registry --folder /srv/registry serve --host 0.0.0.0 --port 443
      registry serve --dev --json --port 8443
      registry serve --workers 4
      registry serve --role projections --role publisher
    """
    if dev:
        if certfile or keyfile or public_url or metrics_port or role or workers:
            raise typer.BadParameter("--dev takes --host, --port, --folder and --json alone")
        dev_server.run(session, host=host, port=port, until_stdin_closes=until_stdin_closes)
        return 0
    settings = existing(
        session,
        host=host,
        port=port,
        certfile=certfile,
        keyfile=keyfile,
        metrics_port=metrics_port,
        public_url=public_url,
        roles=tuple(role) if role else None,
        workers=workers,
    )
    with assembled(settings) as registry:
        try:
            schema.check(registry.database)
            installation.check_public_url(registry.database, registry.public_url)
        except StoreUnavailableError as error:
            # Published lists are served from the folder while the database is away.
            say(f"warning: {error.reason}; serving what is published until it is back")
    if until_stdin_closes:
        parent.end_with_stdin()
    server.serve(settings)
    return Answer({"stopped": True}, "stopped")
