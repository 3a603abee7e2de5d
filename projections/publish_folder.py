"""The publish folder: the truth for serving, and the floor that nothing published goes below.

`NAME` is a symbolic link to the version that is served; the versions lie beside it in
`NAME.versions/VERSION.SHA256`, written once and never changed. A reader follows one link and so
sees a whole version or the one before it. Any web server that follows links can serve the folder.
What is being written lies in `.unfinished` until it is whole and takes its name.

Web servers make an ETag of a file's size and its time of change, some (nginx) in whole seconds. No
two versions of a name therefore bear the same second, and none that of the name's other form.
"""

import errno
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

STATUS_LISTS = "status-lists"
ISSUERS = "issuers"
UNFINISHED = ".unfinished"
LEFTOVER_SECONDS = 3600
"""An unfinished file that is older was left by a process that was killed."""


_VERSION = re.compile(r"([0-9]{10,})\.([0-9a-f]{64})")
"""The name of a version's file. What is called otherwise somebody else has put there."""


@dataclass(frozen=True)
class PublishedVersion:
    """A version in the folder: its number and the SHA-256 (hex) of its bytes."""

    version: int
    digest: str


class PublishFolder:
    """Puts versions in and makes them current; safe to use from many processes.

    Every user of the machine may read one that `is_open`, whatever the process masks elsewhere.
    """

    def __init__(self, root: Path, *, is_open: bool = False) -> None:
        self.root = root
        self._is_open = is_open

    def make(self) -> None:
        """Make the folder; safe to repeat."""
        self._make_folder(self.root)

    def put(self, name: str, version: int, body: bytes) -> PublishedVersion:
        """Store the bytes of a version, durable on return; nobody is served them yet."""
        published = PublishedVersion(version, hashlib.sha256(body).hexdigest())
        path = self._path(name, published)
        if self.read(name, published) != body:
            self._write_durably(path, body)
        return published

    def make_current(self, name: str, published: PublishedVersion) -> bool:
        """Serve a stored version, unless a newer one is served already; return whether it is.

        The comparison and the swap happen under one lock, so that a publisher that stalled and
        woke cannot put an old version back.
        """
        link = self.root / name
        with self._locked():
            current = self.current(name)
            if current is not None and current.version > published.version:
                return False
            if current != published:
                target = self._path(name, published)
                _date(target, after=self._path(name, current) if current else None, name=name)
                self._replace_link(link, os.path.relpath(target, link.parent))
        return True

    def current(self, name: str) -> PublishedVersion | None:
        """Return the version that is served, or None.

        A plain file in the link's place (a copy by a tool that follows links) is no version, nor
        is a link to something else.
        """
        try:
            target = (self.root / name).readlink().name
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINVAL):
                return None
            raise
        found = _VERSION.fullmatch(target)
        return PublishedVersion(int(found[1]), found[2]) if found else None

    def read(self, name: str, published: PublishedVersion) -> bytes | None:
        """Return the bytes of a version, or None where they are not here."""
        try:
            return self._path(name, published).read_bytes()
        except FileNotFoundError:
            return None

    def prune(self, name: str, *, keep: int) -> None:
        """Remove versions that are older than the current one and the `keep` - 1 before it."""
        current = self.current(name)
        if current is None:
            return
        found = self._path(name, current).parent.iterdir()
        names = sorted(path.name for path in found if _VERSION.fullmatch(path.name))
        here = self._path(name, current).name
        for old in [each for each in names if each < here][: -(keep - 1) or None]:
            with suppress(FileNotFoundError):  # Another process prunes too.
                self._path(name, current).with_name(old).unlink()

    def withdraw(self, name: str) -> None:
        """Serve `name` no more; the versions stay."""
        link = self.root / name
        if link.is_symlink() or not self.is_withdrawn(name):
            with self._locked():
                self._make_folder(link.parent)
                link.with_name(f"{link.name}.withdrawn").touch()
                link.unlink(missing_ok=True)
                _sync_folder(link.parent)

    def is_served(self, name: str) -> bool:
        """Return whether anything stands under `name`, be it what it should be or not."""
        return os.path.lexists(self.root / name)

    def is_withdrawn(self, name: str) -> bool:
        """Return whether `name` was served once and is no more."""
        link = self.root / name
        return link.with_name(f"{link.name}.withdrawn").exists()

    def _path(self, name: str, published: PublishedVersion) -> Path:
        folder = self.root / f"{name}.versions"
        return folder / f"{published.version:010d}.{published.digest}"

    def _write_durably(self, path: Path, body: bytes) -> None:
        temporary = self._unfinished()
        try:
            self._write(temporary, body)
        except OSError:
            temporary.unlink(missing_ok=True)  # Of a full disk it would take what is left.
            raise
        self._sweep(now=temporary.stat().st_mtime)
        self._make_folder(path.parent)
        temporary.replace(path)
        _sync_folder(path.parent)

    def _write(self, path: Path, body: bytes) -> None:
        with path.open("wb") as output:
            output.write(body)
            if self._is_open:
                os.fchmod(output.fileno(), 0o644)
            output.flush()
            os.fsync(output.fileno())

    def _replace_link(self, link: Path, target: str) -> None:
        temporary = self._unfinished()
        temporary.symlink_to(target)
        self._make_folder(link.parent)
        temporary.replace(link)
        _sync_folder(link.parent)

    def _make_folder(self, path: Path) -> None:
        chain = [each for each in (path, *path.parents) if each.is_relative_to(self.root)]
        missing = [each for each in chain if not each.exists()]
        path.mkdir(parents=True, exist_ok=True)
        for each in missing if self._is_open else ():
            each.chmod(0o755)

    def _unfinished(self) -> Path:
        """Return a path that nobody else writes, on the same file system as every name."""
        folder = self.root / UNFINISHED
        self._make_folder(folder)
        return folder / f"{os.getpid()}.{os.urandom(8).hex()}"

    def _sweep(self, *, now: float) -> None:
        """Remove what was left over; `now` is the file system's, as its files' times are."""
        for leftover in (self.root / UNFINISHED).iterdir():
            with suppress(FileNotFoundError):  # Another process sweeps too, or finished it.
                if leftover.lstat().st_mtime < now - LEFTOVER_SECONDS:
                    leftover.unlink()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._make_folder(self.root)
        with (self.root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


_ID = "[0-9a-f-]{36}"
LIST_NAME = rf"{STATUS_LISTS}/{_ID}/(?:revocation|suspension)"
"""A pattern of the names that `list_name` makes."""

DID_NAME = rf"{ISSUERS}/{_ID}/did\.json"
"""A pattern of the names that `did_name` makes."""


def list_name(list_id: str, purpose: str) -> str:
    """Return the name of a published status list, which is also the end of its URL."""
    return f"{STATUS_LISTS}/{list_id}/{purpose}"


def jwt_name(list_id: str, purpose: str) -> str:
    """Return the name of the same list as a compact JWS, which has no URL of its own."""
    return as_jwt(list_name(list_id, purpose))


def as_jwt(name: str) -> str:
    """Return the name of a list's compact JWS, given the list's."""
    return f"{name}.jwt"


def did_name(issuer_id: str) -> str:
    """Return the name of an issuer's published DID document."""
    return f"{ISSUERS}/{issuer_id}/did.json"


def _date(path: Path, *, after: Path | None, name: str) -> None:
    """Give a version a second of its own: even where it is JSON, odd where it is a JWS."""
    with suppress(FileNotFoundError), path.open("rb") as file:  # Either may be lost.
        second = int(os.fstat(file.fileno()).st_mtime)
        if after is not None and after.exists():
            second = max(second, int(after.stat().st_mtime) + 1)
        second += second % 2 != name.endswith(".jwt")
        os.utime(file.fileno(), (second, second))
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
