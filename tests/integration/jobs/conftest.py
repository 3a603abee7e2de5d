"""A database with its tables, of either kind, and a registry that issues in bulk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.bootstrap import Registry
from registry.store.database import Database
from tests.integration.conftest import Templates
from tests.integration.jobs.bureau import Bureau, opened
from tests.making import Parts, connect, initialise
from tests.postgres import PostgresServer


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    """An open database in its newest form, without a row."""
    database = Database(migrated_url)
    yield database
    database.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_registry(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    """A registry on either database, which the tests of a module share."""
    folder = tmp_path_factory.mktemp("shared")
    if request.param == "sqlite":
        with opened(folder, f"sqlite:///{folder}/registry.db") as registry:
            yield registry
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create_database()
    with opened(folder, url) as registry:
        yield registry
    server.drop_database(url)


@pytest.fixture
def bureau(shared_registry: Registry) -> Bureau:
    """The office of an issuer of its own, whose jobs have slices of three rows."""
    return Bureau(shared_registry)


@pytest.fixture
def sqlite_parts(templates: Templates, tmp_path: Path) -> Iterator[Parts]:
    """The write side of a registry on SQLite, for what does not depend on the database."""
    parts = connect(templates.copy("sqlite", initialise, folder=tmp_path))
    yield parts
    parts.close()
