"""What was destroyed is in no file of the database: looked for byte by byte."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import Column, ColumnElement, make_url, select, text

from registry.domain.errors import DocumentGoneError
from registry.domain.instants import parse_instant
from registry.domain.job import JobState, Kind, NewJob
from registry.store import settling
from registry.store.database import Database
from registry.store.destruction import Destruction
from registry.store.jobs import JobStore
from registry.store.key_store import KeyStore, unseal
from registry.store.tables import documents, notes, secrets, subjects
from registry.store.vault import Item, Person, Vault
from tests.making import MASTER_KEY, initialise
from tests.postgres import PostgresServer

AT = "2026-11-22T18:00:00.000000Z"
ANNA = Person("emailAddress", "anna.kanarek7351@example.org", "Anna Kanarek7351")
JAN = Person("emailAddress", "jan@example.org")
CONTENT = os.urandom(40_000)


class Holder:
    """A vault that holds two learners, and the bytes that must go with one of them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.keys = KeyStore(database, MASTER_KEY)
        self.keys.find_or_create(["issuer/1"], at=AT)
        self.vault = Vault(database, self.keys)
        self.destruction = Destruction(database, self.keys)
        self.anna, self.jan = self.vault.references("1", [ANNA, JAN], at=AT)
        for number, reference in enumerate((self.anna, self.jan)):
            item = Item(f"credential-{number}", "ab" * 32, reference, CONTENT)
            self.vault.put_documents([item], at=AT)
            self.vault.put_note(item, at=AT)

    def bytes_of(self, reference: str) -> dict[str, bytes]:
        """Return what is stored of a learner: the wrapped key, and what the key seals."""
        with self.database.reading() as connection:

            def one(column: Column[Any], condition: ColumnElement[bool]) -> bytes:
                value = connection.execute(select(column).where(condition)).scalar_one()
                return value.encode() if isinstance(value, str) else bytes(value)

            own = subjects.c.subject_ref == reference
            return {
                "key": one(secrets.c.wrapped, secrets.c.name == f"subject/{reference}"),
                "person": one(subjects.c.person, own),
                "hash": one(subjects.c.identifier_hash, own),
                # The middle, where neither compression nor a page's edge is in the way.
                "document": one(documents.c.ciphertext, documents.c.subject_ref == reference)[
                    5_000:5_100
                ],
                "note": one(notes.c.ciphertext, notes.c.subject_ref == reference)[5_000:5_100],
            }


def found_in(folder: Path, wanted: dict[str, bytes]) -> list[tuple[str, str]]:
    """Return what is found of `wanted`, and in which files."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [
        (name, file.name)
        for file in files
        for content in [file.read_bytes()]
        for name, value in wanted.items()
        if value in content
    ]


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Holder]:
    url = f"sqlite:///{tmp_path / 'data' / 'registry.db'}"
    (tmp_path / "data").mkdir()
    initialise(url)
    database = Database(url)
    yield Holder(database)
    database.close()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server whose files hold nobody else's data."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def on_postgres(server: PostgresServer) -> Iterator[Holder]:
    url = server.create_database()
    initialise(url)
    database = Database(url)
    yield Holder(database)
    database.close()
    server.drop_database(url)


def test_on_sqlite_destroyed_bytes_are_in_no_file(on_sqlite: Holder, tmp_path: Path) -> None:
    gone, kept = on_sqlite.bytes_of(on_sqlite.anna), on_sqlite.bytes_of(on_sqlite.jan)
    assert {name for name, _ in found_in(tmp_path, gone)} == gone.keys()
    on_sqlite.destruction.destroy(on_sqlite.anna)
    assert settling.settle_quickly(on_sqlite.database) is None
    assert found_in(tmp_path, gone) == []
    assert {name for name, _ in found_in(tmp_path, kept)} == kept.keys()


def test_on_sqlite_a_reader_delays_it_and_it_is_done_later(
    on_sqlite: Holder, tmp_path: Path
) -> None:
    gone = on_sqlite.bytes_of(on_sqlite.anna)
    with on_sqlite.database.reading() as connection:
        connection.execute(select(secrets)).all()
        on_sqlite.destruction.destroy(on_sqlite.anna)
        assert settling.settle_quickly(on_sqlite.database) == "somebody is reading the database"
        assert found_in(tmp_path, gone)
    assert settling.settle_quickly(on_sqlite.database) is None
    assert found_in(tmp_path, gone) == []


def test_on_sqlite_what_an_older_version_left_in_free_pages_goes_too(
    on_sqlite: Holder, tmp_path: Path
) -> None:
    gone = on_sqlite.bytes_of(on_sqlite.anna)
    with on_sqlite.database.unpooled() as connection:
        connection.execute("PRAGMA secure_delete=OFF")
        for table in ("documents", "notes", "secrets"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute("UPDATE subjects SET person = '', identifier_hash = subject_ref")
    assert settling.settle_quickly(on_sqlite.database) is None
    assert found_in(tmp_path, gone)
    assert settling.settle(on_sqlite.database) is None
    assert found_in(tmp_path, gone) == []


def test_on_postgres_destroyed_bytes_are_in_no_file_once_settled(
    on_postgres: Holder, server: PostgresServer
) -> None:
    with on_postgres.database.unpooled() as connection:
        connection.execute("ANALYZE")
        # The segment that saw the key made is renamed to be written over in time.
        connection.execute("SELECT pg_switch_wal()")
        connection.execute("CHECKPOINT")
    gone, kept = on_postgres.bytes_of(on_postgres.anna), on_postgres.bytes_of(on_postgres.jan)
    on_postgres.destruction.destroy(on_postgres.anna)
    assert "registry erasures settle" in (settling.settle_quickly(on_postgres.database) or "")
    left = found_in(server.data, gone)
    assert {name for name, _ in left} == gone.keys()
    assert {len(file) for _, file in left} > {24}, "in the log and in the tables"
    assert settling.settle(on_postgres.database) is None
    assert found_in(server.data, gone) == []
    assert {name for name, _ in found_in(server.data, kept)} == kept.keys()


def test_on_postgres_key_of_a_job_that_ended_is_in_no_file_once_settled(
    on_postgres: Holder, server: PostgresServer
) -> None:
    jobs, at = JobStore(on_postgres.database, on_postgres.keys), parse_instant(AT)
    jobs.create(NewJob("job-1", Kind.ISSUING, "1", "key-1", "upload", {}), at=at)
    with on_postgres.database.reading() as connection:
        query = select(secrets.c.wrapped).where(secrets.c.name == "job/job-1")
        key = {"key": bytes(connection.execute(query).scalar_one())}
    assert jobs.move("job-1", JobState.RECEIVING, JobState.FAILED, at=at)
    assert found_in(server.data, key)
    assert settling.settle(on_postgres.database) is None
    assert found_in(server.data, key) == []


def test_on_postgres_settling_waits_for_who_still_sees_the_deleted_rows(
    on_postgres: Holder, server: PostgresServer
) -> None:
    gone = on_postgres.bytes_of(on_postgres.anna)
    other = Database(on_postgres.database.url.render_as_string(hide_password=False))
    with other.snapshot() as connection:
        connection.execute(text("SELECT count(*) FROM secrets")).scalar_one()
        on_postgres.destruction.destroy(on_postgres.anna)
        hindrance = settling.settle(on_postgres.database, wait_seconds=0.2)
    assert (hindrance or "").startswith("deleted rows can still be seen by: session ")
    assert found_in(server.data, gone)
    other.close()
    assert settling.settle(on_postgres.database) is None
    assert found_in(server.data, gone) == []


def test_on_postgres_settling_says_what_keeps_the_log(
    on_postgres: Holder, server: PostgresServer
) -> None:
    with server.connect() as connection:
        connection.execute("SELECT pg_create_physical_replication_slot('standby', true)")
    try:
        on_postgres.destruction.destroy(on_postgres.anna)
        assert "kept for archiving, a slot" in (settling.settle(on_postgres.database) or "")
    finally:
        with server.connect() as connection:
            connection.execute("SELECT pg_drop_replication_slot('standby')")
    assert settling.settle(on_postgres.database) is None


def test_on_postgres_a_role_that_may_not_settle_is_told(
    on_postgres: Holder, server: PostgresServer
) -> None:
    with server.connect() as connection:
        connection.execute("CREATE ROLE nobody_much LOGIN PASSWORD 'x'")
    url = on_postgres.database.url.set(username="nobody_much", password="x")
    other = Database(url.render_as_string(hide_password=False))
    assert "must be owner" in (settling.settle(other) or "")
    other.close()


def test_on_postgres_an_owner_with_the_rights_named_settles_without_being_superuser(
    server: PostgresServer,
) -> None:
    name = server.create_database().rpartition("/")[2]
    with server.connect(name) as connection:
        connection.execute(
            "CREATE ROLE owning LOGIN PASSWORD 'x' IN ROLE pg_checkpoint, pg_monitor"
        )
        connection.execute(f"ALTER DATABASE {name} OWNER TO owning")
        connection.execute("GRANT EXECUTE ON FUNCTION pg_switch_wal() TO owning")
    url = make_url(server.url(name)).set(username="owning", password="x")
    initialise(url.render_as_string(hide_password=False))
    database = Database(url.render_as_string(hide_password=False))
    holder = Holder(database)
    gone = holder.bytes_of(holder.anna)
    holder.destruction.destroy(holder.anna)
    assert settling.settle(database) is None
    assert found_in(server.data, gone) == []
    database.close()
    server.drop_database(server.url(name))


def test_what_is_left_of_an_erased_learner_opens_with_no_key(on_sqlite: Holder) -> None:
    taken = on_sqlite.bytes_of(on_sqlite.anna)
    on_sqlite.destruction.destroy(on_sqlite.anna)
    with on_sqlite.database.reading() as connection:
        rows = connection.execute(select(secrets.c.name, secrets.c.wrapped)).all()
    keys = [unseal(MASTER_KEY, wrapped, bound_to=name) for name, wrapped in rows]
    assert keys
    for key in [MASTER_KEY, *(key for key in keys if len(key) == 32)]:
        with pytest.raises(InvalidTag):
            unseal(key, taken["person"], bound_to=f"person/{on_sqlite.anna}")


def test_destroying_again_finds_nothing_and_is_no_error(on_sqlite: Holder) -> None:
    assert on_sqlite.destruction.undestroyed([on_sqlite.anna]) == [on_sqlite.anna]
    assert on_sqlite.destruction.destroy(on_sqlite.anna) == {"credential-0"}
    assert on_sqlite.destruction.destroy(on_sqlite.anna) == set()
    assert on_sqlite.destruction.undestroyed([on_sqlite.anna]) == []
    assert on_sqlite.vault.known(on_sqlite.anna).erased
    with pytest.raises(DocumentGoneError):
        on_sqlite.vault.person(on_sqlite.anna)


def test_erased_person_is_not_found_and_gets_another_reference(on_sqlite: Holder) -> None:
    on_sqlite.destruction.destroy(on_sqlite.anna)
    assert on_sqlite.vault.find_reference("1", ANNA) is None
    (again,) = on_sqlite.vault.references("1", [ANNA], at=AT)
    assert again != on_sqlite.anna
