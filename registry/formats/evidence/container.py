"""The container of evidence: a ZIP archive of which there is one way to write it.

Entries are stored, not compressed, sorted by name, dated 1980-01-01. Reading writes the archive
again and compares, so a changed byte is found wherever it stands, also between the entries.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Final

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_FILES: Final = 10_000

_NAME: Final = re.compile(
    r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}/){0,3}[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}"
)
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_ORDINARY_FILE: Final = 0o100644 << 16
_END: Final = b"PK\5\6"
_ZIP64: Final = b"PK\6\7"
_END_BYTES: Final = 22
_MAX_ENTRY_BYTES: Final = 46 + 4 * 101

# What the library raises for broken bytes: encryption and unknown methods are runtime errors.
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    EOFError,
    LookupError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)


class ContainerError(ValueError):
    """A file is not evidence, or a byte of its container was changed."""


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the archive of some files by name; raises ContainerError for a name or a size."""
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_BYTES:
        raise ContainerError(f"evidence has at most {MAX_FILES} files and {MAX_BYTES} bytes")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as writer:
        for name in sorted(files):
            writer.writestr(_entry(name), files[name])
    return archive.getvalue()


def unpack(archive: bytes) -> dict[str, bytes]:
    """Return the files of an archive by name; raises ContainerError unless `pack` wrote it."""
    if len(archive) > 2 * MAX_BYTES:
        raise ContainerError(f"evidence has at most {MAX_BYTES} bytes")
    _check_directory(archive)
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as reader:
            files = _read(reader)
    except ContainerError:
        raise
    except _UNREADABLE as error:
        raise ContainerError(f"not a readable archive: {error}") from error
    if pack(files) != archive:
        raise ContainerError("the archive is not written as evidence is: a byte was changed")
    return files


def _check_directory(archive: bytes) -> None:
    """Raise ContainerError for a directory that would fill the memory before it can be counted.

    The library reads as many entries as fit the size that the archive's last bytes give.
    """
    if archive[-_END_BYTES:-18] != _END or archive[-42:-38] == _ZIP64:
        raise ContainerError("not a readable archive: it does not end as evidence does")
    if int.from_bytes(archive[-10:-6], "little") > MAX_FILES * _MAX_ENTRY_BYTES:
        raise ContainerError(f"evidence has at most {MAX_FILES} files")


def _read(reader: zipfile.ZipFile) -> dict[str, bytes]:
    entries = reader.infolist()
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ContainerError("evidence is not compressed")
    if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise ContainerError(f"evidence has at most {MAX_FILES} files and {MAX_BYTES} bytes")
    return {entry.filename: reader.read(entry) for entry in entries}


def _entry(name: str) -> zipfile.ZipInfo:
    if not _NAME.fullmatch(name):
        raise ContainerError(f"{name[:80]!r} is no name of a file in evidence")
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system, entry.external_attr = _UNIX, _ORDINARY_FILE
    return entry
