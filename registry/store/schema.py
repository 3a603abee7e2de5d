"""Create and migrate what cannot be rebuilt: `registry db upgrade`, safe to start twice at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from registry.domain.errors import RegistryError
from registry.store.database import Database
from registry.store.view_owners import check_code

_MIGRATIONS = Path(__file__).with_name("migrations")
_UPGRADE_LOCK = 0x7265_6769_7374_7279  # "registry"


class SchemaError(RegistryError):
    """The database is not of the form this version needs."""


def upgrade(database: Database) -> None:
    """Bring the database to the newest form; a second caller waits and finds it done.

    Raises ForeignCodeError where that could run others' code, and changes nothing.
    """
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _UPGRADE_LOCK})
        check_code(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check(database: Database) -> None:
    """Raise SchemaError unless the database has the newest form."""
    with database.reading() as connection:
        found = _revision(connection)
    wanted = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise SchemaError(
            f"the database {database.url.database} holds no registry",
            remedy="name the registry's own with REGISTRY_DATABASE_URL; for a new one run: "
            "registry db upgrade",
        )
    if found != wanted:
        raise SchemaError(
            f"the database has form {found}, this version needs {wanted}",
            remedy="run: registry db upgrade",
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
