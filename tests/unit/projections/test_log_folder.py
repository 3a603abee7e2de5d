"""What the log's folder makes of files that a crash or somebody else left in it."""

from pathlib import Path

import pytest

from projections.transparency.errors import FloorDamagedError
from projections.transparency.floor import LogFolder
from projections.transparency.runs import Run
from tests.small_log import SmallLog

FIRST, SECOND, THIRD = Run(1, 0), Run(12, 10), Run(40, 20)


def test_runs_are_appended_without_writing_the_file_again(tmp_path: Path) -> None:
    files = LogFolder(tmp_path).log(1)
    files.put_runs([FIRST], size=0)
    inode = (files.path / "positions").stat().st_ino
    files.put_runs([SECOND], size=10)
    files.put_runs([], size=15)
    files.put_runs([THIRD], size=20)
    assert files.runs() == [FIRST, SECOND, THIRD]
    assert (files.path / "positions").stat().st_ino == inode


def test_runs_that_a_crash_left_beyond_the_tree_are_dropped(tmp_path: Path) -> None:
    files = LogFolder(tmp_path).log(1)
    files.put_runs([FIRST, SECOND, THIRD], size=0)
    files.put_runs([], size=10)
    assert files.runs() == [FIRST]


@pytest.mark.parametrize("torn", [b"40 2", b"40 20", b"\0\0\0\0"])
def test_a_line_that_a_crash_tore_is_none(tmp_path: Path, torn: bytes) -> None:
    files = LogFolder(tmp_path).log(1)
    files.put_runs([FIRST, SECOND], size=0)
    with (files.path / "positions").open("ab") as positions:
        positions.write(torn)
    assert files.runs() == [FIRST, SECOND]
    files.put_runs([THIRD], size=20)
    assert files.runs() == [FIRST, SECOND, THIRD]


def test_a_last_line_that_is_no_run_is_named(tmp_path: Path) -> None:
    files = LogFolder(tmp_path).log(1)
    files.put_runs([FIRST], size=0)
    (files.path / "positions").write_bytes(b"1 0\nnonsense\n")
    with pytest.raises(FloorDamagedError, match="positions"):
        files.put_runs([SECOND], size=10)


def test_an_empty_folder_begins_no_log(tmp_path: Path) -> None:
    log = SmallLog(tmp_path)
    log.grow(3)
    (tmp_path / "2").mkdir()
    assert LogFolder(tmp_path).numbers() == [1]


def test_a_log_begins_in_the_folder_once_the_one_before_is_closed(tmp_path: Path) -> None:
    log = SmallLog(tmp_path)
    log.grow(3)
    log.files.close("registry.example.org/log/2")
    (tmp_path / "2").mkdir()
    assert LogFolder(tmp_path).numbers() == [1, 2]
