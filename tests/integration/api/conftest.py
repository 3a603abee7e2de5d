"""Served registries: started once a module, since starting one takes a second or two."""

from collections.abc import Iterator

import pytest

from tests.integration.api.world import Issuer, World, served
from tests.postgres import PostgresServer


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A registry on SQLite that the tests of a module share."""
    with served(tmp_path_factory.mktemp("registry")) as world:
        yield world


@pytest.fixture(scope="module")
def issuer(world: World) -> Issuer:
    """An issuer that the tests of a module share."""
    return world.issuer()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def either_world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A registry on each database in turn, shared by the tests of a module."""
    folder = tmp_path_factory.mktemp("registry")
    if request.param == "sqlite":
        with served(folder) as world:
            yield world
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create_database()
    with served(folder, url) as world:
        yield world
    server.drop_database(url)
