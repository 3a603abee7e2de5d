"""On PostgreSQL the role that runs the registry appends and reads events, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from projections import ALL
from projections.rebuild import rebuild
from registry.domain.errors import ConflictError, InvalidValueError
from registry.domain.securing import Mechanism
from registry.store import roles
from registry.store.database import Database
from tests.integration.projections.by_hand import ByHand, open_registry
from tests.making import Clock

ROLE = "registry_service"
VIEWS = [view for projection in ALL for view in projection.tables]


@pytest.fixture
def as_owner(postgres_url: str, tmp_path: Path) -> Iterator[ByHand]:
    """A registry opened by the role that made its tables, after it gave the service its rights."""
    registry = open_registry(tmp_path, postgres_url)
    with registry.database.writing() as connection:
        connection.exec_driver_sql(f"DROP ROLE IF EXISTS {ROLE}")
        connection.exec_driver_sql(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'thrown-away'")
    roles.let_serve(registry.database, ROLE, views=VIEWS)
    yield ByHand(registry, Clock(), Mechanism.EDDSA_JCS_2022)
    with registry.database.writing() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {ROLE} CASCADE")
        connection.exec_driver_sql(f"DROP ROLE {ROLE}")
    registry.close()


@pytest.fixture
def service_url(as_owner: ByHand, postgres_url: str) -> str:
    """The URL at which the service connects to the same database."""
    scheme, _, rest = postgres_url.partition("//")
    return f"{scheme}//{ROLE}:thrown-away@{rest.rpartition('@')[2]}"


@pytest.fixture
def service(service_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection of the service's role, for statements of its own."""
    with psycopg.connect(service_url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


def test_service_issues_publishes_and_rebuilds(service_url: str, tmp_path: Path) -> None:
    registry = open_registry(tmp_path, service_url)
    by_hand = ByHand(registry, Clock(), Mechanism.EDDSA_JCS_2022)
    (credential,) = by_hand.issue()
    by_hand.revoke(credential)
    by_hand.settle()
    assert by_hand.bit(credential) == 1
    for projection in ALL:
        [rebuilt] = rebuild(registry.database, registry.history, [projection])
        assert rebuilt.differing_rows == 0
    registry.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stored_events SET state = ''",
        "DELETE FROM stored_events",
        "TRUNCATE stored_events",
        "DROP TABLE stored_events",
        "ALTER TABLE stored_events DISABLE TRIGGER ALL",
        "DROP TRIGGER stored_events_append_only ON stored_events",
        "INSERT INTO stored_events VALUES (DEFAULT, gen_random_uuid(), 1, 'x', '')",
        "SELECT setval('stored_events_notification_id_seq', 1)",
        "CREATE RULE other AS ON INSERT TO stored_events DO INSTEAD NOTHING",
        "UPDATE access_log SET reason = ''",
        "DELETE FROM access_log",
        "UPDATE alembic_version SET version_num = '0001'",
        "DROP FUNCTION append_events",
    ],
)
def test_database_refuses_the_service_everything_else(
    statement: str, service: psycopg.Connection[tuple[object, ...]]
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        service.execute(statement)


def test_granting_twice_changes_nothing(as_owner: ByHand) -> None:
    roles.let_serve(as_owner.registry.database, ROLE, views=VIEWS)


def test_owner_of_the_tables_is_refused_as_the_service(as_owner: ByHand) -> None:
    with pytest.raises(InvalidValueError, match="owns the tables"):
        roles.let_serve(as_owner.registry.database, "postgres", views=VIEWS)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("GRANT pg_write_all_data TO {role}", "REVOKE pg_write_all_data FROM {role}"),
        ("GRANT postgres TO {role}", "REVOKE postgres FROM {role}"),
        ("ALTER DATABASE {name} OWNER TO {role}", "ALTER DATABASE {name} OWNER TO postgres"),
    ],
)
def test_role_that_could_change_the_history_otherwise_is_refused(
    given: str, taken: str, as_owner: ByHand
) -> None:
    database = as_owner.registry.database
    names = {"role": ROLE, "name": database.url.database}
    with database.writing() as connection:
        connection.exec_driver_sql(given.format_map(names))
    with pytest.raises(InvalidValueError, match="can change the history"):
        roles.let_serve(database, ROLE, views=VIEWS)
    with database.writing() as connection:
        connection.exec_driver_sql(taken.format_map(names))


def test_absent_role_is_refused(as_owner: ByHand) -> None:
    with pytest.raises(InvalidValueError, match="there is no role"):
        roles.let_serve(as_owner.registry.database, "nobody_here", views=VIEWS)


def test_sqlite_keeps_no_roles_apart(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/registry.db")
    with pytest.raises(ConflictError, match="SQLite"):
        roles.let_serve(database, ROLE, views=VIEWS)
