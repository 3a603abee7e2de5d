"""A reader of the publish folder sees a whole version, and never an older one after a newer."""

import hashlib
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from projections.publish_folder import PublishedVersion, PublishFolder
from tests.workers import processes

NAME = "status-lists/some-list/revocation"


@pytest.fixture
def folder(tmp_path: Path) -> PublishFolder:
    return PublishFolder(tmp_path / "published")


def publish(folder: PublishFolder, version: int, body: bytes) -> PublishedVersion:
    published = folder.put(NAME, version, body)
    assert folder.make_current(NAME, published)
    return published


def test_version_is_served_by_its_name_once_it_is_current(folder: PublishFolder) -> None:
    published = folder.put(NAME, 1, b"one")
    assert not (folder.root / NAME).exists()
    assert folder.current(NAME) is None
    folder.make_current(NAME, published)
    assert (folder.root / NAME).read_bytes() == b"one"
    assert folder.current(NAME) == published
    assert published.digest == hashlib.sha256(b"one").hexdigest()


def test_link_is_relative_so_that_the_folder_can_move(folder: PublishFolder) -> None:
    publish(folder, 1, b"one")
    moved = PublishFolder(folder.root.rename(folder.root.with_name("moved")))
    assert (moved.root / NAME).read_bytes() == b"one"


def test_newer_version_takes_the_place_and_the_older_stays_beside(folder: PublishFolder) -> None:
    first = publish(folder, 1, b"one")
    publish(folder, 2, b"two")
    assert (folder.root / NAME).read_bytes() == b"two"
    assert folder.read(NAME, first) == b"one"


def test_older_version_does_not_take_the_place_of_a_newer(folder: PublishFolder) -> None:
    old, new = folder.put(NAME, 9, b"nine"), folder.put(NAME, 10, b"ten")
    assert folder.make_current(NAME, new)
    assert not folder.make_current(NAME, old)
    assert (folder.root / NAME).read_bytes() == b"ten"


def test_making_current_what_is_current_changes_nothing(folder: PublishFolder) -> None:
    published = publish(folder, 1, b"one")
    before = (folder.root / NAME).lstat().st_ino
    assert folder.make_current(NAME, published)
    assert (folder.root / NAME).lstat().st_ino == before


def test_bytes_that_are_stored_are_never_written_again(folder: PublishFolder) -> None:
    published = publish(folder, 1, b"one")
    (file,) = (folder.root / f"{NAME}.versions").iterdir()
    before = file.stat()
    assert folder.put(NAME, 1, b"one") == published
    assert file.stat().st_mtime_ns == before.st_mtime_ns


def test_two_bodies_of_one_version_lie_side_by_side(folder: PublishFolder) -> None:
    bodies = {folder.put(NAME, 1, body): body for body in (b"mine", b"theirs")}
    assert len(bodies) == 2
    assert all(folder.read(NAME, published) == body for published, body in bodies.items())


def test_version_that_is_not_there_reads_as_none(folder: PublishFolder) -> None:
    assert folder.read(NAME, PublishedVersion(1, "0" * 64)) is None


def test_damaged_file_is_replaced_when_its_bytes_are_put_again(folder: PublishFolder) -> None:
    published = publish(folder, 1, b"one")
    (folder.root / NAME).resolve().write_bytes(b"on")
    folder.put(NAME, 1, b"one")
    assert folder.read(NAME, published) == b"one"


def test_withdrawn_name_is_served_no_more_and_its_versions_stay(folder: PublishFolder) -> None:
    published = publish(folder, 1, b"one")
    assert not folder.is_withdrawn(NAME)
    folder.withdraw(NAME)
    assert folder.is_withdrawn(NAME)
    assert folder.current(NAME) is None
    assert not (folder.root / NAME).exists()
    assert folder.read(NAME, published) == b"one"
    folder.withdraw(NAME)


def test_name_that_was_never_published_is_not_withdrawn(folder: PublishFolder) -> None:
    assert not folder.is_withdrawn(NAME)


def test_write_that_fails_leaves_no_file_under_the_versions_name(
    folder: PublishFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_is_full(_: int) -> None:
        raise OSError(28, "No space left on device")

    publish(folder, 1, b"one")
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", disk_is_full)
        with pytest.raises(OSError, match="No space left"):
            folder.put(NAME, 2, b"two")
    assert (folder.root / NAME).read_bytes() == b"one"
    assert folder.read(NAME, PublishedVersion(2, hashlib.sha256(b"two").hexdigest())) is None
    assert publish(folder, 2, b"two").version == 2


def test_write_that_fails_takes_up_no_room(
    folder: PublishFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_is_full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_is_full)
    with pytest.raises(OSError, match="No space left"):
        folder.put(NAME, 1, b"one")
    assert list((folder.root / ".unfinished").iterdir()) == []


def leave(folder: PublishFolder, name: str, *, age_seconds: float) -> Path:
    """Leave an unfinished file as a process does that is killed; return its path."""
    path = folder.root / ".unfinished" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half a li")
    then = time.time() - age_seconds
    os.utime(path, (then, then))
    return path


def test_what_a_killed_process_left_over_an_hour_ago_is_removed(folder: PublishFolder) -> None:
    old = leave(folder, "1.aa", age_seconds=3700)
    recent = leave(folder, "2.bb", age_seconds=3500)
    publish(folder, 1, b"one")
    assert (old.exists(), recent.exists()) == (False, True)


def test_link_that_a_killed_process_left_is_removed(folder: PublishFolder) -> None:
    folder.root.joinpath(".unfinished").mkdir(parents=True)
    link = folder.root / ".unfinished" / "1.aa"
    link.symlink_to("nowhere")
    os.utime(link, (1, 1), follow_symlinks=False)
    publish(folder, 1, b"one")
    assert not link.is_symlink()


def test_publishing_leaves_nothing_unfinished(folder: PublishFolder) -> None:
    publish(folder, 1, b"one")
    publish(folder, 2, b"two")
    assert list((folder.root / ".unfinished").iterdir()) == []
    assert list((folder.root / "status-lists").rglob(".*")) == []


class Reader:
    """Reads the served file over and over and keeps which versions it saw."""

    def __init__(self, folder: PublishFolder) -> None:
        self._path = folder.root / NAME
        self._stopping = threading.Event()
        self.versions: list[int] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.versions.append(whole(self._path.read_bytes()))

    def stop(self) -> list[int]:
        self._stopping.set()
        self._thread.join()
        self.versions.append(whole(self._path.read_bytes()))
        return self.versions


def body(version: int) -> bytes:
    """Return a body of a size of its own, too large for one write, that shows where it is cut."""
    return f"{version};".encode() * (40_000 + 2_000 * (version % 7)) + b"end"


def whole(content: bytes) -> int:
    """Return which version it is, every byte of it; raises where it is torn."""
    version = int(content[: content.index(b";")])
    assert content == body(version)
    return version


def test_reader_never_sees_a_part_while_a_writer_swaps(folder: PublishFolder) -> None:
    publish(folder, 1, body(1))
    reader = Reader(folder)
    for version in range(2, 80):
        publish(folder, version, body(version))
    seen = reader.stop()
    assert seen == sorted(seen)
    assert seen[-1] == 79


def publish_versions(root: Path, start: int, step: int) -> int:
    """Publish every `step`th of 60 versions from a process of its own; return how many won."""
    folder = PublishFolder(root)
    return sum(
        folder.make_current(NAME, folder.put(NAME, version, body(version)))
        for version in range(start, 61, step)
    )


def test_processes_that_publish_at_once_only_ever_go_forward(folder: PublishFolder) -> None:
    publish(folder, 1, body(1))
    with ProcessPoolExecutor(3, mp_context=processes()) as pool:
        runs = [pool.submit(publish_versions, folder.root, start, 3) for start in (2, 3, 4)]
        reader = Reader(folder)
        won = [run.result() for run in runs]
    seen = reader.stop()
    assert seen == sorted(seen)
    assert seen[-1] == 60
    assert sum(won) > 0


def publish_until_killed(root: Path) -> None:
    folder = PublishFolder(root)
    for version in range(2, 1_000_000):
        folder.make_current(NAME, folder.put(NAME, version, body(version)))


def test_publisher_that_is_killed_leaves_a_whole_version_and_no_lock(
    folder: PublishFolder,
) -> None:
    publish(folder, 1, body(1))
    for milliseconds in (3, 11, 17, 29, 41):
        process = processes().Process(target=publish_until_killed, args=(folder.root,))
        process.start()
        before = current_version(folder)
        while current_version(folder) == before and process.is_alive():
            time.sleep(0.001)
        time.sleep(milliseconds / 1000)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        assert whole((folder.root / NAME).read_bytes()) == current_version(folder)
    publish(folder, 1_000_000, body(1_000_000))


def current_version(folder: PublishFolder) -> int:
    current = folder.current(NAME)
    return current.version if current else 0
