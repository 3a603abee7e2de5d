"""On PostgreSQL: let a role run the registry that can append and read events and no more.

The role that owns the tables could drop the triggers that refuse changes; the service should not
be that role. What it needs is written here, one right a line: everything else is refused by the
database itself. It owns the views, because a rebuild makes and drops their tables.
"""

import re
from collections.abc import Iterable

from sqlalchemy import Connection, inspect

from registry.domain.errors import ConflictError, InvalidValueError
from registry.store.database import Database
from registry.store.tables import metadata, stored_events

APPENDED = ("access_log",)
"""Tables in which the service inserts and reads, and nothing else."""

_EVENTS = stored_events.name
_FUNCTION = "append_events(uuid[], bigint[], text[], bytea[])"


def let_serve(database: Database, role: str, *, views: Iterable[str]) -> None:
    """Give an existing role the rights that serving needs, and take the others; safe to repeat.

    `views` can be thrown away and rebuilt: the role becomes the owner of them and of their tables.
    To be called as the owner of the tables, with no view being rebuilt. Raises InvalidValueError
    for a role that is absent or could help itself to more, ConflictError on SQLite.
    """
    if database.is_sqlite:
        raise ConflictError(
            "SQLite keeps no roles apart", remedy="use PostgreSQL where others reach the database"
        )
    with database.writing(patient=True) as connection:
        _check(connection, role)
        name = connection.dialect.identifier_preparer.quote(role)
        for statement in [*_rights(connection, name), *_given(connection, name, views)]:
            connection.exec_driver_sql(statement)


def _check(connection: Connection, role: str) -> None:
    powers = "rolsuper, rolcreaterole, rolname = current_user"
    query = f"SELECT {powers} FROM pg_roles WHERE rolname = %s"
    found = connection.exec_driver_sql(query, (role,)).one_or_none()
    if found is None:
        raise InvalidValueError(
            f"there is no role {role!r}",
            field="ROLE",
            remedy="an administrator creates it first: CREATE ROLE … LOGIN PASSWORD …",
        )
    if any(found):
        raise InvalidValueError(
            f"{role!r} owns the tables or can give itself any right",
            field="ROLE",
            remedy="name a role that is neither superuser, CREATEROLE, nor the tables' owner",
        )


def _rights(connection: Connection, role: str) -> Iterable[str]:
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    yield f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}"
    for table in ("alembic_version", _EVENTS):
        yield f"REVOKE ALL ON {table} FROM PUBLIC, {role}"
        yield f"GRANT SELECT ON {table} TO {role}"
    yield f"GRANT EXECUTE ON FUNCTION {_FUNCTION} TO {role}"
    for table in metadata.tables:
        if table != _EVENTS:
            rights = "SELECT, INSERT" if table in APPENDED else "SELECT, INSERT, UPDATE, DELETE"
            yield f"REVOKE ALL ON {table} FROM PUBLIC, {role}"
            yield f"GRANT {rights} ON {table} TO {role}"
    yield f"GRANT USAGE ON SEQUENCE {APPENDED[0]}_entry_id_seq TO {role}"


def _given(connection: Connection, role: str, views: Iterable[str]) -> Iterable[str]:
    names = "|".join(map(re.escape, views))
    found = inspect(connection)
    for table in found.get_table_names():
        if re.fullmatch(rf"(?:{names})_g[0-9]+", table):
            yield f"ALTER TABLE {table} OWNER TO {role}"
    for view in found.get_view_names():
        if re.fullmatch(names, view):
            yield f"ALTER VIEW {view} OWNER TO {role}"
