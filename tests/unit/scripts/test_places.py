import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from registry.domain.errors import InvalidValueError
from scripts.places import check_file, check_folder

NOBODY = 65534


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "source.csv"
    file.write_text("email\n")
    return file


def test_place_that_can_be_written_is_left_as_it_was(source: Path) -> None:
    old, new, link = (source.with_name(name) for name in ("old.csv", "new.csv", "link.csv"))
    old.write_text("old")
    link.symlink_to(new)

    for file in (old, new, link):
        check_file(file, "--report", source=source)

    assert old.read_text() == "old"
    assert link.is_symlink()
    assert not new.exists()


@pytest.mark.parametrize("name", ["nowhere/report.csv", "source.csv/report.csv", "."])
def test_file_that_cannot_be_written_is_refused_with_the_option(source: Path, name: str) -> None:
    with pytest.raises(InvalidValueError, match=r"No such|Not a dir|Is a dir") as error:
        check_file(source.parent / name, "--report", source=source)
    assert error.value.field == "--report"
    assert error.value.remedy


def test_link_that_leads_back_to_itself_is_refused_with_the_option(source: Path) -> None:
    loop = source.with_name("links_to_itself.csv")
    loop.symlink_to(loop)
    with pytest.raises(InvalidValueError, match="Too many levels") as error:
        check_file(loop, "--report", source=source)
    assert error.value.field == "--report"


def test_file_that_is_read_is_never_written_over(source: Path) -> None:
    link = source.with_name("link.csv")
    link.symlink_to(source)
    for file in (source, link):
        with pytest.raises(InvalidValueError, match="is the file that is read"):
            check_file(file, "--report", source=source)


def test_pipe_is_not_opened_before_its_time(source: Path) -> None:
    pipe = source.with_name("pipe")
    os.mkfifo(pipe)
    checking = threading.Thread(
        target=check_file, args=(pipe, "--report"), kwargs={"source": source}, daemon=True
    )
    checking.start()
    checking.join(timeout=5)
    assert not checking.is_alive()


def test_folder_may_have_to_be_made_and_is_not_made_yet(source: Path) -> None:
    check_folder(source.parent, "--out")
    check_folder(source.parent / "a" / "b", "--out")
    assert [each.name for each in source.parent.iterdir()] == ["source.csv"]


def test_folder_below_a_file_is_refused(source: Path) -> None:
    with pytest.raises(InvalidValueError, match="is no folder") as error:
        check_folder(source / "badges", "--out")
    assert error.value.field == "--out"


def test_folder_that_may_not_be_written_to_is_refused(source: Path) -> None:
    source.parent.chmod(0o500)
    try:
        with as_nobody(), pytest.raises(InvalidValueError, match="may not be written to"):
            check_folder(source.parent / "badges", "--out")
    finally:
        source.parent.chmod(0o700)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be somebody else than root, who may write anywhere."""
    ours = os.geteuid()
    os.seteuid(ours or NOBODY)
    try:
        yield
    finally:
        os.seteuid(ours)
