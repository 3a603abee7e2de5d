"""What the publish folder serves now, and a copy of each of its files."""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from projections.list_documents import document_of
from projections.publish_folder import (
    DID_NAME,
    ISSUERS,
    LIST_NAME,
    STATUS_LISTS,
    PublishedVersion,
    PublishFolder,
)
from projections.static.target import Copy

LIST_TYPE = "application/vc"
JWT_TYPE = "application/vc+jwt"
DID_TYPE = "application/did+ld+json"
"""What a list, its compact JWS and a DID document are where nobody negotiates."""

SETTLED_SECONDS = 2.0
"""A folder changed less long ago may have changed again in the same tick of its clock."""

_WITHDRAWN = ".withdrawn"
_NAME = re.compile(rf"({LIST_NAME}(?:\.jwt)?|{DID_NAME})(\.withdrawn)?")


class DamagedError(ValueError):
    """The publish folder's own bytes of a version are lost or not what they were."""


@dataclass(frozen=True)
class Entry:
    """A name, the version that is served under it (None: withdrawn), and since when (epoch)."""

    name: str
    published: PublishedVersion | None
    changed_at: float


@dataclass(frozen=True)
class _Seen:
    """The entries of one folder, as long as its time of change is the same."""

    changed_ns: int
    is_settled: bool
    entries: tuple[Entry, ...]


class FolderSight:
    """Looks over a publish folder; what has not changed since the last look costs one `stat`."""

    def __init__(self, folder: PublishFolder) -> None:
        self._folder = folder
        self._seen: dict[Path, _Seen] = {}

    def forget(self) -> None:
        """Read everything at the next look."""
        self._seen.clear()

    def entries(self) -> list[Entry]:
        """Return every name, the one that changed last first."""
        found = [entry for path in self._folders() for entry in self._entries(path)]
        return sorted(found, key=lambda entry: -entry.changed_at)

    def _folders(self) -> Iterator[Path]:
        for parent in (STATUS_LISTS, ISSUERS):
            try:
                with os.scandir(self._folder.root / parent) as inside:
                    yield from [Path(each.path) for each in inside if each.is_dir()]
            except FileNotFoundError:
                continue

    def _entries(self, path: Path) -> tuple[Entry, ...]:
        changed_ns = path.stat().st_mtime_ns
        seen = self._seen.get(path)
        if seen is None or not seen.is_settled or seen.changed_ns != changed_ns:
            is_settled = time.time() - changed_ns / 1e9 > SETTLED_SECONDS
            seen = _Seen(changed_ns, is_settled, tuple(self._read(path)))
            self._seen[path] = seen
        return seen.entries

    def _read(self, path: Path) -> Iterator[Entry]:
        parent = path.relative_to(self._folder.root).as_posix()
        with os.scandir(path) as inside:
            names = {each.name for each in inside if not each.is_dir(follow_symlinks=False)}
        for file in sorted(names):
            match = _NAME.fullmatch(f"{parent}/{file}")
            # Withdrawn once and served again (by an older database): what is served counts.
            if match and not (match[2] and file.removesuffix(_WITHDRAWN) in names):
                yield from self._entry(match[1], path / file, is_end=bool(match[2]))

    def _entry(self, name: str, path: Path, *, is_end: bool) -> Iterator[Entry]:
        published = None if is_end else self._folder.current(name)
        if is_end or published is not None:
            yield Entry(name, published, path.lstat().st_mtime)


def copy_of(folder: PublishFolder, name: str, published: PublishedVersion, *, ttl: int) -> Copy:
    """Return a copy; `ttl` holds where the file states none. Raises DamagedError."""
    body = folder.read(name, published)
    if body is None or sha256(body).hexdigest() != published.digest:
        raise DamagedError(f"version {published.version} of {name} is lost or damaged here")
    return Copy(name, published, body, media_type(name), max_age_seconds(body, ttl))


def media_type(name: str) -> str:
    """Return what is in a published file."""
    if name.endswith(".jwt"):
        return JWT_TYPE
    return LIST_TYPE if name.startswith(f"{STATUS_LISTS}/") else DID_TYPE


def max_age_seconds(body: bytes, default: int) -> int:
    """Return how long a file may be kept: what a list says itself (`ttl`, in milliseconds)."""
    subject = document_of(body).get("credentialSubject")
    return subject["ttl"] // 1000 if isinstance(subject, dict) and "ttl" in subject else default
