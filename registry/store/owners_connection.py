"""A second connection for the little that only the owner of the tables may do on PostgreSQL.

Everything else runs as the role that serves: see `view_owners` for why the owner reads no view.
"""

from registry.domain.errors import InvalidValueError
from registry.store.database import Database

_WHICH = """
    SELECT pg_postmaster_start_time()::text, current_schema()::text, oid::text
    FROM pg_database WHERE datname = current_database()
"""


class OwnersConnection:
    """Gives the owner's way to the database at `url`; without one, the way everybody takes."""

    def __init__(self, database: Database, url: str | None) -> None:
        self._database = database
        self._owners = Database(url, pool_size=1) if url else None

    def database(self) -> Database:
        """Return the database as the owner reaches it.

        Raises InvalidValueError where that is another one: what is done there would be taken for
        done here.
        """
        if self._owners is None:
            return self._database
        if self._database.is_sqlite or _which(self._owners) != _which(self._database):
            raise InvalidValueError(
                "it is not the registry's own database and schema",
                field="owner_database_url",
                remedy="give the URL of the same database, with the role that owns the tables",
            )
        return self._owners

    def close(self) -> None:
        """Close what was opened for the owner."""
        if self._owners is not None:
            self._owners.close()


def _which(database: Database) -> tuple[str, ...]:
    with database.reading() as connection:
        return tuple(connection.exec_driver_sql(_WHICH).one())
