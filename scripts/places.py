"""Find out before any work is done whether its results can be written where they are wanted."""

import os
from pathlib import Path

from registry.domain.errors import InvalidValueError


def check_file(file: Path, option: str, *, source: Path) -> None:
    """Raise InvalidValueError where a file cannot be written, or is the one that is read.

    Nothing is changed: a file that is there keeps what it holds.
    """
    target = Path(os.path.realpath(file))  # Unlike `resolve` it takes a link to itself.
    was_there = target.exists()
    if was_there and target.samefile(source):
        raise InvalidValueError(f"{file} is the file that is read", field=option)
    if was_there and not (target.is_file() or target.is_dir()):
        return  # Whoever reads from a pipe would take this for its end.
    try:
        with target.open("ab"):
            pass
    except OSError as error:
        raise _unwritable(file, option, error.strerror) from error
    if not was_there:
        target.unlink()


def check_folder(folder: Path, option: str) -> None:
    """Raise InvalidValueError where no files can be written to a folder, which may not exist."""
    nearest = next(each for each in (folder, *folder.absolute().parents) if os.path.lexists(each))
    if not nearest.is_dir():
        raise _unwritable(folder, option, f"{nearest} is no folder")
    if not os.access(nearest, os.W_OK | os.X_OK, effective_ids=True):
        raise _unwritable(folder, option, f"{nearest} may not be written to")


def _unwritable(place: Path, option: str, reason: str | None) -> InvalidValueError:
    remedy = "name a place you may write to; nothing was done yet"
    return InvalidValueError(f"{place}: {reason}", field=option, remedy=remedy)
