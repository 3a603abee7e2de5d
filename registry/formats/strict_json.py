"""Read JSON so that no two readers can disagree about what it says (RFC 8259, I-JSON RFC 7493).

Python's own reader takes duplicate members, NaN, lone surrogates and numbers no other reader
can hold; a signature over such a text means different things to different verifiers.
"""

import json
import math
from codecs import BOM_UTF8
from collections import Counter
from typing import Any, Final, NoReturn

import orjson

MAX_BYTES: Final = 1_048_576
MAX_DEPTH: Final = 32
# RFC 7493 §2.2: the integers that every reader holding numbers as doubles holds exactly.
MAX_INTEGER: Final = 2**53 - 1
# 17 significant digits identify any double; what is longer is padding or an attack.
_MAX_NUMBER_CHARACTERS: Final = 64

# Nothing that can stand in a JSON text.
_UNLIKE: Final = object()

_ONE_KIND_OF_BRACKET: Final = bytes.maketrans(b"{}", b"[]")
_OTHERS: Final = bytes(set(range(256)) - set(b'[]{}"'))


class StrictJsonError(ValueError):
    """A text is not JSON that every reader understands alike."""

    def __init__(self, reason: str, where: str) -> None:
        super().__init__(f"{reason} ({where})")
        self.reason = reason
        self.where = where


def loads(data: bytes | str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """Return the value of a JSON text in UTF-8.

    Refused with StrictJsonError, before they cost anything: more than `max_bytes` bytes, objects
    and arrays nested deeper than `max_depth`, integers beyond 2**53 - 1 either way. Refused as
    well: invalid UTF-8, a byte order mark, a member named twice, NaN and infinities (also by
    overflow), lone surrogates, and anything after the value.
    """
    encoded = _encoded(data, max_bytes)
    _refuse_depth(encoded, max_depth)
    found = _read_compact(encoded)
    return _read(encoded.decode()) if found is _UNLIKE else found


def _read_compact(encoded: bytes) -> Any:
    """Return the value of a text that is written as compactly as can be, or `_UNLIKE`.

    A value that is written back as the very same text was read as it says: a member named twice
    would be missing, and a number that is not held exactly would be another.
    """
    try:
        value = orjson.loads(encoded)
        written = orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return _UNLIKE
    return value if written == encoded else _UNLIKE


def _read(text: str) -> Any:
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise StrictJsonError(error.msg, f"byte {len(text[: error.pos].encode())}") from None
    _refuse_surrogates(text, value)
    return value


def _encoded(data: bytes | str, max_bytes: int) -> bytes:
    # A character is at least one byte, so this spares encoding what is too long anyway.
    if len(data) > max_bytes:
        raise StrictJsonError(f"longer than {max_bytes} bytes", f"byte {max_bytes}")
    try:
        encoded = data.encode() if isinstance(data, str) else data
        encoded.decode()
    except UnicodeError as error:
        raise StrictJsonError("not UTF-8", _position(error)) from None
    if len(encoded) > max_bytes:
        raise StrictJsonError(f"longer than {max_bytes} bytes", f"byte {max_bytes}")
    if encoded.startswith(BOM_UTF8):
        raise StrictJsonError("a byte order mark", "byte 0")
    return encoded


def _position(error: UnicodeError) -> str:
    is_decoding = isinstance(error, UnicodeDecodeError)
    start = error.start if isinstance(error, UnicodeDecodeError | UnicodeEncodeError) else 0
    return f"{'byte' if is_decoding else 'character'} {start}"


def _refuse_depth(encoded: bytes, max_depth: int) -> None:
    """Take the innermost pairs of brackets away `max_depth` times: nothing may be left."""
    # Without escaped characters, an odd number of quotation marks stands before all in strings.
    # A backslash outside of them is an error, before which all is told apart rightly.
    unescaped = encoded
    if b"\\" in encoded:
        unescaped = encoded.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = unescaped.translate(_ONE_KIND_OF_BRACKET, _OTHERS).replace(b'""', b"")
    brackets = b"".join(marks.split(b'"')[::2])
    for _ in range(max_depth):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"")
    if brackets:
        raise StrictJsonError(f"brackets unbalanced or deeper than {max_depth}", "byte 0")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(members)
    if len(result) != len(members):
        [(twice, _)] = Counter(name for name, _ in members).most_common(1)
        raise StrictJsonError("a member named twice", f"member {twice!r}")
    return result


def _integer(digits: str) -> int:
    if len(digits) > _MAX_NUMBER_CHARACTERS or abs(int(digits)) > MAX_INTEGER:
        raise StrictJsonError("an integer beyond 2**53 - 1", f"number {digits[:20]}")
    return int(digits)


def _number(digits: str) -> float:
    if len(digits) > _MAX_NUMBER_CHARACTERS or not math.isfinite(float(digits)):
        raise StrictJsonError("a number no double holds", f"number {digits[:20]}")
    return float(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise StrictJsonError("not a JSON number", f"number {name}")


def _refuse_surrogates(text: str, value: object) -> None:
    # UTF-8 cannot carry a surrogate, so only an escape can have brought one in.
    if "\\u" not in text:
        return
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        surrogate = f"U+{ord(error.object[error.start]):04X}"
        raise StrictJsonError("a lone surrogate", surrogate) from None
