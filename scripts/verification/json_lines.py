"""Read JSON Lines without holding more than one line of bounded length."""

from collections.abc import Iterator
from typing import BinaryIO

from registry.formats import strict_json
from registry.formats.strict_json import MAX_BYTES, StrictJsonError

# A line's end may be two bytes, and one more shows that the line is too long.
_MOST_READ = MAX_BYTES + 3


def read(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the number, from 1, and the document of every line that is not blank.

    Of a line longer than 1 MiB no more than a few bytes above that are yielded, so that its
    length shows, and the rest is passed over.
    """
    number = 0
    while line := file.readline(_MOST_READ):
        number += 1
        if len(line) == _MOST_READ and not line.endswith(b"\n"):
            _pass_over(file)
            yield number, line
        elif document := _document(line.strip()):
            yield number, document


def _pass_over(file: BinaryIO) -> None:
    while rest := file.readline(_MOST_READ):
        if rest.endswith(b"\n"):
            return


def _document(line: bytes) -> bytes:
    """Return what stands in a line: a JSON text holds a compact JWT, all else is as it stands."""
    if not line.startswith(b'"'):
        return line
    try:
        value = strict_json.loads(line)
    except StrictJsonError:
        return line
    return value.encode() if isinstance(value, str) else line
