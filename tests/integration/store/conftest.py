"""A database with its tables, of either kind."""

from collections.abc import Iterator

import pytest

from registry.store import schema
from registry.store.database import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database in its newest form."""
    database = Database(database_url)
    schema.upgrade(database)
    yield database
    database.close()
