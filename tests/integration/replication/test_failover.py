"""The primary is killed while issuers work; the standby takes over, and nothing was lost."""

import json
import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TextIO
from uuid import UUID

import pytest

from api.bootstrap import Registry
from projections.publish_folder import PublishFolder
from projections.transparency.floor import checkpoint_in
from registry.commands import Caller
from registry.formats.tlog import tiles
from registry.requests import StatusChange
from registry.store.database import StoreUnavailableError
from tests.integration.projections.by_hand import ByHand
from tests.making import Clock, new_achievement, new_issuer, order
from tests.replication import NAME, Pair
from tests.waiting import wait_until

CLIENTS = 3
Opened = Callable[..., Registry]
Working = Callable[[Callable[[], None]], threading.Thread]


@dataclass
class Office:
    """Issues, revokes every other credential, and journals what was acknowledged.

    What fails is repeated under the same key until it is answered.
    """

    registry: Registry
    place: tuple[str, str]
    journal: Path
    stopping: threading.Event
    number: int
    failures: Counter[str] = field(default_factory=Counter)

    def work(self) -> None:
        with self.journal.open("a") as journal:
            for count in range(100_000):
                if self.stopping.is_set():
                    return
                key = f"{self.number}-{count}"
                credential_id = self._until_answered(partial(self._issue, key))
                self._note(journal, "issued", credential_id)
                if count % 2:
                    self._until_answered(partial(self._revoke, key, credential_id))
                    self._note(journal, "revoked", credential_id)

    def _issue(self, key: str) -> str:
        issuer_id, achievement_id = self.place
        orders = [order(achievement_id, self.number)]
        (issued,) = self.registry.application.issue(Caller("test", key), issuer_id, orders)
        return str(issued.credential.id)

    def _revoke(self, key: str, credential_id: str) -> str:
        caller, change = Caller("test", f"revoke {key}"), StatusChange("fraud")
        self.registry.application.revoke(caller, self.place[0], credential_id, change)
        return credential_id

    def _until_answered(self, work: Callable[[], str]) -> str:
        while True:
            try:
                return work()
            except StoreUnavailableError as error:
                self.failures[str(error)] += 1
                self.stopping.wait(0.05)

    def _note(self, journal: TextIO, what: str, credential_id: str) -> None:
        journal.write(json.dumps([what, credential_id]) + "\n")
        journal.flush()
        os.fsync(journal.fileno())


@dataclass
class Watcher:
    """Sees what a verifier sees who asks again and again: versions, and checkpoints."""

    folder: PublishFolder
    checkpoint: Callable[[], bytes | None]
    stopping: threading.Event
    versions: dict[str, list[int]] = field(default_factory=dict)
    checkpoints: list[bytes] = field(default_factory=list)

    def work(self) -> None:
        while not self.stopping.is_set():
            for path in self.folder.root.glob("status-lists/*/*"):
                name = str(path.relative_to(self.folder.root))
                current = self.folder.current(name) if path.is_symlink() else None
                if current is not None:
                    self.versions.setdefault(name, []).append(current.version)
            note = self.checkpoint()
            if note is not None and note not in self.checkpoints[-1:]:
                self.checkpoints.append(note)
            self.stopping.wait(0.005)


@pytest.fixture
def working() -> Iterator[Working]:
    with ExitStack() as threads:

        def start(work: Callable[[], None]) -> threading.Thread:
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            threads.callback(thread.join, 30)
            return thread

        yield start


def acknowledged(journals: list[Path]) -> dict[str, list[str]]:
    """Return what the issuers were told was done to each credential."""
    found: dict[str, list[str]] = {}
    for journal in journals:
        for line in journal.read_text().splitlines():
            what, credential_id = json.loads(line)
            found.setdefault(credential_id, []).append(what)
    return found


def check_each_is_there_once(registry: Registry, told: dict[str, list[str]]) -> None:
    streams = registry.recorder.select_streams([UUID(each) for each in told])
    for credential_id, done in told.items():
        stored = streams[UUID(credential_id)]
        assert [each.topic.split("-")[1] for each in stored][: len(done)] == done
        assert [each.originator_version for each in stored] == [*range(1, len(stored) + 1)]


def check_consistent(registry: Registry, notes: list[bytes]) -> None:
    """Hold every checkpoint that was ever seen against the tiles of the log as it is now."""
    files = registry.transparency.files
    for note in notes:
        seen = checkpoint_in(note)
        assert tiles.root(seen.size, files.read_tile) == seen.root


def fail_over_once(
    pair: Pair, registry: Registry, folder: Path, *, start: Working, seconds: float
) -> dict[str, list[str]]:
    issuer_id = new_issuer(registry.application)
    place = issuer_id, new_achievement(registry.application, issuer_id)
    stopping = threading.Event()
    journals = [folder / f"journal-{number}" for number in range(CLIENTS)]
    offices = [
        Office(registry, place, journal, stopping, number)
        for number, journal in enumerate(journals)
    ]
    watcher = Watcher(registry.folder, registry.transparency.checkpoint, stopping)
    threads = [start(watcher.work), *(start(each.work) for each in offices)]
    wait_until(lambda: len(watcher.checkpoints) > 2 and sum(map(_lines, journals)) > 10)
    stopping.wait(seconds)
    before = sum(map(_lines, journals))
    pair.fail_over()
    wait_until(lambda: sum(map(_lines, journals)) > before + 10)
    wait_until(lambda: registry.runner.failure is None)
    stopping.set()
    for thread in threads:
        thread.join(20)
    assert sum(sum(each.failures.values()) for each in offices) > 0
    told = acknowledged(journals)
    check_each_is_there_once(registry, told)
    assert all(seen == sorted(seen) for seen in watcher.versions.values())
    assert watcher.versions
    check_consistent(registry, watcher.checkpoints)
    return told


def _lines(journal: Path) -> int:
    return len(journal.read_bytes().splitlines()) if journal.exists() else 0


def check_whole(registry: Registry, told: dict[str, list[str]]) -> None:
    """Nothing was published or signed that the events do not say, and all that they do say is."""
    by_hand = ByHand(registry, Clock())
    revoked = {each for each, done in told.items() if "revoked" in done}
    credentials = [registry.application.credential(_issuer(registry, each), each) for each in told]
    wait_until(lambda: all(by_hand.bit(each) == (str(each.id) in revoked) for each in credentials))
    wait_until(lambda: registry.transparency.covered_position() == registry.history.end())
    assert registry.transparency.alarm is None
    assert registry.publisher.alarms == {}
    registry.runner.stop()
    registry.catch_up.run()
    outcome = by_hand.replay().verify(all_versions=True)
    assert outcome.identical, outcome


def _issuer(registry: Registry, credential_id: str) -> str:
    event = registry.history.event(UUID(credential_id), 1)
    return str(event.issuer_id)  # type: ignore[union-attr]


def test_writes_go_on_and_nothing_acknowledged_is_lost(
    pair: Pair, opened: Opened, tmp_path: Path, working: Working
) -> None:
    database = pair.primary.create_database().rpartition("/")[2]
    registry = opened(pair.url(database))
    registry.runner.start()
    told = fail_over_once(pair, registry, tmp_path, start=working, seconds=0.5)
    check_whole(registry, told)
    later = opened(pair.url(database))
    new_issuer(later.application, 2)
    assert later.history.end() > registry.transparency.size


@pytest.mark.long
@pytest.mark.timeout(900)
def test_many_failovers_at_random_moments_lose_nothing(
    opened: Opened, tmp_path: Path, working: Working
) -> None:
    source = random.Random(5)
    for number in range(20):
        pair = Pair()
        try:
            pair.start()
            database = pair.primary.create_database().rpartition("/")[2]
            folder = tmp_path / str(number)
            folder.mkdir()
            registry = opened(
                pair.url(database),
                publish_folder=folder / "published",
                log_folder=folder / "log",
            )
            registry.runner.start()
            told = fail_over_once(
                pair, registry, folder, start=working, seconds=source.random() * 2
            )
            check_whole(registry, told)
            registry.close()
        finally:
            pair.stop()


def test_the_standby_confirms_each_commit(shared_pair: Pair) -> None:
    with shared_pair.primary.connect() as connection:
        row = connection.execute(
            "SELECT application_name, sync_state FROM pg_stat_replication"
        ).fetchone()
    assert row == (NAME, "sync")
