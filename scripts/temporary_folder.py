"""Give a command that leaves nothing behind a folder, and an end that removes it."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from scripts.answers import Session


@contextmanager
def folder_of(session: Session, *, prefix: str) -> Iterator[Path]:
    """Give the folder the user named, or one that is removed afterwards."""
    if session.folder is not None:
        yield session.folder
        return
    with TemporaryDirectory(prefix=prefix) as folder:
        yield Path(folder)


def leave_on_sigterm() -> None:
    """End on SIGTERM as on any error: servers are stopped, a temporary folder removed."""
    signal.signal(signal.SIGTERM, _leave)


def _leave(_signal: int, _frame: object) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)
