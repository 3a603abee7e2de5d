"""Read the views of the database as plain rows."""

from typing import Any

from sqlalchemy import MetaData, Select, Table

from projections.projection import TableMaker
from registry.store.database import Database


def view(make: TableMaker, name: str) -> Table:
    """Return the view `name`, which shows a projection's live table."""
    return make(MetaData(), name)


def ordered(database: Database, query: Select[Any]) -> list[dict[str, Any]]:
    """Return the rows of a query, in its order."""
    with database.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
