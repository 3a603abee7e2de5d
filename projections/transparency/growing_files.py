"""Files that only grow at their end, several at a time, durable before anything is said of them."""

import os
from pathlib import Path

from projections.transparency.errors import FloorDamagedError
from registry.store.folders import make_folder, sync_folder

_LONGEST_LINE = 128
_REMEDY = "restore the log's folder from a copy, or see docs/transparency-log.md"


def read_whole(path: Path) -> bytes:
    """Return what a file holds; raises FloorDamagedError where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise damaged(f"{path} is missing") from error


def read_beginning(path: Path, length: int) -> bytes:
    """Return the first `length` bytes of a file; raises FloorDamagedError where it is shorter."""
    try:
        with path.open("rb") as file:
            data = file.read(length)
    except FileNotFoundError as error:
        raise damaged(f"{path} is missing") from error
    if len(data) < length:
        raise damaged(f"{path} has {len(data)} bytes where {length} must be")
    return data


def last_line(path: Path) -> bytes | None:
    """Return the last line of a file of short lines, b"" without any, None if it has no end."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _LONGEST_LINE))
            data = file.read()
    except FileNotFoundError:
        return b""
    if data and not data.endswith(b"\n"):
        return None
    return data[:-1].rpartition(b"\n")[2]


def append_lines(path: Path, lines: bytes) -> None:
    """Put whole lines at the end of a file that may not be there yet; durable on return."""
    is_new = not path.exists()
    with path.open("ab") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        sync_folder(path.parent)


def damaged(reason: str) -> FloorDamagedError:
    """Return the error for a folder that lacks something."""
    return FloorDamagedError(reason, remedy=_REMEDY)


class Writing:
    """Writes at the ends of files, and makes all of it durable at once by `sync`.

    What stands behind the place written to is cut off: a crash left it, and nothing covers it.
    """

    def __init__(self) -> None:
        self._written: set[Path] = set()
        self._grown: set[Path] = set()

    def at(self, path: Path, offset: int, data: bytes) -> None:
        """Write `data` after the first `offset` bytes of a file, which must be there."""
        make_folder(path.parent)
        if not path.exists():
            self._grown.add(path.parent)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
        with os.fdopen(descriptor, "r+b") as file:
            if file.seek(0, os.SEEK_END) < offset:
                raise damaged(f"{path} lacks bytes before {offset}")
            file.seek(offset)
            file.write(data)
            file.truncate()
        self._written.add(path)

    def sync(self) -> None:
        """Return once everything written is on the disk, names and bytes."""
        for path in sorted(self._written):
            _sync_file(path)
        for folder in sorted(self._grown):
            sync_folder(folder)


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
