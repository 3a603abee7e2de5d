"""On PostgreSQL: keep the owner of the tables from running what the service's role may have made.

A trigger, the functions behind a view, an operator: all run with the rights of whoever uses the
table, the view or a query that they fit better than PostgreSQL's own. The service's role owns the
views and may create in the schema (see `roles`). So whoever could change the history does not use
them, and is asked to be the service instead. Looked at is the catalog alone, with nothing else on
the search path.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, event

from registry.domain.errors import RegistryError
from registry.store.database import Database
from registry.store.tables import stored_events

Execute = Callable[..., Any]
"""Runs a statement on a connection of SQLAlchemy's or of the driver's."""

_WHO_COULD_CHANGE_EVENTS = "pg_has_role(session_user, events.relowner, 'MEMBER')"
"""Of the session's user, because a function can end SET ROLE."""

_VIEW = f"""
    SELECT pg_get_userbyid(view_.relowner)::text
    FROM pg_class events JOIN pg_class view_ ON view_.relnamespace = events.relnamespace
    WHERE events.oid = to_regclass(%(events)s) AND view_.relname ~ %(names)s
      AND view_.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND {_WHO_COULD_CHANGE_EVENTS}
      AND NOT pg_has_role(view_.relowner, events.relowner, 'MEMBER')
    LIMIT 1
"""
_CODE = f"""
    SELECT pg_get_userbyid(code.owner)::text
    FROM (SELECT proowner AS owner, pronamespace AS schema_ FROM pg_proc
          UNION ALL SELECT oprowner, oprnamespace FROM pg_operator) code
    JOIN pg_class events ON events.relnamespace = code.schema_
    WHERE events.oid = to_regclass(%(events)s) AND {_WHO_COULD_CHANGE_EVENTS}
      AND NOT pg_has_role(code.owner, events.relowner, 'MEMBER')
      AND has_table_privilege(code.owner, events.oid, 'SELECT')
    LIMIT 1
"""


class OwnerUsesViewsError(RegistryError):
    """The views belong to the service's role, and this role could change the history."""


class ForeignCodeError(RegistryError):
    """Somebody who runs the registry has put code where the tables' owner would run it."""


def check_views(database: Database, views: Iterable[str]) -> None:
    """Raise OwnerUsesViewsError where reading or filling views could change the history.

    Where one role owns both, as on SQLite, there is nobody to beware of.
    """
    if database.is_sqlite:
        return
    with database.snapshot() as connection:
        _check_views(connection.exec_driver_sql, views)


def check_views_whenever_connected(database: Database, views: Iterable[str]) -> None:
    """Let every connection that is made from now on be refused as `check_views` refuses.

    For a server, which starts without a look at a database that is away.
    """
    names = list(views)

    def check(connection: Any, _record: object) -> None:
        try:
            _check_views(connection.execute, names)
        except OwnerUsesViewsError:
            connection.close()
            raise
        connection.rollback()

    if not database.is_sqlite:
        event.listen(database.engine, "connect", check)


def _check_views(execute: Execute, views: Iterable[str]) -> None:
    names = f"^({'|'.join(map(re.escape, views))})(_g[0-9]+)?$"
    found = _first(execute, _VIEW, names=names)
    if found is not None:
        raise OwnerUsesViewsError(
            f"the views belong to {found}, whose code they could run with the rights of this role",
            field="database_url",
            remedy=f"connect as the role that serves: {found}",
        )


def check_code(connection: Connection) -> None:
    """Raise ForeignCodeError where who serves has made functions or operators beside the tables.

    The registry makes none as the service. To be called first in a transaction of the owner's.
    """
    if connection.dialect.name == "sqlite":
        return
    found = _first(connection.exec_driver_sql, _CODE)
    if found is not None:
        raise ForeignCodeError(
            f"{found} has made functions or operators in the schema of the tables",
            remedy="find out why, and drop them: the registry itself makes none as that role",
        )


def hide_schema(execute: Execute) -> str:
    """Let names mean PostgreSQL's own until the transaction ends; return the schema, quoted."""
    schema = _one(execute("SELECT pg_catalog.quote_ident(pg_catalog.current_schema())"))
    execute("SET LOCAL search_path = pg_catalog, pg_temp")
    return str(schema)


def _first(execute: Execute, query: str, **parameters: str) -> str | None:
    path = _one(execute("SHOW search_path"))
    events = f"{hide_schema(execute)}.{stored_events.name}"
    found = _one(execute(query, {"events": events, **parameters}))
    execute("SELECT set_config('search_path', %(path)s, true)", {"path": path})
    return None if found is None else str(found)


def _one(result: Any) -> Any:
    row = result.fetchone()
    return row[0] if row else None
