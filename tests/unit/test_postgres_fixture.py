import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import sqlalchemy

from tests.postgres import PostgresServer

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys, time
from tests.postgres import PostgresServer
server = PostgresServer()
server.start()
print(server.folder, server._process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    server = PostgresServer(settings={"max_connections": "7"})
    server.start()
    yield server
    server.stop()


def count_tables(url: str) -> int:
    engine = sqlalchemy.create_engine(url)
    try:
        return len(sqlalchemy.inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_database_of_either_kind_starts_empty(database_url: str) -> None:
    assert count_tables(database_url) == 0


def test_databases_do_not_see_each_other(postgres_server: PostgresServer) -> None:
    first, second = (postgres_server.create_database() for _ in range(2))
    with postgres_server.connect(first.rpartition("/")[2]) as connection:
        connection.execute("CREATE TABLE only_here (id int)")
    assert (count_tables(first), count_tables(second)) == (1, 0)


def test_database_is_dropped_though_a_connection_is_open(postgres_server: PostgresServer) -> None:
    url = postgres_server.create_database()
    with postgres_server.connect(url.rpartition("/")[2]) as connection:
        postgres_server.drop_database(url)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_committed_row_survives_a_killed_postmaster(own_server: PostgresServer) -> None:
    with own_server.connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    own_server.kill()
    with pytest.raises(psycopg.OperationalError):
        own_server.connect()
    own_server.restart()
    with own_server.connect() as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_settings_are_in_force_and_kept_over_a_restart(own_server: PostgresServer) -> None:
    own_server.restart()
    with own_server.connect() as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("7",)
        assert connection.execute("SHOW fsync").fetchone() == ("off",)


def test_fsync_is_on_where_asked_for() -> None:
    server = PostgresServer(fsync=True)
    server.start()
    with server.connect() as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
    server.stop()
    assert not server.folder.exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_the_tests_die(how: signal.Signals) -> None:
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as program:
        assert program.stdout is not None
        folder, pid = program.stdout.readline().split()
        program.send_signal(how)
    deadline = time.monotonic() + 20
    while Path(folder).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(folder).exists()
    assert not psutil.pid_exists(int(pid))
