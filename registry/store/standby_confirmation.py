"""On PostgreSQL with a synchronous standby: notice where a commit did not wait for the standby.

A commit that waits for a standby is seen by nobody until the standby has it. `pg_cancel_backend`
ends the wait: the commit then succeeds with a warning, and is seen, though only the primary has it.
So it is after `pg_terminate_backend` and after a crash of the primary, which shows once it is back
what it had not had confirmed. No timeout ends the wait: statement_timeout, lock_timeout and
transaction_timeout are off by the time a transaction commits.
"""

from typing import Any

from sqlalchemy import Connection

_UNCONFIRMED = "a commit did not wait for the standby"
_WAITING = "SyncRepWaitForLSN"
"""Where in PostgreSQL the warning is raised; its text is translated, and its code says nothing."""


def watch(dbapi_connection: Any, record: Any) -> None:
    """Remember of a new connection whether one of its commits ended without the standby."""

    def notice(diagnostic: Any) -> None:
        if diagnostic.source_function == _WAITING:
            record.info[_UNCONFIRMED] = True

    dbapi_connection.add_notice_handler(notice)


def was_cut_short(connection: Connection) -> bool:
    """Return whether the last commit of a connection ended without the standby, and forget it."""
    return bool(connection.info.pop(_UNCONFIRMED, False))


def durability_warnings(connection: Connection) -> list[str]:
    """Return what of the server's settings could lose what it has acknowledged."""
    if connection.dialect.name == "sqlite":
        return []
    names = ("fsync", "full_page_writes", "synchronous_commit", "synchronous_standby_names")
    found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names}
    warnings = [
        f"PostgreSQL's {name} is off: a crash of its machine can damage the database"
        for name in names[:2]
        if found[name] == "off"
    ]
    lost = unsafe_commit(found["synchronous_commit"], found["synchronous_standby_names"])
    return [*warnings, *([lost] if lost else [])]


def unsafe_commit(synchronous_commit: str, standbys: str) -> str | None:
    """Return why commits under these settings can be lost once they returned, None if not."""
    if synchronous_commit == "off":
        return "PostgreSQL's synchronous_commit is off, so what is acknowledged could be lost"
    if standbys and synchronous_commit in {"local", "remote_write"}:
        return (
            f"PostgreSQL's synchronous_commit is {synchronous_commit}, so what is acknowledged is "
            f"not yet on the disk of the standbys it names ({standbys})"
        )
    return None
