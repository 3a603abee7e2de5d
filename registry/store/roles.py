"""On PostgreSQL: let a role run the registry that can append and read events and no more.

The role that owns the tables could drop the triggers that refuse changes; the service should not
be that role. What it needs is written here, one right a line: everything else is refused by the
database itself. It owns the views, because a rebuild makes and drops their tables.
"""

import re
from collections.abc import Iterable

from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

from registry.domain.errors import ConflictError, InvalidValueError, RegistryError
from registry.store.database import Database
from registry.store.tables import metadata, stored_events
from registry.store.view_owners import check_code

APPENDED = ("access_log",)
"""Tables in which the service inserts and reads, and nothing else."""

_EVENTS = stored_events.name
_FUNCTION = "append_events(uuid[], bigint[], text[], bytea[])"


class MissingRightError(RegistryError):
    """The database does not let this role give these rights."""


def let_serve(database: Database, role: str, *, views: Iterable[str]) -> None:
    """Give an existing role the rights that serving needs, and take the others; safe to repeat.

    `views` can be thrown away and rebuilt: the role becomes the owner of them and of their tables.
    To be called as the owner of the tables, with no view being rebuilt. Raises InvalidValueError
    for a role that is absent or could help itself to more, MissingRightError where the caller may
    not do all of it, ForeignCodeError, ConflictError on SQLite.
    """
    if database.is_sqlite:
        raise ConflictError(
            "SQLite keeps no roles apart", remedy="use PostgreSQL where others reach the database"
        )
    with database.writing(patient=True) as connection:
        check_code(connection)
        _check(connection, role)
        name = connection.dialect.identifier_preparer.quote(role)
        try:
            for statement in [*_rights(connection, name), *_given(connection, role, views)]:
                connection.exec_driver_sql(statement)
        except ProgrammingError as error:
            raise _missing_right(error, name) from error
        _check_has_no_more(connection, role)


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


def _check_has_no_more(connection: Connection, role: str) -> None:
    """Raise for what the role has from elsewhere: as a member of others, or as a schema's owner."""
    query = """
        SELECT pg_has_role(%(role)s, table_.relowner, 'MEMBER')
            OR pg_has_role(%(role)s, schema_.nspowner, 'MEMBER')
            OR has_table_privilege(%(role)s, table_.oid,
                                   'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
            OR EXISTS (SELECT FROM pg_roles other WHERE (other.rolsuper OR other.rolcreaterole)
                       AND pg_has_role(%(role)s, other.oid, 'MEMBER'))
        FROM pg_class table_ JOIN pg_namespace schema_ ON schema_.oid = table_.relnamespace
        WHERE table_.oid = %(table)s::regclass
    """
    if connection.exec_driver_sql(query, {"role": role, "table": _EVENTS}).scalar_one():
        raise InvalidValueError(
            f"{role!r} can change the history as another role's member or as the schema's owner",
            field="ROLE",
            remedy="take its memberships, and the ownership of database and schema, from it first",
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
    """Yield what makes the role the owner of views and tables that it does not own yet."""
    names = f"^({'|'.join(map(re.escape, views))})(_g[0-9]+)?$"
    query = """
        SELECT quote_ident(relname) FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'v')
          AND relname ~ %(names)s AND pg_get_userbyid(relowner) <> %(role)s
        ORDER BY relkind, relname
    """
    found = connection.exec_driver_sql(query, {"names": names, "role": role}).scalars().all()
    quoted = connection.dialect.identifier_preparer.quote(role)
    # On a view, too, ALTER TABLE is what changes the owner.
    return [f"ALTER TABLE {name} OWNER TO {quoted}" for name in found]


def _missing_right(error: ProgrammingError, role: str) -> RegistryError:
    """Return what an administrator has to do first; raises any other error as it is."""
    if not isinstance(error.orig, InsufficientPrivilege):
        raise error
    return MissingRightError(
        str(error.orig.diag.message_primary),
        remedy=f"an administrator runs first: GRANT {role} TO (who owns the tables), "
        f"GRANT USAGE, CREATE ON SCHEMA (theirs) TO {role}",
    )
