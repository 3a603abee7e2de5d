"""A static target that is a directory, for any web server that follows symbolic links."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from projections.publish_folder import PublishedVersion, PublishFolder
from projections.static.target import Copy, TargetAwayError

KEPT_VERSIONS = 2
"""How many versions of a name stay: the current, and the one a server may be opening just now."""


class DirectoryTarget:
    """Keeps copies as the publish folder keeps its own files; see `Target` for what it promises."""

    look_seconds = 10.0

    def __init__(self, root: Path) -> None:
        self.url = root.as_uri()
        self._folder = PublishFolder(root, is_open=True)

    def prepare(self) -> None:
        """Make the directory."""
        with _told_as_away():
            self._folder.make()

    def served(self, name: str) -> PublishedVersion | None:
        """Return the version under a name and the digest of the bytes that are really there."""
        with _told_as_away():
            current = self._folder.current(name)
            body = self._folder.read(name, current) if current else None
        if current is None or body is None:
            return None
        return PublishedVersion(current.version, sha256(body).hexdigest())

    def put(self, copy: Copy) -> bool:
        """Serve a copy; return False where a newer version is there, or its end."""
        name = copy.name
        with _told_as_away():
            if self._folder.is_withdrawn(name):
                return False
            published = self._folder.put(name, copy.published.version, copy.body)
            is_served = self._folder.make_current(name, published)
            if self._folder.is_withdrawn(name):  # Meanwhile, by another process.
                self._folder.withdraw(name)
                return False
            self._folder.prune(name, keep=KEPT_VERSIONS)
        return is_served

    def withdraw(self, name: str) -> None:
        """Serve a name no more, and leave `NAME.withdrawn` to tell so for ever."""
        with _told_as_away():
            self._folder.withdraw(name)

    def is_withdrawn(self, name: str) -> bool:
        """Return whether what `withdraw` leaves is there."""
        with _told_as_away():
            return self._folder.is_withdrawn(name)


@contextmanager
def _told_as_away() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename2 or error.filename
        raise TargetAwayError(
            (error.strerror or type(error).__name__) + (f": {where}" if where else ""),
            remedy="see that the directory is there, may be written, and has room",
        ) from error
