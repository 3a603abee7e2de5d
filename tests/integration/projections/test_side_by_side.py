"""Both databases give rows in one order: that in which Python compares their keys."""

from contextlib import closing

from sqlalchemy import Column, Integer, MetaData, Table, Text, insert

from projections.side_by_side import in_order, names_key_first
from registry.store.database import Database

TEXTS = ("a", "B", "b", "Z", "z", "ą", "1", "_", "\U0001f393", "￼")


def _table() -> Table:
    return Table(
        "compared",
        MetaData(),
        Column("value", Integer),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("name", Text, primary_key=True),
    )


def test_rows_are_in_order_of_the_numbers_and_code_points_of_their_keys(database_url: str) -> None:
    table = _table()
    with closing(Database(database_url)) as database:
        with database.writing() as connection:
            table.create(connection)
            rows = [{"number": n, "name": name, "value": 0} for n in (10, 9) for name in TEXTS]
            connection.execute(insert(table), rows)
        with database.snapshot() as connection:
            found = list(in_order(connection, table, names_key_first(table)))

    assert names_key_first(table) == ["number", "name", "value"]
    assert found == sorted((row["number"], row["name"], 0) for row in rows)
