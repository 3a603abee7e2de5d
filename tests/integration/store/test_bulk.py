"""Many rows in one statement: what is there stays, what is asked for is found."""

import pytest
from sqlalchemy import select

from registry.store.bulk import among, insert_new
from registry.store.database import Database
from registry.store.tables import secrets


def row(number: int, content: bytes = b"\x00\xff\\") -> dict[str, object]:
    return {"name": f'name "{number}", {{}}', "wrapped": content, "created_at": ""}


@pytest.fixture
def filled(database: Database) -> Database:
    with database.writing() as connection:
        insert_new(connection, secrets, [row(number) for number in range(3)])
    return database


def found(database: Database, *numbers: int) -> dict[str, bytes]:
    with database.reading() as connection:
        wanted = among(connection, secrets.c.name, [str(row(each)["name"]) for each in numbers])
        query = select(secrets.c.name, secrets.c.wrapped).where(wanted)
        return {name: bytes(wrapped) for name, wrapped in connection.execute(query)}


def test_rows_are_stored_as_they_are(filled: Database) -> None:
    assert list(found(filled, 0, 1, 2).values()) == [b"\x00\xff\\"] * 3


def test_only_what_is_asked_for_is_found(filled: Database) -> None:
    assert set(found(filled, 1, 9)) == {row(1)["name"]}
    assert found(filled) == {}


def test_row_whose_key_is_taken_is_left_out_and_the_others_are_stored(filled: Database) -> None:
    with filled.writing() as connection:
        insert_new(connection, secrets, [row(number, b"new") for number in (2, 3)])
    assert list(found(filled, 2).values()) == [b"\x00\xff\\"]
    assert list(found(filled, 3).values()) == [b"new"]


def test_no_rows_are_no_statement(filled: Database) -> None:
    with filled.writing() as connection:
        insert_new(connection, secrets, [])
    assert len(found(filled, 0, 1, 2)) == 3
