"""`registry` on PostgreSQL where one role owns the tables, no superuser, and another serves."""

import contextlib
import io
import os
import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from sqlalchemy import make_url

from api import bootstrap, server
from api.settings import Settings
from registry.store.database import Database
from registry.store.view_owners import OwnerUsesViewsError
from scripts.cli import run
from tests.e2e.conftest import ROOT, Ran, environment
from tests.postgres import PostgresServer

SAMPLE = ROOT / "tests/samples/python-data-analysis.json"
LEAVE_TRIGGERS_OFF = """
    CREATE FUNCTION {name}() RETURNS {returned} LANGUAGE plpgsql AS $$ BEGIN
        ALTER TABLE stored_events DISABLE TRIGGER ALL; RETURN {value};
    EXCEPTION WHEN insufficient_privilege THEN RETURN {value}; END $$
"""


@dataclass
class TwoRoles:
    """A database with its two roles; commands run by one of them."""

    postgres: PostgresServer
    folder: Path
    database: str
    owner: str
    service: str

    def url(self, role: str) -> str:
        url = make_url(self.postgres.url(self.database)).set(username=role, password="thrown-away")
        return url.render_as_string(hide_password=False)

    def run(self, role: str, *arguments: object, **settings: str) -> Ran:
        """Run a command as one role."""
        given = {"REGISTRY_DATABASE_URL": self.url(role), **settings}
        given["REGISTRY_PUBLIC_URL"] = "https://registry.example.org"
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            patch.dict(os.environ, environment() | given, clear=True),
        ):
            code = run(["--folder", str(self.folder), *map(str, arguments)])
        return Ran(code, out.getvalue(), err.getvalue())

    def by_service(self, *arguments: object, with_owner: bool = False) -> Ran:
        owners = {"REGISTRY_OWNER_DATABASE_URL": self.url(self.owner)} if with_owner else {}
        return self.run(self.service, *arguments, **owners)

    def by_owner(self, *arguments: object) -> Ran:
        return self.run(self.owner, *arguments)

    def sql(self, statement: str, role: str | None = None) -> list[Any]:
        """Run a statement as a role, or as the superuser."""
        url = self.url(role) if role else self.postgres.url(self.database)
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def issue(self) -> str:
        """Issue a credential of a new issuer as the service; return its learner's reference."""
        names = ("--name-pl", "Uczelnia", "--name-en", "University")
        url = ("--url", "https://university.example.org")
        issuer = self.by_service("issuer", "add", *names, *url, "--json").json["issuer_id"]
        assert self.by_service("issuer", "key", "add", issuer).code == 0
        define = ("achievement", "define", SAMPLE, "--issuer", issuer, "--json")
        achievement = self.by_service(*define).json["achievement_id"]
        issue = ("issue", "--email", "anna@example.org", "--achievement", achievement, "--json")
        self.by_service(*issue)
        return str(self.sql("SELECT subject_ref FROM subjects")[0][0])

    def triggers_are_on(self) -> bool:
        query = "SELECT tgenabled FROM pg_trigger WHERE tgrelid = 'stored_events'::regclass"
        return {row[0] for row in self.sql(query)} == {"O"}


@pytest.fixture
def two_roles(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[TwoRoles]:
    """A new database, nothing granted yet."""
    database = make_url(postgres_server.create_database()).database or ""
    suffix = secrets.token_hex(4)
    both = TwoRoles(postgres_server, tmp_path, database, f"owner_{suffix}", f"service_{suffix}")
    both.sql(f"CREATE ROLE {both.service} LOGIN PASSWORD 'thrown-away'")
    both.sql(f"CREATE ROLE {both.owner} LOGIN PASSWORD 'thrown-away' IN ROLE pg_checkpoint")
    both.sql(f"GRANT pg_monitor TO {both.owner}")
    both.sql(f"ALTER DATABASE {database} OWNER TO {both.owner}")
    both.sql(f"GRANT EXECUTE ON FUNCTION pg_switch_wal() TO {both.owner}")
    assert both.by_owner("init", "--public-url", "https://registry.example.org").code == 0
    yield both
    postgres_server.drop_database(postgres_server.url(database))
    for role in (both.owner, both.service):
        with postgres_server.connect() as connection:
            connection.execute(f"DROP OWNED BY {role}".encode())
            connection.execute(f"DROP ROLE {role}".encode())


@pytest.fixture
def granted(two_roles: TwoRoles) -> TwoRoles:
    """The same, once the service may serve."""
    two_roles.sql(f"GRANT {two_roles.service} TO {two_roles.owner}")
    ran = two_roles.by_owner("db", "grant", two_roles.service)
    assert ran.code == 0, ran.err
    return two_roles


def test_owner_who_cannot_give_views_away_is_told_what_is_missing(two_roles: TwoRoles) -> None:
    refused = two_roles.by_owner("db", "grant", two_roles.service)
    assert refused.code == 1
    assert f"GRANT {two_roles.service} TO" in refused.err


def test_owner_upgrades_and_grants_again_and_makes_what_is_missing(granted: TwoRoles) -> None:
    granted.sql("DROP VIEW erasures", granted.service)
    granted.sql("DROP TABLE erasures_g1", granted.service)
    granted.sql("DELETE FROM projections WHERE name = 'erasures'", granted.service)
    assert granted.by_owner("db", "upgrade").code == 0
    assert granted.by_owner("db", "grant", granted.service).code == 0
    assert granted.by_service("erasures", "list").code == 0
    assert granted.by_owner("erasures", "list").code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("issuer", "list"),
        ("erasures", "settle"),
        ("projections", "rebuild", "erasures"),
        ("replay", "--verify"),
        ("db", "check"),
        ("log", "restore"),
        ("log", "reopen", "--yes"),
    ],
)
def test_owner_uses_no_view_of_the_services(arguments: tuple[str, ...], granted: TwoRoles) -> None:
    refused = granted.by_owner(*arguments)
    assert refused.code == 1
    assert f"connect as the role that serves: {granted.service}" in refused.err


def test_trigger_of_the_services_is_not_run_as_the_owner(granted: TwoRoles) -> None:
    made = {"name": "off", "returned": "trigger", "value": "NEW"}
    granted.sql(LEAVE_TRIGGERS_OFF.format_map(made), granted.service)
    on = "BEFORE INSERT ON issuers_g1 FOR EACH ROW EXECUTE FUNCTION off()"
    granted.sql(f"CREATE TRIGGER off {on}", granted.service)
    granted.issue()
    assert granted.by_owner("issuer", "list").code == 1
    assert granted.by_service("erasures", "settle", with_owner=True).code == 0
    assert granted.triggers_are_on()


def test_server_is_not_started_as_the_owner(granted: TwoRoles) -> None:
    settings = Settings.read(
        folder=granted.folder,
        database_url=granted.url(granted.owner),
        public_url="https://registry.example.org",
    )
    with pytest.raises(OwnerUsesViewsError):
        server.check(settings)


def test_server_that_started_without_its_database_refuses_the_owner_later(
    granted: TwoRoles,
) -> None:
    with closing(Database(granted.url(granted.owner))) as database:
        bootstrap.check_role_whenever_connected(database)
        for _ in range(2):
            with pytest.raises(OwnerUsesViewsError), database.reading():
                pass
    with closing(Database(granted.url(granted.service))) as database:
        bootstrap.check_role_whenever_connected(database)
        with database.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM issuers").scalar() == 0


def test_function_of_the_services_is_not_run_by_an_upgrade(granted: TwoRoles) -> None:
    made = {"name": "fits(varchar, varchar)", "returned": "boolean", "value": "true"}
    code = LEAVE_TRIGGERS_OFF.format_map(made).replace(")() RETURNS", ") RETURNS")
    granted.sql(code, granted.service)
    operator = "CREATE OPERATOR = (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = fits)"
    granted.sql(operator, granted.service)
    for arguments in (("db", "upgrade"), ("db", "grant", granted.service)):
        refused = granted.by_owner(*arguments)
        assert refused.code == 1
        assert f"{granted.service} has made functions or operators" in refused.err
    assert granted.triggers_are_on()


def test_settling_without_the_owners_connection_names_it(granted: TwoRoles) -> None:
    ran = granted.by_service("erasures", "settle")
    assert ran.code == 1
    assert "REGISTRY_OWNER_DATABASE_URL" in ran.out


def test_erasure_is_completed_by_the_service_with_the_owners_connection(
    granted: TwoRoles,
) -> None:
    reference = granted.issue()
    erase = ("erase", reference, "--yes")
    ran = granted.by_service(*erase)
    assert ran.code == 0, ran.err
    ran = granted.by_service("erasures", "settle", with_owner=True)
    assert ran.code == 0, ran.out + ran.err
    states = granted.sql("SELECT state FROM erasures", granted.service)
    assert states == [("completed",)]


def test_functions_of_the_services_are_not_run_when_the_owners_connection_restores(
    granted: TwoRoles,
) -> None:
    granted.issue()
    had = granted.sql("SELECT notification_id, state FROM stored_events ORDER BY 1")
    # They fit what is asked for better than PostgreSQL's own, which takes a regclass.
    for number in ("smallint", "integer", "bigint"):
        made = {"name": f"setval(text, {number})", "returned": "bigint", "value": "1"}
        code = LEAVE_TRIGGERS_OFF.format_map(made).replace(")() RETURNS", ") RETURNS")
        granted.sql(code, granted.service)
    granted.sql("ALTER TABLE stored_events DISABLE TRIGGER ALL", granted.owner)
    granted.sql("DELETE FROM stored_events WHERE notification_id > 2", granted.owner)
    granted.sql("ALTER TABLE stored_events ENABLE TRIGGER ALL", granted.owner)
    refused = granted.by_service("log", "restore")
    assert refused.code == 1
    assert "REGISTRY_OWNER_DATABASE_URL" in refused.err
    restored = granted.by_service("log", "restore", with_owner=True)
    assert restored.code == 0, restored.err
    assert granted.sql("SELECT notification_id, state FROM stored_events ORDER BY 1") == had
    assert granted.triggers_are_on()


def test_owners_connection_to_another_database_is_refused_and_not_shown(
    granted: TwoRoles,
) -> None:
    other = make_url(granted.url(granted.owner)).set(database="postgres")
    text = other.render_as_string(hide_password=False)
    refused = granted.run(granted.service, "erasures", "settle", REGISTRY_OWNER_DATABASE_URL=text)
    assert refused.code == 2
    assert "owner_database_url" in refused.err
    assert "thrown-away" not in refused.err + refused.out


def test_one_role_that_owns_all_works_as_before(two_roles: TwoRoles) -> None:
    assert two_roles.by_owner("issuer", "list").code == 0
    assert two_roles.by_owner("erasures", "settle").code == 0
    assert two_roles.by_owner("db", "upgrade").code == 0
