"""The journal of erasures: which learners' keys must not come back with a restored database.

It lies outside the database and outside its backups. A line is on disk before a key is
destroyed, and none is ever removed; what it names is destroyed again whenever it is found, and
opened by nobody meanwhile. It holds ids, nothing that names a person. One line is one JSON object.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from registry.domain.errors import RegistryError
from registry.store.folders import sync_folder


class JournalDamagedError(RegistryError):
    """The journal of erasures cannot be read."""


@dataclass(frozen=True)
class Entry:
    """One confirmed erasure; `at` is when it was confirmed."""

    erasure_id: str
    issuer_id: str
    subject_ref: str
    reason: str
    at: str


class ErasureJournal:
    """A file of lines that only grows; several processes may add to it and read it at once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int, int] | None = None
        self._entries: Mapping[str, Entry] = {}

    def add(self, *entries: Entry) -> None:
        """Write entries, durable on return; one that stands there already is not repeated."""
        if not entries:
            return
        with self._alone() as file:
            whole = _whole_lines(file)
            known = self._read(whole)
            new = {entry.subject_ref: entry for entry in entries if entry.subject_ref not in known}
            # What a crash left of a line was never acted on.
            file.truncate(len(whole))
            file.seek(len(whole))
            file.writelines(_line(entry) for entry in new.values())
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Let no other process decide meanwhile whether a learner is erased or held."""
        file = self._file.with_name(f"{self._file.name}.lock")
        descriptor = os.open(file, os.O_CREAT | os.O_RDWR, 0o600)
        with os.fdopen(descriptor, "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def entries(self) -> Mapping[str, Entry]:
        """Return the entries by the reference of the learner, in the order they were written.

        Raises JournalDamagedError for a whole line that is no entry: to go on without it could
        bring somebody back.
        """
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return {}
        seen = found.st_ino, found.st_size, found.st_mtime_ns
        if seen != self._seen:
            with self._file.open("rb") as file:
                self._entries = self._read(_whole_lines(file))
            self._seen = seen
        return self._entries

    def names(self, reference: str) -> bool:
        """Return whether the learner was erased; costs one `stat` of the file."""
        return reference in self.entries()

    def _read(self, whole: bytes) -> dict[str, Entry]:
        entries = (self._entry(number, line) for number, line in enumerate(whole.splitlines(), 1))
        return {entry.subject_ref: entry for entry in entries}

    def _entry(self, number: int, line: bytes) -> Entry:
        try:
            return Entry(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise JournalDamagedError(
                f"line {number} of {self._file} is no entry",
                field=str(self._file),
                remedy="restore the file from a copy; without it erased learners could come back",
            ) from error

    @contextmanager
    def _alone(self) -> Iterator[IO[bytes]]:
        is_new = not self._file.exists()
        descriptor = os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if is_new:
                sync_folder(self._file.parent)
            yield file


def _line(entry: Entry) -> bytes:
    return json.dumps(asdict(entry), sort_keys=True).encode() + b"\n"


def _whole_lines(file: IO[bytes]) -> bytes:
    data = file.read()
    return data[: data.rfind(b"\n") + 1]
