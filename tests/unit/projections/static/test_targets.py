"""Each kind of target keeps what `Target` promises."""

import os
import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import obstore
import pytest
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, MemoryStore

from projections.static.directory import DirectoryTarget
from projections.static.object_store import StoreTarget
from projections.static.target import Target, TargetAwayError, TargetUnfitError
from tests.unit.projections.static.conftest import bucket
from tests.unit.projections.static.samples import LIST, a_copy, copy_with, list_bytes, whole
from tests.web_servers import BUCKET, ObjectStore


def test_nothing_is_served_at_first(target: Target) -> None:
    target.prepare()
    assert target.served(LIST) is None


def test_copy_is_served_with_its_version_and_digest(target: Target) -> None:
    assert target.put(a_copy(7))
    assert target.served(LIST) == a_copy(7).published


def test_newer_version_takes_the_place_of_an_older(target: Target) -> None:
    assert target.put(a_copy(7))
    assert target.put(a_copy(8))
    assert target.served(LIST) == a_copy(8).published


def test_older_version_that_comes_late_changes_nothing(target: Target) -> None:
    target.put(a_copy(10))
    assert not target.put(a_copy(9))
    assert target.served(LIST) == a_copy(10).published


def test_repeating_a_copy_changes_nothing(target: Target) -> None:
    assert target.put(a_copy(7))
    assert target.put(a_copy(7))
    assert target.served(LIST) == a_copy(7).published


def test_bytes_that_are_not_the_versions_are_replaced(target: Target) -> None:
    target.put(copy_with(7, b"not the list"))
    assert target.served(LIST) != a_copy(7).published
    assert target.put(a_copy(7))
    assert target.served(LIST) == a_copy(7).published


def test_withdrawn_name_is_served_no_more_and_does_not_come_back(target: Target) -> None:
    target.put(a_copy(7))
    target.withdraw(LIST)
    target.withdraw(LIST)
    assert target.served(LIST) is None
    assert not target.put(a_copy(8))
    assert target.served(LIST) is None


def test_those_who_put_at_once_only_ever_go_forward(target: Target) -> None:
    versions = list(range(1, 31))
    random.Random(1).shuffle(versions)
    stop = threading.Event()
    with ThreadPoolExecutor(5) as pool:
        reader = pool.submit(read_versions, target, stop)
        for each in [pool.submit(target.put, a_copy(version)) for version in versions]:
            each.result()
        stop.set()
    seen = reader.result()
    assert seen == sorted(seen)
    assert target.served(LIST) == a_copy(30).published


def read_versions(target: Target, stop: threading.Event) -> list[int]:
    seen = list[int]()
    while not stop.is_set():
        served = target.served(LIST)
        if served is not None:
            assert served == a_copy(served.version).published
            seen.append(served.version)
    return seen


class Slow(StoreTarget):
    """Looks at what is there and is then held up until another has put something newer."""

    def __init__(self, store: Any, other: StoreTarget) -> None:
        super().__init__(store, url="memory:")
        self._other = other
        self._held_up = False

    def _look(self, name: str) -> Any:
        found = super()._look(name)
        if not self._held_up:
            self._held_up = True
            assert self._other.put(a_copy(9))
        return found


@pytest.mark.parametrize("before", [[], [7]])
@pytest.mark.parametrize("kind", ["memory", "s3"])
def test_process_that_wakes_between_look_and_put_puts_no_old_version_back(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, before: Sequence[int]
) -> None:
    store = (
        MemoryStore()
        if kind == "memory"
        else bucket(request.getfixturevalue("s3_server"), f"late-{tmp_path.name}-{len(before)}")
    )
    other = StoreTarget(store, url="memory:")
    for version in before:
        other.put(a_copy(version))
    assert not Slow(store, other).put(a_copy(8))
    assert other.served(LIST) == a_copy(9).published


def test_object_bears_what_its_server_has_to_say(s3_server: ObjectStore) -> None:
    StoreTarget(bucket(s3_server, "headers"), url="s3:").put(a_copy(7))
    answer = httpx.get(f"{s3_server.endpoint}/{BUCKET}/headers/{LIST}", trust_env=False)
    assert answer.headers["content-type"] == "application/vc"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.content == list_bytes(7)


def test_object_that_somebody_else_put_there_counts_as_older() -> None:
    store = MemoryStore()
    obstore.put(store, LIST, b"something else")
    target = StoreTarget(store, url="memory:")
    assert target.put(a_copy(1))
    assert target.served(LIST) == a_copy(1).published


def test_store_that_keeps_the_promises_is_left_as_it_was(target: Target) -> None:
    target.prepare()
    target.prepare()
    if isinstance(target, StoreTarget):
        assert list(obstore.list(target._store).collect()) == []


def test_store_without_metadata_is_refused(tmp_path: Path) -> None:
    target = StoreTarget(LocalStore(tmp_path), url="local:")
    with pytest.raises(TargetUnfitError) as refused:
        target.prepare()
    assert refused.value.remedy


def test_store_that_ignores_conditions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    put = obstore.put

    def unconditional(*args: Any, mode: object, **kwargs: Any) -> Any:
        return put(*args, mode="overwrite", **kwargs)

    monkeypatch.setattr(obstore, "put", unconditional)
    with pytest.raises(TargetUnfitError, match="If-None-Match"):
        StoreTarget(MemoryStore(), url="memory:").prepare()


@pytest.mark.parametrize("edited", ["a link elsewhere", "a file"])
def test_name_that_somebody_edited_by_hand_is_served_again(tmp_path: Path, edited: str) -> None:
    target = DirectoryTarget(tmp_path / "copies")
    target.put(a_copy(7))
    name = tmp_path / "copies" / LIST
    name.unlink()
    if edited == "a link elsewhere":
        name.symlink_to("of-my-own")
    else:
        name.write_text("of my own")
    assert target.served(LIST) is None
    assert target.put(a_copy(7))
    assert whole(name.read_bytes()) == 7


def test_files_that_are_no_versions_are_not_removed(tmp_path: Path) -> None:
    target = DirectoryTarget(tmp_path / "copies")
    target.put(a_copy(1))
    other = tmp_path / "copies" / f"{LIST}.versions" / ".htaccess"
    other.touch()
    for version in (2, 3, 4):
        target.put(a_copy(version))
    assert other.exists()


def test_web_server_may_read_what_is_put_there_whatever_is_masked(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        DirectoryTarget(tmp_path / "copies").put(a_copy(7))
    finally:
        os.umask(before)
    file = (tmp_path / "copies" / LIST).resolve()
    for folder in list(file.parents)[: -len(tmp_path.parents) - 1]:
        assert folder.stat().st_mode & 0o055 == 0o055, folder
    assert file.stat().st_mode & 0o044 == 0o044


def test_answer_lost_while_conditions_are_tried_is_no_failure_of_our_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def put(*_: object, **__: object) -> None:
        raise AlreadyExistsError("the client sent it twice, since the first answer was lost")

    monkeypatch.setattr(obstore, "put", put)
    with pytest.raises(TargetAwayError):
        StoreTarget(MemoryStore(), url="memory:").prepare()


def test_directory_that_cannot_be_made_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    target = DirectoryTarget(tmp_path / "file" / "copies")
    with pytest.raises(TargetAwayError):
        target.prepare()


def test_directory_keeps_the_version_before_the_current_and_none_older(tmp_path: Path) -> None:
    target = DirectoryTarget(tmp_path)
    for version in range(1, 6):
        target.put(a_copy(version))
    kept = [whole(path.read_bytes()) for path in (tmp_path / f"{LIST}.versions").iterdir()]
    assert sorted(kept) == [4, 5]
