"""Crashes, rivals, restored databases and damaged files: what is served never goes back."""

import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from api.health import readiness_of
from projections.list_documents import published_versions
from projections.publish_folder import PublishedVersion, did_name
from projections.status_lists import STATUS_ARRAYS
from registry.domain.credential import Credential
from registry.domain.events import Event, StatusListPublished
from registry.domain.securing import Mechanism
from tests.integration.projections.by_hand import ByHand, list_of, name_of
from tests.integration.projections.conftest import Another
from tests.postgres import PostgresServer


class PlugPulledError(Exception):
    """The process ends here."""


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What the database has no part in is tried on one."""


@pytest.fixture(params=[Mechanism.EDDSA_JCS_2022, Mechanism.VC_JWT_ES256])
def mechanism(request: pytest.FixtureRequest) -> Mechanism:
    """All of it holds of lists with one form and of lists with two."""
    return Mechanism(request.param)


def of_event(event: StatusListPublished, credential: Credential) -> PublishedVersion:
    """Return the version that an event says was published with an embedded proof."""
    return published_versions(event)[name_of(credential)]


def fail(*_: Any, **__: Any) -> None:
    raise PlugPulledError


def test_crash_between_record_and_swap_is_mended_by_the_next_process(
    by_hand: ByHand, another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    (credential,) = by_hand.issue(1)
    by_hand.settle()
    by_hand.revoke(credential)
    with monkeypatch.context() as crashing:
        crashing.setattr(by_hand.registry.folder, "make_current", fail)
        with pytest.raises(PlugPulledError):
            by_hand.settle()
    assert by_hand.bit(credential) == 0
    restarted = another()
    restarted.settle()
    assert restarted.bit(credential) == 1
    assert restarted.current(credential).version == 2
    assert len(restarted.publications(credential)) == 2


def test_swap_that_fails_is_made_up_for_by_the_same_process(
    by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    (credential,) = by_hand.issue(1)
    by_hand.settle()
    by_hand.revoke(credential)
    with monkeypatch.context() as crashing:
        crashing.setattr(by_hand.registry.folder, "make_current", fail)
        with pytest.raises(PlugPulledError):
            by_hand.settle()
    by_hand.settle()
    by_hand.settle()
    assert by_hand.bit(credential) == 1
    assert by_hand.current(credential).version == 2
    assert len(by_hand.publications(credential)) == 2


def test_crash_between_put_and_record_leaves_nothing_that_is_served(
    by_hand: ByHand, another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    (credential,) = by_hand.issue(1)
    by_hand.settle()
    before = by_hand.current(credential)
    by_hand.revoke(credential)
    monkeypatch.setattr(by_hand.registry.publisher._press, "_append", fail)
    with pytest.raises(PlugPulledError):
        by_hand.settle()
    assert by_hand.current(credential) == before
    restarted = another()
    restarted.settle()
    (event,) = restarted.publications(credential)[1:]
    assert restarted.current(credential) == of_event(event, credential)
    assert restarted.bit(credential) == 1
    folder = restarted.registry.folder.root / f"{name_of(credential)}.versions"
    assert len(list(folder.glob("0000000002.*"))) == 2, "the unrecorded bytes lie there unseen"
    assert restarted.replay().verify(all_versions=True).identical


def test_of_two_publishers_on_one_list_one_wins_each_version(
    by_hand: ByHand, another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    (credential,) = by_hand.issue(1)
    by_hand.settle()
    rival = another()
    rival.settle()
    by_hand.revoke(credential)
    press = by_hand.registry.publisher._press
    append = press._append

    def overtaken(event: Event) -> int:
        rival.settle()
        return append(event)

    monkeypatch.setattr(press, "_append", overtaken)
    assert by_hand.settle() == 0, "the slower one published nothing"
    assert by_hand.registry.publisher.alarms == {}
    (_, event) = by_hand.publications(credential)
    assert by_hand.current(credential) == of_event(event, credential)
    by_hand.settle()
    assert len(by_hand.publications(credential)) == 2
    assert by_hand.replay().verify(all_versions=True).identical


def test_publishers_that_run_at_once_make_one_unbroken_row_of_versions(
    by_hand: ByHand, another: Another
) -> None:
    credentials = by_hand.issue(6)
    by_hand.settle()
    publishers = [another() for _ in range(3)]
    barrier = threading.Barrier(3)

    def publish(one: ByHand) -> None:
        barrier.wait()
        one.registry.publisher.tick()

    for credential in credentials:
        by_hand.revoke(credential)
        by_hand.clock.advance(seconds=1)
        by_hand.registry.catch_up.run()
        with ThreadPoolExecutor(3) as pool:
            for run in [pool.submit(publish, one) for one in publishers]:
                run.result()
    by_hand.settle()
    events = by_hand.publications(credentials[0])
    assert [event.originator_version for event in events] == list(range(1, len(events) + 1))
    assert by_hand.current(credentials[0]) == of_event(events[-1], credentials[0])
    assert all(by_hand.bit(credential) for credential in credentials)
    by_hand.registry.catch_up.run()
    assert by_hand.replay().verify(all_versions=True).identical


def test_publisher_that_stalled_before_its_swap_cannot_put_an_old_version_back(
    by_hand: ByHand, another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = by_hand.issue(2)
    by_hand.settle()
    rival = another()
    by_hand.revoke(first)
    folder, make_current = by_hand.registry.folder, by_hand.registry.folder.make_current
    swapped: list[bool] = []

    def stalled(*arguments: Any) -> bool:
        monkeypatch.setattr(folder, "make_current", make_current)
        rival.settle()
        rival.revoke(second)
        rival.settle()
        swapped.append(make_current(*arguments))
        return swapped[-1]

    monkeypatch.setattr(folder, "make_current", stalled)
    by_hand.settle()
    assert swapped == [False]
    assert by_hand.current(first).version == 3
    assert by_hand.bit(second) == 1
    by_hand.settle()
    assert by_hand.current(first).version == 3


class Backup:
    """A copy of the database, taken and put back as an operator would."""

    def __init__(self, by_hand: ByHand, url: str, postgres: PostgresServer | None) -> None:
        self._by_hand, self._url, self._postgres = by_hand, url, postgres

    def take(self) -> None:
        if self._postgres is None:
            with sqlite3.connect(self._path()) as source, sqlite3.connect(self._copy()) as copy:
                source.backup(copy)
            source.close()
            copy.close()
        else:
            self._by_hand.registry.database.close()
            self._clone(self._name(), self._name() + "_backup")

    def restore(self) -> None:
        self._by_hand.registry.close()
        if self._postgres is None:
            for suffix in ("-wal", "-shm"):
                Path(f"{self._path()}{suffix}").unlink(missing_ok=True)
            shutil.copy(self._copy(), self._path())
        else:
            self._postgres.drop_database(self._url)
            self._clone(self._name() + "_backup", self._name())
            self._postgres.drop_database(self._url + "_backup")

    def _path(self) -> Path:
        return Path(self._url.removeprefix("sqlite:///"))

    def _copy(self) -> Path:
        return self._path().with_suffix(".backup")

    def _name(self) -> str:
        return self._url.rpartition("/")[2]

    def _clone(self, source: str, copy: str) -> None:
        assert self._postgres is not None
        with self._postgres.connect() as connection:
            connection.execute(f"CREATE DATABASE {copy} TEMPLATE {source}")


@pytest.fixture
def backup(request: pytest.FixtureRequest, by_hand: ByHand, database_url: str) -> Backup:
    is_sqlite = database_url.startswith("sqlite")
    server = None if is_sqlite else request.getfixturevalue("postgres_server")
    return Backup(by_hand, database_url, server)


def test_database_restored_from_an_older_copy_publishes_nothing_below_what_is_served(
    by_hand: ByHand, another: Another, backup: Backup
) -> None:
    first, second = by_hand.issue(2)
    by_hand.settle()
    backup.take()
    by_hand.revoke(first)
    by_hand.settle()
    before = by_hand.served(first)
    backup.restore()
    restored = another()
    restored.revoke(second)
    for _ in range(3):
        restored.clock.advance(seconds=10)
        restored.settle()
    assert restored.served(first) == before
    assert restored.bit(first) == 1
    assert "the database is older than what was published" in str(restored.alarm(first))
    restored.registry.catch_up.run()
    difference = restored.replay().verify().difference
    assert difference is not None
    assert difference.expected == "a published version"


def test_version_whose_file_was_lost_is_followed_by_one_made_from_the_whole_history(
    by_hand: ByHand, another: Another
) -> None:
    first, second = by_hand.issue(2)
    by_hand.revoke(first)
    by_hand.settle()
    shutil.rmtree(by_hand.registry.folder.root)
    restarted = another()
    restarted.revoke(second)
    restarted.settle()
    assert restarted.current(first).version == 2
    assert (restarted.bit(first), restarted.bit(second)) == (1, 1)
    restarted.registry.catch_up.run()
    assert restarted.replay().verify().identical


def test_lists_whose_files_were_lost_are_made_from_one_reading_of_the_history(
    by_hand: ByHand, another: Another
) -> None:
    first, second, third = by_hand.issue(3)
    by_hand.revoke(first)
    by_hand.settle()
    shutil.rmtree(by_hand.registry.folder.root)
    restarted = another()
    restarted.revoke(second)
    restarted.suspend(third)
    restarted.registry.catch_up.run()
    pages: list[str] = []
    event.listen(
        restarted.registry.database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: (
            pages.append(statement)
            if "topic" in statement and "ORDER BY notification_id" in statement
            else None
        ),
    )
    assert restarted.registry.publisher.tick() == 2
    # What is newer than the last versions, and all there is; each ends with an empty page.
    assert len(pages) == 4
    assert (restarted.bit(first), restarted.bit(third, "suspension")) == (1, 1)


@on_sqlite
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda body: body[: len(body) // 2], id="cut"),
        pytest.param(lambda body: b"", id="emptied"),
        pytest.param(lambda body: body.replace(b'"uH4s', b'"uH5s'), id="not gzip"),
        pytest.param(lambda body: body.replace(b'"uH4s', b'"zH4s'), id="other multibase"),
    ],
)
def test_damaged_file_of_the_last_version_holds_up_no_list(
    by_hand: ByHand, another: Another, damage: Any
) -> None:
    """The disk may lie: what does not have its digest is as good as lost."""
    (mine,), (theirs,) = by_hand.issue(1), by_hand.issue(1, number=2)
    by_hand.settle()
    file = (by_hand.registry.folder.root / name_of(mine)).resolve()
    file.write_bytes(damage(file.read_bytes()))
    by_hand.revoke(mine)
    by_hand.revoke(theirs)
    restarted = another()
    restarted.settle()
    assert restarted.bit(theirs) == 1
    assert restarted.bit(mine) == 1


@on_sqlite
def test_link_that_became_a_plain_file_holds_up_no_other_list(
    by_hand: ByHand, another: Another
) -> None:
    """As after a copy of the folder by a tool that follows links."""
    (mine,), (theirs,) = by_hand.issue(1), by_hand.issue(1, number=2)
    by_hand.settle()
    link = by_hand.registry.folder.root / name_of(mine)
    body = link.read_bytes()
    link.unlink()
    link.write_bytes(body)
    by_hand.revoke(theirs)
    restarted = another()
    restarted.settle()
    assert restarted.bit(theirs) == 1


def test_list_that_could_not_be_read_at_the_start_is_published_once_it_can_be(
    by_hand: ByHand, another: Another
) -> None:
    (behind,) = by_hand.issue(1)
    first, second = by_hand.issue(2, number=2)
    by_hand.settle()
    folder = (by_hand.registry.folder.root / name_of(behind)).parent
    away = folder.rename(folder.with_name("away"))
    folder.touch()
    by_hand.revoke(behind)
    by_hand.revoke(first)
    by_hand.clock.advance(hours=13)
    by_hand.settle()

    restarted = another()
    restarted.suspend(second)
    restarted.settle()
    assert "Not a directory" in (restarted.alarm(behind) or "")
    folder.unlink()
    away.rename(folder)
    restarted.clock.advance(seconds=5)
    restarted.settle()

    assert restarted.registry.publisher.alarms == {}
    assert restarted.bit(behind) == 1


@on_sqlite
def test_did_document_that_cannot_be_written_holds_up_no_other_issuers_lists(
    by_hand: ByHand, another: Another
) -> None:
    (mine,), (theirs,) = by_hand.issue(1), by_hand.issue(1, number=2)
    by_hand.settle()
    link = by_hand.registry.folder.root / did_name(mine.issuance.issuer_id)
    link.unlink()
    (link / "of my own").mkdir(parents=True)
    by_hand.revoke(mine)
    by_hand.revoke(theirs)
    restarted = another()
    restarted.settle()
    assert restarted.bit(theirs) == 1
    assert restarted.bit(mine) == 0, "it may be signed with a key that its document lacks"
    assert "DID document is not published: Is a directory" in (restarted.alarm(mine) or "")
    (document, *_) = readiness_of(restarted.registry).warnings
    assert document.startswith(f"the DID document of issuer {mine.issuance.issuer_id} is not")
    (link / "of my own").rmdir()
    link.rmdir()
    restarted.clock.advance(seconds=5)
    restarted.settle()
    assert restarted.bit(mine) == 1
    assert restarted.registry.publisher.alarms == {}


@on_sqlite
def test_ended_list_that_cannot_be_withdrawn_holds_up_no_other(by_hand: ByHand) -> None:
    (mine,), (theirs,) = by_hand.issue(1), by_hand.issue(1, number=2)
    by_hand.settle()
    link = by_hand.registry.folder.root / name_of(mine)
    link.unlink()
    (link / "of my own").mkdir(parents=True)
    arrays = by_hand.live_table(STATUS_ARRAYS).name
    by_hand.execute(f"UPDATE {arrays} SET retired = true WHERE list_id = :id", id=list_of(mine))
    by_hand.revoke(theirs)
    by_hand.settle()
    assert by_hand.bit(theirs) == 1
    assert "cannot be withdrawn" in (by_hand.alarm(mine) or "")
    (link / "of my own").rmdir()
    link.rmdir()
    by_hand.settle()
    assert by_hand.registry.folder.is_withdrawn(name_of(mine))
    assert by_hand.registry.publisher.alarms == {}
