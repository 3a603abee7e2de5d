"""Databases to measure on: a throw-away PostgreSQL of the tests, or a file of SQLite.

The server comes from the development packages and runs from the project's folder alone.
"""

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from registry.store import schema
from registry.store.database import Database
from tests.postgres import PostgresServer


@contextmanager
def postgres(*, fsync: bool = True) -> Iterator[PostgresServer]:
    """Give a running PostgreSQL server; with `fsync` what it commits is on the disk."""
    server = PostgresServer(fsync=fsync)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def migrated(url: str) -> Iterator[Database]:
    """Give the database at `url` with the registry's tables."""
    database = Database(url)
    try:
        schema.upgrade(database)
        yield database
    finally:
        database.close()


def version(server: PostgresServer) -> str:
    """Return the server's version in words."""
    with server.connect() as connection:
        number = connection.info.server_version
    return f"PostgreSQL {number // 10_000}.{number % 10_000}"


@contextmanager
def empty(kinds: Collection[str]) -> Iterator[dict[str, str]]:
    """Give the URLs of an empty database of each kind: they sync what they commit."""
    with tempfile.TemporaryDirectory() as folder, postgres() as server:
        urls = {
            "sqlite": f"sqlite:///{Path(folder) / 'registry.db'}",
            "postgres": server.create_database(),
        }
        yield {kind: urls[kind] for kind in kinds}
