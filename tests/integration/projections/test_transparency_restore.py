"""After a restore: what the log holds goes back into the database, or the log stops and says so."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from eventsourcing.persistence import Notification
from psycopg import sql
from sqlalchemy import make_url, text

from api import bootstrap
from api.settings import Settings
from projections import ALL
from projections.transparency.errors import LogContradictedError
from registry.formats.tlog.leaves import SuccessionLeaf, read_leaf
from registry.store.database import Database
from registry.store.log_keys import add_log_key, make_log_key
from registry.store.roles import let_serve
from tests.integration.projections.by_hand import ByHand
from tests.integration.projections.logged import (
    assert_extends,
    assert_whole,
    opened,
    stored_leaves,
)
from tests.integration.projections.test_transparency import skip_positions
from tests.making import PUBLIC_URL
from tests.postgres import PostgresServer

Another = Callable[[], ByHand]
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Backup:
    """Takes the database back to an earlier moment; whoever is connected must have left."""

    database_url: str
    server: Callable[[], PostgresServer]
    folder: Path

    def take(self) -> None:
        if self.database_url.startswith("sqlite"):
            shutil.copy(self.folder / "registry.db", self.folder / "backup.db")
        else:
            self._copy(self._name, f"{self._name}_backup")

    def restore(self) -> None:
        if self.database_url.startswith("sqlite"):
            for left in self.folder.glob("registry.db-*"):
                left.unlink()
            shutil.copy(self.folder / "backup.db", self.folder / "registry.db")
        else:
            self._copy(f"{self._name}_backup", self._name)

    def forget(self) -> None:
        if not self.database_url.startswith("sqlite"):
            self._run("DROP DATABASE IF EXISTS {}", f"{self._name}_backup")

    @property
    def _name(self) -> str:
        return self.database_url.rpartition("/")[2]

    def _copy(self, source: str, target: str) -> None:
        self._run("DROP DATABASE IF EXISTS {}", target)
        self._run("CREATE DATABASE {} TEMPLATE {}", target, source)

    def _run(self, statement: str, *names: str) -> None:
        with self.server().connect() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@pytest.fixture
def backup(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Backup]:
    """A backup of the database, but not of the folders beside it."""
    made = Backup(database_url, lambda: request.getfixturevalue("postgres_server"), tmp_path)
    yield made
    made.forget()


def events(by_hand: ByHand) -> list[Notification]:
    return by_hand.registry.recorder.select_notifications(None, 100_000)


def as_administrator(database: Database, statement: str) -> None:
    """Do to the events what the database itself refuses."""
    with database.writing() as connection:
        if database.is_sqlite:
            connection.execute(text("DROP TRIGGER IF EXISTS stored_events_no_delete"))
            connection.execute(text("DROP TRIGGER IF EXISTS stored_events_no_update"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(statement))


def test_a_restored_database_gets_its_events_back(another: Another, backup: Backup) -> None:
    first = another()
    first.issue()
    skip_positions(first.registry.database, 4)
    first.registry.transparency.run()
    first.registry.close()
    backup.take()
    second = another()
    (revoked, *_) = second.issue(300, number=2)
    second.revoke(revoked)
    skip_positions(second.registry.database, 5)
    second.settle()
    second.registry.transparency.run()
    before, had = assert_whole(second), events(second)
    second.registry.close()
    backup.restore()

    third = another()
    assert len(events(third)) < len(had)
    third.registry.transparency.prepare()
    assert third.registry.transparency.alarm is None
    assert events(third) == had
    third.settle()
    assert third.bit(revoked) == 1
    third.issue(number=3)
    third.registry.transparency.run()
    assert_whole(third)
    assert_extends(third, before)


@on_sqlite
def test_events_are_put_back_once(another: Another, backup: Backup) -> None:
    first = another()
    first.registry.close()
    backup.take()
    second = another()
    second.issue(2)
    second.registry.transparency.run()
    had = events(second)
    second.registry.close()
    backup.restore()
    for _ in range(2):
        third = another()
        third.registry.transparency.prepare()
        assert events(third) == had


def test_what_was_stored_and_not_logged_at_the_backup_is_found_there(
    another: Another, backup: Backup
) -> None:
    first = another()
    first.issue()
    first.registry.close()
    backup.take()
    second = another()
    second.issue(number=2)
    second.registry.transparency.run()
    had = events(second)
    second.registry.close()
    backup.restore()
    third = another()
    third.registry.transparency.prepare()
    assert events(third) == had
    assert third.registry.transparency.run() == 0
    assert_whole(third)


class Contradicted:
    """A registry whose restored database took other events than the log holds."""

    def __init__(self, another: Another, backup: Backup) -> None:
        first = another()
        first.issue()
        first.registry.transparency.run()
        first.registry.close()
        backup.take()
        second = another()
        second.issue(number=2)
        second.registry.transparency.run()
        self.checkpoint = second.registry.transparency.checkpoint()
        second.registry.close()
        backup.restore()
        self.by_hand = another()
        self.by_hand.issue(number=3)
        self.log = self.by_hand.registry.transparency

    def reopen(self) -> None:
        file = self.by_hand.registry.settings.log_key_file
        self.log.reopen(lambda: add_log_key(file))


def test_a_log_that_contradicts_the_database_is_not_signed_further(
    another: Another, backup: Backup
) -> None:
    told = Contradicted(another, backup)
    before = events(told.by_hand)
    told.log.prepare()
    told.by_hand.settle()
    told.by_hand.registry.runner.turn()
    assert told.log.alarm is not None
    assert "is not leaf" in told.log.alarm
    assert told.log.checkpoint() == told.checkpoint
    assert events(told.by_hand)[: len(before)] == before
    assert told.by_hand.registry.transparency.folder.numbers() == [1]


@on_sqlite
def test_nothing_is_put_back_that_another_key_signed(another: Another, backup: Backup) -> None:
    first = another()
    first.registry.close()
    backup.take()
    second = another()
    second.issue()
    second.registry.transparency.run()
    second.registry.close()
    backup.restore()
    file = second.registry.settings.log_key_file
    file.unlink()
    make_log_key(file)
    third = another()
    third.registry.transparency.prepare()
    assert events(third) == []
    assert "not this registry's" in (third.registry.transparency.alarm or "")


@on_sqlite
def test_an_operator_closes_a_contradicted_log_and_the_next_names_it(
    another: Another, backup: Backup
) -> None:
    told = Contradicted(another, backup)
    told.reopen()
    told.log.run()
    leaves = list(told.log.files.leaves(0, told.log.size))
    assert (told.log.current, told.log.origin) == (2, "registry.example.org/log/2")
    assert read_leaf(leaves[0]) == SuccessionLeaf(
        "registry.example.org/log", told.checkpoint or b""
    )
    assert leaves[1:] == stored_leaves(told.by_hand.registry)
    assert opened(told.by_hand.registry).origin == "registry.example.org/log/2"
    assert told.log.folder.log(1).closed_by() == "registry.example.org/log/2"
    assert told.log.folder.log(1).checkpoint() == told.checkpoint


def test_a_restored_database_gets_its_events_back_from_a_later_log_too(
    another: Another, backup: Backup
) -> None:
    told = Contradicted(another, backup)
    told.reopen()
    told.log.run()
    told.by_hand.issue(number=4)
    told.log.run()
    had = events(told.by_hand)
    told.by_hand.registry.close()
    database = Database(backup.database_url)
    gone = f"DELETE FROM stored_events WHERE notification_id > {had[4].id}"
    for statement in (gone, "DELETE FROM log_state", "DELETE FROM log_runs"):
        as_administrator(database, statement)
    database.close()
    after = another()
    after.registry.transparency.prepare()
    assert after.registry.transparency.alarm is None
    assert events(after) == had
    assert after.registry.transparency.run() == 0


@on_sqlite
def test_a_lost_folder_is_filled_again_with_the_same_bytes(another: Another) -> None:
    first = another()
    first.issue(300)
    first.registry.transparency.run()
    root = first.registry.transparency.folder.root
    before, tree = assert_whole(first), contents(root)
    shutil.rmtree(root)
    second = another()
    second.registry.transparency.prepare()
    second.registry.transparency.run()
    assert assert_whole(second) == before
    assert contents(root) == tree


def test_a_lost_folder_is_not_filled_with_a_history_that_was_altered(another: Another) -> None:
    first = another()
    first.issue()
    first.registry.transparency.run()
    shutil.rmtree(first.registry.transparency.folder.root)
    altered = "UPDATE stored_events SET topic = 'issuer-renamed-v1' WHERE notification_id = 1"
    as_administrator(first.registry.database, altered)
    second = another()
    with pytest.raises(LogContradictedError):
        second.registry.transparency.run()
    assert second.registry.transparency.checkpoint() is None


@on_sqlite
def test_an_older_copy_of_the_folder_is_filled_up(another: Another, tmp_path: Path) -> None:
    first = another()
    first.issue()
    first.registry.transparency.run()
    root = first.registry.transparency.folder.root
    shutil.copytree(root, tmp_path / "copy")
    first.issue(300, number=2)
    first.registry.transparency.run()
    before = assert_whole(first)
    shutil.rmtree(root)
    shutil.copytree(tmp_path / "copy", root)
    second = another()
    second.registry.transparency.run()
    assert assert_whole(second) == before


def test_events_that_someone_took_away_come_back_when_an_operator_says_so(
    another: Another,
) -> None:
    first = another()
    first.issue(3)
    first.registry.transparency.run()
    had = events(first)
    gone = f"DELETE FROM stored_events WHERE notification_id > {had[-4].id}"
    as_administrator(first.registry.database, gone)
    log = another().registry.transparency
    log.prepare()
    assert log.alarm == f"events after position {had[-4].id} are gone that are in the log"
    assert len(events(first)) == len(had) - 3
    log.restore()
    assert events(first) == had
    assert log.run() == 0


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name != "lock"
    }


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_role_that_may_only_append_leaves_restoring_to_the_owner(
    another: Another, backup: Backup, tmp_path: Path
) -> None:
    first = another()
    first.registry.close()
    backup.take()
    second = another()
    second.issue()
    second.registry.transparency.run()
    had = events(second)
    second.registry.close()
    backup.restore()
    role = f"service_{secrets.token_hex(4)}"
    owner = another()
    with owner.registry.database.writing() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD 'thrown-away'")
    views = [view for projection in ALL for view in projection.tables]
    let_serve(owner.registry.database, role, views=views)
    url = make_url(backup.database_url).set(username=role, password="thrown-away")
    given = {"database_url": url.render_as_string(False), "public_url": PUBLIC_URL}
    service = bootstrap.build(Settings.read(folder=tmp_path, **given))
    service.transparency.prepare()
    assert service.transparency.alarm == "the database does not let this role put events back"
    owner.registry.transparency.restore()
    service.transparency.prepare()
    assert service.transparency.disagreement() is None
    assert service.transparency.run() == 0
    service.close()
    assert events(owner) == had
    with owner.registry.database.writing() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {role} CASCADE")
        connection.exec_driver_sql(f"DROP ROLE {role}")
