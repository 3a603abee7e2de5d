"""Rows written in few statements are those that memory keeps, however many there are."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, MetaData, Table, Text, select

from projections import rows as module
from projections.rows import MemoryRows, Rows, SqlRows
from tests.integration.projections.by_hand import ByHand

PLAIN, WITH_JSON = "rows_plain", "rows_with_json"
TABLES = {
    name: Table(
        name,
        MetaData(),
        Column("first", Text, primary_key=True),
        Column("second", Integer, primary_key=True),
        Column("text", Text),
        Column("number", BigInteger),
        Column("flag", Boolean),
        *([Column("json", JSON)] if name == WITH_JSON else []),
    )
    for name in (PLAIN, WITH_JSON)
}
keys = st.tuples(st.sampled_from(["a", "ż", "NULL", '{"']), st.integers(0, 2))
texts = st.none() | st.sampled_from(["", "NULL", "a,b", '"', "\\", "łódź 😀", "{}"])
values = st.fixed_dictionaries(
    {},
    optional={
        "text": texts,
        "number": st.none() | st.integers(-(2**63), 2**63 - 1),
        "flag": st.none() | st.booleans(),
    },
)
does = st.tuples(st.sampled_from([PLAIN, WITH_JSON]), keys, values)
pages = st.lists(st.lists(does, max_size=12), max_size=4)


@pytest.fixture
def made(by_hand: ByHand) -> ByHand:
    for table in TABLES.values():
        table.create(by_hand.registry.database.engine)
    return by_hand


def page_of(doings: list[tuple[str, tuple[str, int], dict[str, object]]], rows: Rows) -> None:
    for table, key, changes in doings:
        if rows.get(table, key) is None:
            whole = dict(zip(("first", "second"), key, strict=True))
            blank = {"text": None, "number": None, "flag": None}
            json = {"json": {"of": key[0]}} if table == WITH_JSON else {}
            rows.insert(table, key, whole | blank | json | changes)
        elif changes:
            rows.change(table, key, changes)


@pytest.mark.parametrize("many", [1, 3, 1_000])
def test_rows_in_the_database_are_those_in_memory(
    made: ByHand, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(module, "MANY", many)
    database = made.registry.database

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(pages)
    def same(doings: list[list[tuple[str, tuple[str, int], dict[str, object]]]]) -> None:
        memory = MemoryRows()
        with database.engine.connect() as connection:
            for page in doings:
                rows = SqlRows(connection, TABLES)
                page_of(page, rows)
                rows.flush()
                page_of(page, memory)
            for name, table in TABLES.items():
                found = [dict(row) for row in connection.execute(select(table)).mappings()]
                wanted = list(memory.tables[name].values())
                assert sorted(found, key=repr) == sorted(wanted, key=repr)
            connection.rollback()

    same()
