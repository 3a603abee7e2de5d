"""Databases that are ready to be used, each copied from one that was made once."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from psycopg import sql

from tests.making import Parts, connect, initialise, migrate
from tests.postgres import PostgresServer

Prepare = Callable[[str], None]


class Templates:
    """Databases that `prepare` (called with a URL) made ready, to be copied for each test."""

    def __init__(self, folder: Path, server: Callable[[], PostgresServer]) -> None:
        self._folder = folder
        self._server = server
        self._made: dict[tuple[str, Prepare], str] = {}

    def copy(self, kind: str, prepare: Prepare, *, folder: Path) -> str:
        """Return the URL of a new copy; one on SQLite lies in `folder`."""
        if (kind, prepare) not in self._made:
            make = self._make_sqlite if kind == "sqlite" else self._make_postgres
            self._made[kind, prepare] = make(prepare)
        template = self._made[kind, prepare]
        if kind == "sqlite":
            return f"sqlite:///{shutil.copy(template, folder / 'registry.db')}"
        return self._copy_postgres(template)

    def drop(self, url: str) -> None:
        """Remove a copy; one on SQLite goes with its folder."""
        if not url.startswith("sqlite"):
            self._server().drop_database(url)

    def _make_sqlite(self, prepare: Prepare) -> str:
        file = self._folder / f"{prepare.__name__}.db"
        prepare(f"sqlite:///{file}")
        return str(file)

    def _make_postgres(self, prepare: Prepare) -> str:
        url = self._server().create_database()
        prepare(url)
        return url.rpartition("/")[2]

    def _copy_postgres(self, template: str) -> str:
        name = f"copy_{secrets.token_hex(8)}"
        names = sql.Identifier(name), sql.Identifier(template)
        with self._server().connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return self._server().url(name)


@pytest.fixture(scope="session")
def templates(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Templates:
    """The databases to copy; PostgreSQL is started for the first test that needs it."""
    folder = tmp_path_factory.mktemp("templates")
    return Templates(folder, lambda: request.getfixturevalue("postgres_server"))


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(
    request: pytest.FixtureRequest, templates: Templates, tmp_path: Path
) -> Iterator[str]:
    """The URL of a database with empty tables, of either kind in turn."""
    url = templates.copy(request.param, migrate, folder=tmp_path)
    yield url
    templates.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def ready_url(
    request: pytest.FixtureRequest, templates: Templates, tmp_path: Path
) -> Iterator[str]:
    """The URL of a database with the registry's secret and public URL, of either kind in turn."""
    url = templates.copy(request.param, initialise, folder=tmp_path)
    yield url
    templates.drop(url)


@pytest.fixture
def parts(ready_url: str) -> Iterator[Parts]:
    """The write side of a registry, on a clock of its own."""
    parts = connect(ready_url)
    yield parts
    parts.close()
