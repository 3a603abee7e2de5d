"""A process that dies at any point leaves a log that goes on."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from projections.transparency import floor, growing_files, tree_state
from projections.transparency.errors import CheckpointShrinksError, FloorDamagedError
from registry.formats.tlog.merkle import leaf_hashes
from registry.store import folders
from tests.integration.projections.by_hand import ByHand
from tests.integration.projections.logged import assert_extends, assert_whole

Another = Callable[[], ByHand]
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class Died(BaseException):
    """The process was killed."""


def die_before(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """Let the process die when it is about to do something."""

    def die(*_: Any, **__: Any) -> None:
        raise Died

    monkeypatch.setattr(owner, name, die)


def die_after(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """Let the process die once it has done something."""
    whole = getattr(owner, name)

    def die(*given: Any, **named: Any) -> None:
        whole(*given, **named)
        raise Died

    monkeypatch.setattr(owner, name, die)


POINTS = {
    "before anything is written": (die_before, growing_files.Writing, "at"),
    "after the first file is written": (die_after, growing_files.Writing, "at"),
    "before anything is synced": (die_before, growing_files.Writing, "sync"),
    "after leaves and tiles are durable": (die_after, growing_files.Writing, "sync"),
    "after the positions are noted": (die_after, floor.LogFiles, "put_runs"),
    "before the database knows": (die_before, tree_state, "advance"),
    "after the database was told and before COMMIT": (die_after, tree_state, "advance"),
    "before anything is signed": (die_before, floor.LogFiles, "add_keys"),
    "before the checkpoint is written": (die_before, floor.LogFiles, "put_checkpoint"),
    "while the checkpoint is written": (die_before, folders, "sync_folder"),
    "after the checkpoint is written": (die_after, floor.LogFiles, "put_checkpoint"),
}


@on_sqlite
@pytest.mark.parametrize("point", POINTS)
def test_a_log_whose_process_died_goes_on(
    point: str, another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = another()
    first.issue()
    first.registry.transparency.run()
    before = assert_whole(first)
    first.issue(260, number=2)
    with monkeypatch.context() as patched:
        die, owner, name = POINTS[point]
        die(patched, owner, name)
        with pytest.raises(Died):
            first.registry.transparency.run()
    second = another()
    second.issue(number=3)
    second.registry.transparency.run()
    assert_whole(second)
    assert_extends(second, before)


@on_postgresql
def test_a_log_goes_on_after_postgresql_refused_its_state(
    another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = another()
    first.issue()
    with monkeypatch.context() as patched:
        die_after(patched, tree_state, "advance")
        with pytest.raises(Died):
            first.registry.transparency.run()
    second = another()
    second.registry.transparency.run()
    assert_whole(second)


@on_sqlite
def test_what_a_torn_write_left_is_written_again(another: Another) -> None:
    first = another()
    first.issue()
    first.registry.transparency.run()
    before = assert_whole(first)
    files = first.registry.transparency.files
    for name in ("entries/000", "tile/0/000"):
        with (files.path / name).open("ab") as file:
            file.write(os.urandom(77))
        second = another()
        second.issue(number=2 if name == "entries/000" else 3)
        second.registry.transparency.run()
        assert_whole(second)
        assert_extends(second, before)


@on_sqlite
def test_a_checkpoint_never_shrinks(by_hand: ByHand) -> None:
    log = by_hand.registry.transparency
    by_hand.issue()
    log.run()
    old = log.checkpoint() or b""
    by_hand.issue(number=2)
    log.run()
    with pytest.raises(CheckpointShrinksError):
        log.files.put_checkpoint(old)


@on_sqlite
def test_what_a_checkpoint_covers_is_never_written_again(by_hand: ByHand) -> None:
    by_hand.issue()
    log = by_hand.registry.transparency
    log.run()
    with pytest.raises(CheckpointShrinksError):
        log.files.append(log.size - 1, [b"{}"], leaf_hashes([b"{}"]))


@on_sqlite
@pytest.mark.parametrize("name", ["tile/0/000", "checkpoint"])
def test_over_a_damaged_folder_nothing_is_signed(by_hand: ByHand, name: str) -> None:
    by_hand.issue()
    log = by_hand.registry.transparency
    log.run()
    flip(log.files.path / name, 40)
    by_hand.issue(number=2)
    before = (log.files.path / "checkpoint").read_bytes()
    with pytest.raises(FloorDamagedError) as refusal:
        log.run()
    assert refusal.value.remedy
    assert (log.files.path / "checkpoint").read_bytes() == before


@on_sqlite
@pytest.mark.parametrize("name", ["keys", "positions"])
def test_a_file_of_the_folder_that_cannot_be_read_is_named(by_hand: ByHand, name: str) -> None:
    by_hand.issue()
    log = by_hand.registry.transparency
    log.run()
    (log.files.path / name).write_text("neither a key nor a run\n")
    with pytest.raises(FloorDamagedError) as refusal:
        log.files.keys() if name == "keys" else log.files.runs()
    assert str(log.files.path / name) in refusal.value.reason
    assert refusal.value.remedy


@on_sqlite
def test_a_tree_that_somebody_damaged_in_the_database_is_an_alarm(
    by_hand: ByHand, another: Another
) -> None:
    by_hand.issue()
    by_hand.registry.transparency.run()
    with by_hand.registry.database.writing() as connection:
        connection.execute(text("UPDATE log_state SET frontier = x'00'"))
    started = another().registry.transparency
    started.prepare()
    assert "is not the edge of a tree" in (started.alarm or "")


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x01
    path.write_bytes(bytes(data))
