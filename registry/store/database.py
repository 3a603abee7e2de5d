"""One connection pool for everything the registry stores, on SQLite or PostgreSQL.

A transaction that writes takes SQLite's write lock when it begins (BEGIN IMMEDIATE): a deferred
one that reads first fails at its first write when another process wrote in between.
"""

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from registry.domain.errors import RegistryError
from registry.store import standby_confirmation
from registry.store.database_urls import read_database_url, without_pooler
from registry.store.folders import try_lock

BUSY_SECONDS = 5
LOCK_SECONDS = 5
IDLE_IN_TRANSACTION_SECONDS = 30
STATEMENT_SECONDS = 60
CONNECT_SECONDS = 3
TRUSTED_SECONDS = 1.0
"""A connection used more recently is taken for living without asking."""

# A server whose machine is gone sends nothing more: about twelve seconds of that are taken for it.
_NOTICE_SILENCE = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 12_000,
}


_USED_AT = "when the connection was last used"


class StoreUnavailableError(RegistryError):
    """The database cannot be reached or is locked; nothing was changed."""


class Database:
    """A pool of connections to the database at `url`; connects when first used, not before."""

    several = "read-write"
    """Which of several servers in the URL is meant."""
    is_standby = False
    """Whether what others know of the database may not be seen in it yet."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        parsed = read_database_url(url, several=self.several)
        parsed, is_pooled = without_pooler(parsed)
        self.url = parsed
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.engine = create_engine(
            parsed,
            poolclass=QueuePool,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=BUSY_SECONDS,
            skip_autocommit_rollback=not self.is_sqlite,  # There we begin and end it ourselves.
            hide_parameters=True,  # A message of the driver ends up in logs.
            connect_args=(
                _sqlite_arguments() if self.is_sqlite else _postgres_arguments(pooled=is_pooled)
            ),
        )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            event.listen(self.engine, "connect", standby_confirmation.watch)
            event.listen(self.engine, "checkin", _note_use)
            event.listen(self.engine, "checkout", self._ask_after_rest)
        if is_pooled:
            event.listen(self.engine, "begin", _limit)
        # Behind a pooler the limits need a transaction, on SQLite several reads need one.
        self._each_by_itself = (
            self.engine
            if self.is_sqlite or is_pooled
            else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection for statements that read: all of one snapshot on SQLite.

        On PostgreSQL each is by itself, which spares two ways to the server: nothing is kept or
        set until a later one. Raises StoreUnavailableError.
        """
        with _unavailable_when_it_fails(), self._each_by_itself.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self, *, patient: bool = False, of: Sequence[str] = ()) -> Iterator[Connection]:
        """Give a connection whose statements all see the same moment, on both databases.

        With `patient` the transaction may wait and its statements may run as long as they need.
        The views named in `of` are not replaced meanwhile: on PostgreSQL a view made after the
        moment is found all the same, and few of its rows are seen, or none.
        """
        with _unavailable_when_it_fails(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            if patient:
                self._lift_limits(connection)
            if of and not self.is_sqlite:
                # The first statement that sees anything begins the moment; this one sees nothing.
                connection.exec_driver_sql(f"LOCK TABLE {', '.join(of)} IN ACCESS SHARE MODE")
            yield connection

    @contextmanager
    def writing(self, *, patient: bool = False) -> Iterator[Connection]:
        """Give a connection in a transaction that commits on leaving, durable on return.

        Raises StoreUnavailableError; where that happens on COMMIT the outcome is unknown and
        the caller must read before it repeats.
        """
        with _unavailable_when_it_fails(), self.engine.connect() as connection:
            connection.execution_options(writes=True)
            with connection.begin():
                if patient:
                    self._lift_limits(connection)
                yield connection
            if standby_confirmation.was_cut_short(connection):
                raise _unconfirmed()

    @contextmanager
    def committing_each(self) -> Iterator[Connection]:
        """Give a connection for one statement that writes, durable on leaving.

        What `writing` does, without the two further ways to the server. Raises likewise.
        """
        if self._each_by_itself is self.engine:
            with self.writing() as connection:
                yield connection
            return
        with self.reading() as connection:
            yield connection
            if standby_confirmation.was_cut_short(connection):
                raise _unconfirmed()

    def confirm(self) -> None:
        """Return once whatever was seen before is as durable as commits are on this database.

        With a synchronous standby the primary may show what only it has (`standby_confirmation`);
        what came before a commit is on the standby with it. Raises StoreUnavailableError.
        """
        if not self.is_sqlite:
            with self.committing_each() as connection:
                # A commit waits only where something was written, if for nobody to read.
                connection.exec_driver_sql("SELECT pg_logical_emit_message(true, 'registry', '')")

    @contextmanager
    def unpooled(self) -> Iterator[Any]:
        """Give a driver's connection of its own, each statement by itself, for maintenance.

        What is set on it stays there: it is closed on leaving. Only reaching the database is
        answered with StoreUnavailableError; the driver's other errors come as they are.
        """
        with _unavailable_when_it_fails():
            pooled = self.engine.raw_connection()
        connection = pooled.driver_connection
        pooled.detach()
        try:
            if not self.is_sqlite:
                connection.autocommit = True  # type: ignore[union-attr] # psycopg's own
            yield connection
        finally:
            pooled.close()

    @contextmanager
    def alone(self, *works: str) -> Iterator[bool]:
        """Say whether no other process does any of `works`; keep others from them until leaving."""
        alone = self._alone_on_sqlite if self.is_sqlite else self._alone_on_postgres
        with alone(works) as won:
            yield won

    @contextmanager
    def _alone_on_sqlite(self, works: Sequence[str]) -> Iterator[bool]:
        paths = [Path(f"{self.url.database}.{work}.lock") for work in works]
        with ExitStack() as files:
            yield all(try_lock(files.enter_context(path.open("w"))) for path in paths)

    @contextmanager
    def _alone_on_postgres(self, works: Sequence[str]) -> Iterator[bool]:
        digests = [hashlib.sha256(work.encode()).digest() for work in works]
        keys = [int.from_bytes(digest[:8], "big", signed=True) for digest in digests]
        with self.snapshot(patient=True) as connection:
            query = text("SELECT pg_try_advisory_xact_lock(:key)")
            yield all(connection.execute(query, {"key": key}).scalar_one() for key in keys)

    def _ask_after_rest(self, dbapi_connection: Any, record: Any, _fairy: object) -> None:
        """Have the pool make new connections where this one, unused for a while, is dead."""
        if time.monotonic() - record.info.get(_USED_AT, time.monotonic()) < TRUSTED_SECONDS:
            return
        try:
            self.engine.dialect.do_ping(dbapi_connection)
        except psycopg.Error as error:
            raise InvalidatePoolError from error

    def _lift_limits(self, connection: Connection) -> None:
        if not self.is_sqlite:
            for limit in ("idle_in_transaction_session_timeout", "statement_timeout"):
                connection.exec_driver_sql(f"SET LOCAL {limit} = 0")

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


@contextmanager
def _unavailable_when_it_fails() -> Iterator[None]:
    try:
        yield
    except (OperationalError, PoolTimeoutError) as error:
        raise _unavailable(error) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _unavailable(error) from error
        raise


def _unavailable(error: Exception) -> StoreUnavailableError:
    cause = getattr(error, "orig", None) or error
    return StoreUnavailableError(
        f"the database did not answer: {type(cause).__name__}",
        remedy="repeat the request with the same Idempotency-Key in a moment",
    )


def _unconfirmed() -> StoreUnavailableError:
    return StoreUnavailableError(
        "the standby has not confirmed the change, which may be lost with the primary",
        remedy="repeat the request with the same Idempotency-Key once the standby is back",
    )


def _note_use(_dbapi_connection: Any, record: Any) -> None:
    record.info[_USED_AT] = time.monotonic()


def _sqlite_arguments() -> dict[str, Any]:
    return {"timeout": BUSY_SECONDS, "check_same_thread": False}


def _limits() -> dict[str, int]:
    """Return PostgreSQL's limits in milliseconds."""
    return {
        "lock_timeout": LOCK_SECONDS * 1000,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_SECONDS * 1000,
        "statement_timeout": STATEMENT_SECONDS * 1000,
    }


def _postgres_arguments(*, pooled: bool) -> dict[str, Any]:
    """Return how to connect: behind a pooler nothing stays with a connection, nor is prepared."""
    options = " ".join(f"-c {name}={value}" for name, value in _limits().items())
    lasting = (
        {"prepare_threshold": None} if pooled else {"options": options, "prepare_threshold": 2}
    )
    return {"connect_timeout": CONNECT_SECONDS, **lasting, **_NOTICE_SILENCE}


def _limit(connection: Connection) -> None:
    """Set the limits for one transaction, whichever of the server's connections it gets."""
    limits = [f"SET LOCAL {name} = {value}" for name, value in _limits().items()]
    connection.exec_driver_sql("; ".join(limits))


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None  # We send BEGIN ourselves.
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    # What is deleted is overwritten with zeros: a destroyed key must be in no page.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
