"""Create, migrate and check the database."""

from typing import Annotated

import typer

from api import bootstrap, founding
from projections import ALL
from projections.positions import prepare
from registry.store import roles, schema
from scripts.answers import Answer, Session
from scripts.arguments import command, group
from scripts.local import assembled, existing, read_settings


def add_to(app: typer.Typer) -> None:
    """Add `db`."""
    database = group(app, "db", about="Create, migrate and check the database.")
    command(database, "upgrade")(upgrade)
    command(database, "check")(check)
    command(database, "grant")(grant)


def upgrade(session: Session) -> Answer:
    """Bring the database to its newest form; safe to repeat.

    Example:
      registry db upgrade
    """
    with assembled(read_settings(session)) as registry:
        schema.upgrade(registry.database)
        # Before the views, which may be refused: a server that starts without a key makes leaves
        # that nobody signs, and from then on no key is made.
        founding.make_missing_log_key(registry.settings, registry.database)
        prepare(registry.database, ALL)
    return Answer({"upgraded": True}, "The database has the newest form.")


def check(session: Session) -> Answer:
    """Check the database.

    It must have the right form and belong to this public URL.

    Example:
      registry db check
    """
    with assembled(existing(session)) as registry:
        bootstrap.check(registry.database, registry.public_url, registry.erasing)
    document = {"sound": True, "public_url": registry.public_url}
    return Answer(document, f"The database is in order, for {registry.public_url}.")


def grant(
    session: Session,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="A login role of PostgreSQL.")],
) -> Answer:
    """Let a PostgreSQL role run the registry.

    It can append and read events, and do nothing else with them. To be run as the owner of the
    tables; the servers then connect as ROLE. Repeat it after an upgrade that adds tables.

    Example:
      registry db grant registry_service
    """
    views = [view for projection in ALL for view in projection.tables]
    with assembled(existing(session)) as registry:
        schema.check(registry.database)
        roles.let_serve(registry.database, role, views=views)
    return Answer({"role": role}, f"{role} may run the registry: it appends and reads events.")
