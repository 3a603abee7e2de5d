"""From arriving bytes to lines of text, a block at a time: a file may be larger than the memory.

Text is UTF-8, with or without a byte order mark, or Windows-1250: which of the two is decided by
the first block that is not plain ASCII; a small file is one block. Or it is UTF-16 with a byte
order mark, as spreadsheets write what they call Unicode text.
"""

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

BLOCK_BYTES: Final = 1 << 16
LONGEST_LINE_BYTES: Final = 1 << 16

_BYTE_ORDER_MARK: Final = codecs.BOM_UTF8
_UTF_16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HALF_A_CHARACTER: Final = re.compile("[\ud800-\udfff]")


class NotTextError(ValueError):
    """The bytes are text of none of the three encodings; `line` is where that shows, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__("the file is no text in UTF-8, UTF-16 or Windows-1250")
        self.line = line


class LineTooLongError(ValueError):
    """A line has more than 65,536 bytes; `line` is its number, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"a line has at most {LONGEST_LINE_BYTES:,} bytes")
        self.line = line


def text_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Give the lines of a text, each with its end; raises NotTextError or LineTooLongError."""
    encoding, number = None, 1
    for block in _blocks(chunks):
        if encoding is None and not block.isascii():
            encoding = "utf-8" if _is_utf_8(block) else "cp1250"
        text = _decoded(block, encoding or "ascii", number)
        for line in io.StringIO(text, newline=""):
            yield line
            number += 1


def lines_of_any_text(chunks: Iterable[bytes]) -> Iterator[str]:
    """Give the lines of a text of which only the ASCII counts; raises LineTooLongError."""
    for block in _blocks(chunks):
        yield from io.StringIO(block.decode(errors="replace"), newline="")


def byte_lines(chunks: Iterable[bytes]) -> Iterator[bytes | None]:
    """Give the lines of a file without their ends, None for each that is too long."""
    rest, is_too_long = b"", False
    for chunk in _without_mark(chunks):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield None if is_too_long or len(line) > LONGEST_LINE_BYTES else line
            is_too_long = False
        if len(rest) > LONGEST_LINE_BYTES:
            rest, is_too_long = b"", True
    if rest or is_too_long:
        yield None if is_too_long else rest


def _without_mark(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Take a byte order mark away."""
    rest = _begun(chunks)
    yield next(rest).removeprefix(_BYTE_ORDER_MARK)
    yield from rest


def _begun(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Put together the first chunks, until they hold any byte order mark there is."""
    rest = iter(chunks)
    first = b""
    while len(first) < len(_BYTE_ORDER_MARK) and (chunk := next(rest, None)) is not None:
        first += chunk
    yield first
    yield from rest


def _from_utf_16(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Give UTF-8 in place of UTF-16, and other text as it is.

    What is half a character becomes a NUL, which stands in no text.
    """
    rest = _begun(chunks)
    first = next(rest)
    if not first.startswith(_UTF_16_MARKS):
        yield first
        yield from rest
        return
    decoder = codecs.getincrementaldecoder("utf-16")(errors="surrogatepass")
    for chunk in chain([first], rest):
        yield _HALF_A_CHARACTER.sub("\0", decoder.decode(chunk)).encode()
    if decoder.getstate()[0]:
        yield b"\0"


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut at ends of lines, without the byte order mark."""
    buffer, lines = bytearray(), 0
    for chunk in _without_mark(_from_utf_16(chunks)):
        buffer += chunk
        if len(buffer) < BLOCK_BYTES:
            continue
        if end := _last_end(buffer):
            block = bytes(buffer[:end])
            del buffer[:end]
            yield block
            lines += block.count(b"\n")
        if len(buffer) > LONGEST_LINE_BYTES:
            raise LineTooLongError(lines + 1)
    yield bytes(buffer)


def _last_end(buffer: bytearray) -> int:
    """Return where the last whole line ends: at a CR too, unless an LF may follow it."""
    return (buffer.rfind(b"\n") + 1) or (buffer.rfind(b"\r", 0, len(buffer) - 1) + 1)


def _is_utf_8(block: bytes) -> bool:
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decoded(block: bytes, encoding: str, number: int) -> str:
    nothing = block.find(b"\0")
    if nothing >= 0:
        raise NotTextError(number + block.count(b"\n", 0, nothing))
    try:
        return block.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotTextError(number + block.count(b"\n", 0, error.start)) from error
