"""A database with its tables, of either kind."""

from collections.abc import Iterator

import pytest

from registry.store.database import Database


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    """An open database in its newest form, without a row."""
    database = Database(migrated_url)
    yield database
    database.close()
