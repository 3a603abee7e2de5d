"""Folders and files that outlive a crash: what is renamed or made is on the disk on return.

A lock does not: it goes with the process that holds it, however that ends.
"""

import fcntl
import os
from pathlib import Path
from typing import IO


def try_lock(file: IO[str]) -> bool:
    """Return whether nobody else holds a file's lock; it is ours then until the file is closed."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, all durable."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        sync_folder(each.parent)


def read_file(file: Path) -> bytes | None:
    """Return what a file holds, None where there is none."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def replace_file(file: Path, data: bytes) -> None:
    """Put `data` in the place of what `file` held, durably; no reader sees a part of it."""
    # Not the process's number, which is another's too where each machine is a container.
    temporary = file.with_name(f".{file.name}.{os.urandom(8).hex()}.new")
    try:
        with temporary.open("wb") as output:
            output.write(data)
            output.flush()
            os.fsync(output.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)  # Of a full disk it would take what is left.
        raise
    temporary.replace(file)
    sync_folder(file.parent)
