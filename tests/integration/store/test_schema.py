"""The tables: migrated by several processes at once, described alike in code and migrations."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from registry.store import schema
from registry.store.database import Database, StoreUnavailableError
from registry.store.schema import SchemaError
from registry.store.tables import APPEND_ONLY, metadata
from tests.workers import processes, upgrade


@pytest.fixture
def empty(database_url: str) -> Iterator[Database]:
    """A database without tables."""
    database = Database(database_url)
    yield database
    database.close()


def test_described_tables_are_those_the_migrations_make(database: Database) -> None:
    with database.writing() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_several_processes_may_upgrade_at_once(database_url: str) -> None:
    with ProcessPoolExecutor(4, mp_context=processes()) as pool:
        runs = [pool.submit(upgrade, database_url) for _ in range(4)]
        assert [run.result() for run in runs] == ["done"] * 4


def test_upgrading_again_changes_nothing(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(
            text("INSERT INTO secrets (name, wrapped, created_at) VALUES ('a', :w, 'b')"),
            {"w": b"kept"},
        )
    schema.upgrade(database)
    schema.check(database)
    with database.reading() as connection:
        assert (
            bytes(connection.execute(text("SELECT wrapped FROM secrets")).scalar_one()) == b"kept"
        )


def test_database_without_tables_is_refused_with_the_remedy(empty: Database) -> None:
    with pytest.raises(SchemaError, match="holds no registry") as refusal:
        schema.check(empty)
    # The registry may be in another database, which a forgotten setting names.
    assert "REGISTRY_DATABASE_URL" in (refusal.value.remedy or "")
    assert "registry db upgrade" in (refusal.value.remedy or "")


def test_database_of_another_form_is_refused(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(SchemaError, match="has form 0000"):
        schema.check(database)


def test_upgrade_that_fails_leaves_no_table_behind(empty: Database) -> None:
    with empty.writing() as connection:
        connection.execute(text("CREATE TABLE frozen_streams (in_the_way INTEGER)"))
    # SQLite calls a table in the way an operational error, as it does a locked file.
    with pytest.raises((StoreUnavailableError, ProgrammingError)):
        schema.upgrade(empty)
    with pytest.raises(SchemaError, match="holds no registry"):
        schema.check(empty)


def test_opening_a_database_connects_to_nothing(tmp_path: Path) -> None:
    Database(f"sqlite:///{tmp_path}/absent.db").close()
    assert not (tmp_path / "absent.db").exists()


def test_sqlite_writes_ahead_and_through_to_the_disk(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/registry.db")
    schema.upgrade(database)
    with database.reading() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    database.close()
    assert pragmas == ["wal", 2, 1]


def test_append_only_holds_for_any_other_program(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/registry.db")
    schema.upgrade(database)
    database.close()
    with sqlite3.connect(tmp_path / "registry.db") as connection:
        triggers = connection.execute("SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'")
        assert {row[0] for row in triggers} == set(APPEND_ONLY)
    connection.close()
