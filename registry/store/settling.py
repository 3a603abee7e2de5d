"""Make what was deleted disappear from the database's files, and say whether it is gone.

**SQLite** overwrites what is deleted with zeros (`secure_delete`, see `database`), first in the
write-ahead log. Once the log was copied into the database file and cut to nothing, no file holds
the old bytes. A reader can be in the way; then it is tried again.

**PostgreSQL** keeps deleted rows in three places, and clears none by itself in a known time:

1. the tables. VACUUM frees the space but leaves the bytes, so the tables are written anew
   (VACUUM FULL), once nobody's snapshot can see the deleted rows any more;
2. the planner's statistics, which hold sample values of columns: they are dropped for the
   columns in question, and not gathered again;
3. the write-ahead log. Segments before the last checkpoint go, unless archiving, a standby's slot
   or `wal_keep_size` wants them; but PostgreSQL gives old segments new names and writes over them
   later. So the log is moved on until it has passed every segment that was there: the switch to
   the next segment fills the rest of the present one with zeros.

What this cannot reach: archived segments, base backups, standbys' own files, snapshots of volumes,
blocks that the file system has released.
"""

import time
from typing import Any

from psycopg import errors

from registry.store.database import Database
from registry.store.tables import documents, notes, secrets, subjects

BUSY_MILLISECONDS = 200
"""How long a checkpoint on SQLite waits for readers; the thread that calls has more to do."""

MOST_SEGMENTS = 256
"""How many segments the log is moved on at most: 4 GiB at the usual size of a segment."""

_WHO_MAY = "REGISTRY_OWNER_DATABASE_URL names the role that may"

_COLUMNS = (
    (secrets.name, "wrapped", "bytea"),
    (subjects.name, "person", "bytea"),
    (subjects.name, "identifier_hash", "text"),
    (documents.name, "ciphertext", "bytea"),
    (notes.name, "ciphertext", "bytea"),
)
_TABLES = ("secrets", "subjects", "documents", "notes")

_OLD_SNAPSHOTS = """
    SELECT 'session ' || pid FROM pg_stat_activity
    WHERE age(backend_xmin) > age(%(xid)s::xid) AND pid <> pg_backend_pid()
      AND coalesce(datname, current_database()) = current_database()
    UNION ALL SELECT 'replication slot ' || slot_name FROM pg_replication_slots
    WHERE greatest(age(xmin), age(catalog_xmin)) > age(%(xid)s::xid)
    UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts
    WHERE age(transaction) > age(%(xid)s::xid)
"""
_SEGMENTS = "SELECT name FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'"
_MOVE_ON = "SELECT pg_logical_emit_message(false, 'registry', 'turn over')"


def settle_quickly(database: Database) -> str | None:
    """Do what costs little, and return what is in the way, None once no file holds old bytes.

    On SQLite that is enough; on PostgreSQL nothing that costs little is.
    """
    if not database.is_sqlite:
        return "PostgreSQL keeps deleted bytes; an operator runs: registry erasures settle"
    with database.unpooled() as connection:
        return _cut_log(connection)


def settle(database: Database, *, wait_seconds: float = 10.0) -> str | None:
    """Do all it takes, and return what is in the way, None once no file holds old bytes.

    For an operator who may wait: tables are locked while they are rewritten. On PostgreSQL the
    role must own the tables and the database, be a member of `pg_checkpoint` and `pg_monitor`,
    and may execute `pg_switch_wal`.
    """
    with database.unpooled() as connection:
        if database.is_sqlite:
            connection.execute("VACUUM")
            return _cut_log(connection)
        try:
            return _settle_postgres(connection, wait_seconds)
        except errors.InsufficientPrivilege as error:
            return f"{error.diag.message_primary} ({_WHO_MAY})"
        except errors.LockNotAvailable as error:
            return str(error.diag.message_primary)


def _cut_log(connection: Any) -> str | None:
    connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return "somebody is reading the database" if busy else None


def _settle_postgres(connection: Any, wait_seconds: float) -> str | None:
    connection.execute("SET statement_timeout = 0")
    schema = _one(connection, "SELECT pg_catalog.quote_ident(pg_catalog.current_schema())")
    # The owner runs this: a function that another role has made must not be found by its name.
    connection.execute("SET search_path = pg_catalog, pg_temp")
    in_the_way = _wait_for_old_snapshots(connection, wait_seconds)
    if in_the_way:
        return f"deleted rows can still be seen by: {', '.join(in_the_way)}"
    for table, column, type_name in _COLUMNS:
        # A column's statistics are dropped whenever its type is set, even to what it is.
        change = f"ALTER COLUMN {column} SET STATISTICS 0, ALTER COLUMN {column} TYPE {type_name}"
        connection.execute(f"ALTER TABLE {schema}.{table} {change}")
    for table in (*(f"{schema}.{table}" for table in _TABLES), "pg_catalog.pg_statistic"):
        connection.execute(f"VACUUM (FULL) {table}")
    return _turn_log_over(connection)


def _wait_for_old_snapshots(connection: Any, wait_seconds: float) -> list[str]:
    """Wait until nobody sees what was deleted; return who still does."""
    xid = _one(connection, "SELECT pg_current_xact_id()::xid::text")
    deadline = time.monotonic() + wait_seconds
    while True:
        found = [row[0] for row in connection.execute(_OLD_SNAPSHOTS, {"xid": xid})]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def _turn_log_over(connection: Any) -> str | None:
    """Move the write-ahead log past every segment that may hold old bytes."""
    last = _place(_one(connection, "SELECT pg_walfile_name(pg_current_wal_insert_lsn())"))
    _switch(connection)
    connection.execute("CHECKPOINT")
    segments = [_place(row[0]) for row in connection.execute(_SEGMENTS)]
    kept = sum(segment <= last for segment in segments)
    if kept:
        return f"{kept} old segments of the log are kept for archiving, a slot or wal_keep_size"
    # What lies ahead has been renamed from what was before, and keeps its bytes until then.
    for _ in range(MOST_SEGMENTS):
        if _place(_switch(connection)) > max(segments):
            return None
    return f"the log keeps more than {MOST_SEGMENTS} segments ahead"


def _switch(connection: Any) -> str:
    """End the present segment of the log, filled up with zeros; return the name of the next."""
    connection.execute(_MOVE_ON)
    connection.execute("SELECT pg_switch_wal()")
    connection.execute(_MOVE_ON)
    return _one(connection, "SELECT pg_walfile_name(pg_current_wal_insert_lsn())")


def _place(segment: str) -> str:
    """Return a segment's place in the log: its name without the eight digits of the timeline."""
    return segment[8:]


def _one(connection: Any, query: str) -> str:
    return str(connection.execute(query).fetchone()[0])
