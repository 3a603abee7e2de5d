"""A database that is locked, used up or gone: a named error, nothing changed, then it goes on."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from registry.store import database as database_module
from registry.store import schema
from registry.store.database import Database, StoreUnavailableError
from registry.store.recorders import open_recorder
from tests.postgres import PostgresServer
from tests.workers import stored_event


@pytest.fixture
def impatient(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database that waits a second for a lock or a connection."""
    monkeypatch.setattr(database_module, "LOCK_SECONDS", 1)
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 1)
    database = Database(database_url, pool_size=1)
    schema.upgrade(database)
    yield database
    database.close()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may kill."""
    server = PostgresServer()
    server.start()
    yield server
    server.stop()


@contextmanager
def writer_holding_the_lock(database: Database) -> Iterator[None]:
    other = Database(database.url.render_as_string(hide_password=False))
    with other.writing() as connection:
        if not other.is_sqlite:
            connection.execute(text("LOCK TABLE stored_events IN EXCLUSIVE MODE"))
        yield
    other.close()


def append(database: Database) -> list[int]:
    return open_recorder(database).insert_events([stored_event(uuid4(), 1)])


def test_writer_that_waits_too_long_is_told_and_changes_nothing(impatient: Database) -> None:
    with writer_holding_the_lock(impatient):
        began = time.monotonic()
        with pytest.raises(StoreUnavailableError) as refusal:
            append(impatient)
        assert 0.9 < time.monotonic() - began < 4
    assert "Idempotency-Key" in (refusal.value.remedy or "")
    assert open_recorder(impatient).max_notification_id() is None
    assert append(impatient)


def test_reader_does_not_wait_for_a_writer(impatient: Database) -> None:
    append(impatient)
    with writer_holding_the_lock(impatient):
        assert open_recorder(impatient).max_notification_id() is not None


def test_reader_does_not_see_what_is_not_committed(impatient: Database) -> None:
    other = Database(impatient.url.render_as_string(hide_password=False))
    with other.writing() as connection:
        connection.execute(
            text("INSERT INTO secrets (name, wrapped, created_at) VALUES ('a', :w, 'b')"),
            {"w": b""},
        )
        with impatient.reading() as reader:
            assert reader.execute(text("SELECT COUNT(*) FROM secrets")).scalar() == 0
    other.close()


def test_snapshot_sees_one_moment_only(impatient: Database) -> None:
    append(impatient)
    other = Database(impatient.url.render_as_string(hide_password=False))
    count = text("SELECT COUNT(*) FROM stored_events")
    with impatient.snapshot() as connection:
        before = connection.execute(count).scalar()
        append(other)
        assert connection.execute(count).scalar() == before
    with impatient.snapshot() as connection:
        assert connection.execute(count).scalar() == 2
    other.close()


def test_write_that_raises_is_rolled_back(impatient: Database) -> None:
    with pytest.raises(DBAPIError), impatient.writing() as connection:
        _insert_and_fail(connection)
    with impatient.reading() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM secrets")).scalar() == 0


def _insert_and_fail(connection: Connection) -> None:
    connection.execute(
        text("INSERT INTO secrets (name, wrapped, created_at) VALUES ('a', :w, 'b')"), {"w": b""}
    )
    connection.execute(text("INSERT INTO secrets (name) VALUES ('incomplete')"))


def test_pool_that_is_used_up_is_unavailable(impatient: Database) -> None:
    # One connection is pooled, one may be opened over it.
    with impatient.reading(), impatient.reading(), pytest.raises(StoreUnavailableError):
        open_recorder(impatient).max_notification_id()


def test_killed_server_is_unavailable_and_then_works_again(own_server: PostgresServer) -> None:
    database = Database(own_server.url())
    schema.upgrade(database)
    kept = append(database)
    own_server.kill()
    for use in (append, lambda each: open_recorder(each).max_notification_id()):
        with pytest.raises(StoreUnavailableError):
            use(database)
    own_server.restart()
    assert open_recorder(database).max_notification_id() == kept[-1]
    assert append(database)
    database.close()


def test_server_killed_in_the_middle_of_a_save_loses_the_whole_save(
    own_server: PostgresServer,
) -> None:
    database = Database(own_server.url())
    schema.upgrade(database)
    kept = append(database)
    with pytest.raises(StoreUnavailableError), database.writing() as connection:
        _insert_and_kill(connection, database, own_server)
    own_server.restart()
    assert open_recorder(database).max_notification_id() == kept[-1]
    database.close()


def _insert_and_kill(connection: Connection, database: Database, server: PostgresServer) -> None:
    open_recorder(database)._insert(connection, [stored_event(uuid4(), 1)])
    server.kill()


def test_ended_connection_is_unavailable_once(own_server: PostgresServer) -> None:
    """As when an operator or a failover ends the connections in use."""
    database = Database(own_server.url())
    schema.upgrade(database)
    with pytest.raises(StoreUnavailableError), database.reading() as connection:
        _end_and_use(connection, own_server)
    assert append(database)
    database.close()


def _end_and_use(connection: Connection, server: PostgresServer) -> None:
    with server.connect() as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    connection.execute(text("SELECT 1"))


def test_writer_that_sleeps_with_the_lock_is_ended_by_the_server(
    own_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process stopped between LOCK and COMMIT must not stop all the others for ever."""
    monkeypatch.setattr(database_module, "IDLE_IN_TRANSACTION_SECONDS", 1)
    database = Database(own_server.url())
    schema.upgrade(database)
    waiting = threading.Timer(0.5, append, [database])
    with pytest.raises(StoreUnavailableError), database.writing() as connection:
        _sleep_with_the_lock(connection, waiting)
    waiting.join()
    assert open_recorder(database).max_notification_id() is not None
    database.close()


def _sleep_with_the_lock(connection: Connection, waiting: threading.Timer) -> None:
    connection.execute(text("LOCK TABLE stored_events IN EXCLUSIVE MODE"))
    waiting.start()
    time.sleep(1.5)
    connection.execute(text("SELECT 1"))


def test_server_that_is_not_there_is_unavailable() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/registry")
    with pytest.raises(StoreUnavailableError):
        append(database)
    database.close()


def test_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/absent/registry.db")
    with pytest.raises(StoreUnavailableError):
        append(database)
    database.close()


def test_error_tells_neither_the_url_nor_the_password(own_server: PostgresServer) -> None:
    url = own_server.url()
    database = Database(url)
    own_server.kill()
    with pytest.raises(StoreUnavailableError) as refusal:
        append(database)
    password = url.split(":")[2].partition("@")[0]
    assert password not in f"{refusal.value} {refusal.value.remedy}"
    database.close()


def test_connections_that_died_while_nobody_used_them_are_replaced_unnoticed(
    own_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "TRUSTED_SECONDS", 0.0)
    database = Database(own_server.url())
    schema.upgrade(database)
    with database.reading(), database.reading():
        pass
    own_server.kill()
    own_server.restart()
    assert append(database)
    with database.reading() as first, database.reading() as second:
        assert [each.execute(text("SELECT 1")).scalar() for each in (first, second)] == [1, 1]
    database.close()


def test_reading_begins_no_transaction_on_postgres(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.reading() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 7"))
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "1min"
    with database.writing() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 7"))
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "7ms"
    database.close()


def test_statement_that_writes_by_itself_is_committed_on_leaving(impatient: Database) -> None:
    adding = text("INSERT INTO secrets (name, wrapped, created_at) VALUES ('a', :w, 'b')")
    with impatient.committing_each() as connection:
        connection.execute(adding, {"w": b""})
    with impatient.reading() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM secrets")).scalar() == 1
