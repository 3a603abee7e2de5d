"""Create, migrate and check the database."""

import typer

from api import bootstrap
from projections import ALL
from projections.positions import prepare
from registry.store import schema
from scripts.answers import Answer, Session
from scripts.arguments import command, group
from scripts.local import assembled, existing, read_settings


def add_to(app: typer.Typer) -> None:
    """Add `db`."""
    database = group(app, "db", about="Create, migrate and check the database.")
    command(database, "upgrade")(upgrade)
    command(database, "check")(check)


def upgrade(session: Session) -> Answer:
    """Bring the database to its newest form; safe to repeat.

    Example:
      registry db upgrade
    """
    with assembled(read_settings(session)) as registry:
        schema.upgrade(registry.database)
        prepare(registry.database, ALL)
    return Answer({"upgraded": True}, "The database has the newest form.")


def check(session: Session) -> Answer:
    """Check the database.

    It must have the right form and belong to this public URL.

    Example:
      registry db check
    """
    with assembled(existing(session)) as registry:
        bootstrap.check(registry.database, registry.public_url)
    document = {"sound": True, "public_url": registry.public_url}
    return Answer(document, f"The database is in order, for {registry.public_url}.")
