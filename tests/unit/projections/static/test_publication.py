"""A target comes to have what the publish folder serves, and is mended."""

import os
import shutil
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from projections.publish_folder import PublishedVersion, PublishFolder, as_jwt
from projections.static.copies import FolderSight
from projections.static.directory import DirectoryTarget
from projections.static.object_store import StoreTarget
from projections.static.publication import StaticPublication
from projections.static.target import Copy, Target, TargetAwayError
from tests.unit.projections.static.samples import DID, LIST, OTHER_LIST, a_copy, publish


class Time:
    """Two clocks that a test turns together."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


class Noting(StoreTarget):
    """A store in memory that notes what is put there, and may be away."""

    def __init__(self) -> None:
        super().__init__(MemoryStore(), url="memory:")
        self.put_names = list[str]()
        self.is_away = False

    def put(self, copy: Copy) -> bool:
        if self.is_away:
            raise TargetAwayError("it does not answer")
        self.put_names.append(copy.name)
        return super().put(copy)


@pytest.fixture
def time() -> Time:
    return Time()


def publication(folder: PublishFolder, target: Target, time: Time) -> StaticPublication:
    return StaticPublication(folder, target, ttl_seconds=300, monotonic=time, now=time)


def test_everything_that_is_served_is_copied_once(
    folder: PublishFolder, target: Target, time: Time
) -> None:
    names = [LIST, as_jwt(LIST), OTHER_LIST, DID]
    for name in names:
        publish(folder, 3, name=name)
    copying = publication(folder, target, time)
    assert sorted(copying.finish()) == sorted(names)
    assert [target.served(name) for name in names] == [folder.current(name) for name in names]
    assert copying.tick() == []
    assert (copying.standing.files, copying.standing.behind) == (4, 0)


def test_new_version_is_copied_at_the_next_look(
    folder: PublishFolder, target: Target, time: Time
) -> None:
    copying = publication(folder, target, time)
    for version in (1, 2, 3):
        publish(folder, version)
        assert copying.tick() == [LIST]
        assert target.served(LIST) == folder.current(LIST)


def test_retired_list_is_withdrawn(folder: PublishFolder, target: Target, time: Time) -> None:
    publish(folder, 1)
    copying = publication(folder, target, time)
    copying.finish()
    folder.withdraw(LIST)
    copying.finish()
    assert target.served(LIST) is None
    assert not target.put(a_copy(2))


def test_list_that_retired_before_the_target_was_is_withdrawn_there(
    folder: PublishFolder, target: Target, time: Time
) -> None:
    publish(folder, 1)
    folder.withdraw(LIST)
    publication(folder, target, time).finish()
    assert not target.put(a_copy(2))


def test_what_changed_last_is_copied_first(folder: PublishFolder, time: Time) -> None:
    for age, name in enumerate((OTHER_LIST, DID, LIST)):
        publish(folder, 1, name=name)
        os.utime(folder.root / name, (age, age), follow_symlinks=False)
    target = Noting()
    publication(folder, target, time).finish()
    assert target.put_names[0] == LIST


def test_newer_version_at_the_target_stays_and_is_told(
    folder: PublishFolder, target: Target, time: Time
) -> None:
    target.put(a_copy(9))
    publish(folder, 8)
    copying = publication(folder, target, time)
    assert copying.finish() == []
    assert target.served(LIST) == a_copy(9).published
    assert (copying.standing.ahead, copying.standing.behind) == (1, 0)
    publish(folder, 10)
    assert copying.finish() == [LIST]
    assert copying.standing.ahead == 0


def test_what_was_changed_at_the_target_is_mended(
    folder: PublishFolder, target: Target, time: Time
) -> None:
    publish(folder, 1)
    copying = publication(folder, target, time)
    copying.finish()
    spoil(target)
    assert copying.tick() == []
    time.seconds += target.look_seconds
    assert copying.tick() == [LIST]
    assert target.served(LIST) == folder.current(LIST)


def spoil(target: Target) -> None:
    """Let a target lose the list, by hand."""
    if isinstance(target, StoreTarget):
        target._delete(LIST)
    else:
        root = Path(target.url.removeprefix("file://"))
        (root / LIST).resolve().write_bytes(b"half a li")


def test_end_of_a_list_that_was_lost_at_the_target_is_told_again(
    folder: PublishFolder, target: Target, time: Time
) -> None:
    publish(folder, 1)
    copying = publication(folder, target, time)
    copying.finish()
    folder.withdraw(LIST)
    copying.finish()
    assert publication(folder, target, time).compare() == []
    lose_the_end(target)
    assert publication(folder, target, time).compare() == [LIST]
    time.seconds += target.look_seconds
    assert copying.finish() == [LIST]
    assert not target.put(a_copy(2))


def lose_the_end(target: Target) -> None:
    """Let a target lose that the list was withdrawn, by hand."""
    if isinstance(target, StoreTarget):
        target._delete(f"{LIST}.withdrawn")
    else:
        shutil.rmtree(target.url.removeprefix("file://"))


def test_older_copy_in_place_of_a_version_that_was_ahead_is_mended(
    folder: PublishFolder, target: Target, time: Time
) -> None:
    target.put(a_copy(9))
    publish(folder, 8)
    copying = publication(folder, target, time)
    copying.finish()
    lose(target)
    target.put(a_copy(3))
    time.seconds += target.look_seconds
    assert copying.finish() == [LIST]
    assert target.served(LIST) == folder.current(LIST)
    assert copying.standing.ahead == 0


def lose(target: Target) -> None:
    """Let a target lose the list and everything beside it, by hand."""
    if isinstance(target, StoreTarget):
        target._delete(LIST)
    else:
        shutil.rmtree(target.url.removeprefix("file://"))


def test_directory_that_was_removed_is_filled_again(
    folder: PublishFolder, tmp_path: Path, time: Time
) -> None:
    target = DirectoryTarget(tmp_path / "copies")
    publish(folder, 1)
    copying = publication(folder, target, time)
    copying.finish()
    shutil.rmtree(tmp_path / "copies")
    time.seconds += target.look_seconds
    assert copying.finish() == [LIST]


def test_damaged_bytes_are_never_copied(folder: PublishFolder, time: Time) -> None:
    publish(folder, 1)
    publish(folder, 1, name=DID)
    (folder.root / LIST).resolve().write_bytes(b"half a li")
    target = Noting()
    copying = publication(folder, target, time)
    assert copying.finish() == [DID]
    assert target.served(LIST) is None
    assert (copying.standing.behind, len(copying.standing.damaged)) == (1, 1)


def test_target_that_is_away_catches_up_once_it_is_back(folder: PublishFolder, time: Time) -> None:
    target = Noting()
    copying = publication(folder, target, time)
    publish(folder, 1)
    copying.finish()
    target.is_away = True
    for version in (2, 3):
        publish(folder, version)
        with pytest.raises(TargetAwayError):
            copying.tick()
    os.utime(folder.root / LIST, (time() - 40, time() - 40), follow_symlinks=False)
    time.seconds += 20
    with pytest.raises(TargetAwayError):
        copying.tick()
    assert (copying.standing.behind, copying.standing.lag_seconds) == (1, 60)
    target.is_away = False
    assert copying.finish() == [LIST]
    assert target.put_names == [LIST, LIST]
    assert copying.standing.behind == 0


def test_name_that_cannot_be_written_keeps_no_other_from_its_turn(
    folder: PublishFolder, tmp_path: Path, time: Time
) -> None:
    copies = tmp_path / "copies"
    publish(folder, 1)
    publish(folder, 1, name=OTHER_LIST)
    newest = FolderSight(folder).entries()[0].name
    (copies / newest / "of my own").mkdir(parents=True)
    copying = publication(folder, DirectoryTarget(copies), time)
    for _ in range(2):
        with pytest.raises(TargetAwayError, match=newest):
            copying.finish()
    assert copying.standing.behind == 1
    assert {LIST, OTHER_LIST} - {newest} == {
        name for name in (LIST, OTHER_LIST) if (copies / name).is_symlink()
    }


def test_names_that_are_damaged_or_ahead_keep_no_other_from_being_copied(
    folder: PublishFolder, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.static.publication.MOST_A_TICK", 1)
    target = Noting()
    target.put(a_copy(9, name=OTHER_LIST))
    for age, name in enumerate((DID, as_jwt(LIST), LIST, OTHER_LIST)):
        publish(folder, 1, name=name)
        os.utime(folder.root / name, (age, age), follow_symlinks=False)
    for name in (LIST, as_jwt(LIST)):
        (folder.root / name).resolve().write_bytes(b"half a li")
    copying = publication(folder, target, time)
    assert copying.finish() == [DID]
    assert (copying.standing.ahead, copying.standing.behind) == (1, 2)


def test_comparing_tells_what_is_lacking_and_changes_nothing(
    folder: PublishFolder, time: Time
) -> None:
    target = Noting()
    publish(folder, 1)
    publication(folder, target, time).finish()
    publish(folder, 2)
    publish(folder, 1, name=DID)
    comparing = publication(folder, target, time)
    assert sorted(comparing.compare()) == sorted([LIST, DID])
    assert comparing.standing.behind == 2
    assert target.served(LIST) == a_copy(1).published


def test_files_that_are_no_published_names_are_left_alone(
    folder: PublishFolder, time: Time
) -> None:
    publish(folder, 1)
    (folder.root / LIST).with_name("notes.txt").write_text("mine")
    (folder.root / LIST).with_name("suspension").write_text("no link")
    copying = publication(folder, Noting(), time)
    assert copying.finish() == [LIST]


def test_version_published_just_after_a_look_is_not_missed(
    folder: PublishFolder, time: Time
) -> None:
    target = Noting()
    copying = publication(folder, target, time)
    for version in range(1, 30):
        newest: PublishedVersion = publish(folder, version)
        copying.tick()
        assert target.served(LIST) == newest
