"""The journal of erasures: durable, private, read by several, and never silently short."""

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from registry.store.erasure_journal import Entry, ErasureJournal, JournalDamagedError

ENTRY = Entry("erasure-1", "issuer-1", "reference-1", "learner-request", "2026-11-22T18:00:00Z")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "erasures.journal"


def test_journal_without_a_file_is_empty(file: Path) -> None:
    assert ErasureJournal(file).entries() == {}
    assert not ErasureJournal(file).names("reference-1")
    assert not file.exists()


def test_entry_is_read_back_and_only_by_its_owner(file: Path) -> None:
    ErasureJournal(file).add(ENTRY)
    assert ErasureJournal(file).entries() == {"reference-1": ENTRY}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_entry_that_stands_there_is_not_repeated(file: Path) -> None:
    for _ in range(2):
        ErasureJournal(file).add(ENTRY)
    assert file.read_bytes().count(b"\n") == 1


def test_entry_of_another_process_is_seen_at_once(file: Path) -> None:
    mine, others = ErasureJournal(file), ErasureJournal(file)
    assert not mine.names("reference-1")
    others.add(ENTRY)
    assert mine.names("reference-1")
    others.add(replace(ENTRY, subject_ref="reference-2"))
    assert mine.names("reference-2")


def test_line_that_a_crash_tore_at_any_byte_is_written_again(file: Path) -> None:
    second = replace(ENTRY, subject_ref="reference-2")
    ErasureJournal(file).add(ENTRY)
    first_line = file.read_bytes()
    ErasureJournal(file).add(second)
    whole = file.read_bytes()
    for cut in range(len(first_line), len(whole)):
        file.write_bytes(whole[:cut])
        assert list(ErasureJournal(file).entries()) == ["reference-1"]
        ErasureJournal(file).add(second)
        assert file.read_bytes() == whole


@pytest.mark.parametrize("line", [b"nonsense\n", b"{}\n", b'{"subject_ref": "x"}\n', b"\xff\n"])
def test_line_that_is_no_entry_is_never_passed_over(file: Path, line: bytes) -> None:
    ErasureJournal(file).add(ENTRY)
    file.write_bytes(line + file.read_bytes())
    with pytest.raises(JournalDamagedError, match="line 1"):
        ErasureJournal(file).names("reference-1")
    with pytest.raises(JournalDamagedError):
        ErasureJournal(file).add(replace(ENTRY, subject_ref="reference-2"))


def test_many_who_add_at_once_lose_nothing(file: Path) -> None:
    entries = [replace(ENTRY, subject_ref=f"reference-{number}") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda entry: ErasureJournal(file).add(entry), entries))
    assert set(ErasureJournal(file).entries()) == {entry.subject_ref for entry in entries}
