"""A database that is ready for a registry's parts."""

from collections.abc import Iterator

import pytest

from tests.making import Parts, connect, initialise


@pytest.fixture
def ready_url(database_url: str) -> str:
    """The URL of a database with its tables and the registry's secret."""
    initialise(database_url)
    return database_url


@pytest.fixture
def parts(ready_url: str) -> Iterator[Parts]:
    """The write side of a registry, on a clock of its own."""
    parts = connect(ready_url)
    yield parts
    parts.close()
