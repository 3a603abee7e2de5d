"""Take a document apart: its structure, and the texts that stand in it, in their order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

_ENDS: Final = "\x03"
_TEXT: Final = ""
_OTHER: Final = "*"


@dataclass(frozen=True)
class Parts:
    """What a document is made of.

    `structure` is a digest of all but the texts: names, numbers, and how everything is nested and
    ordered; `length` is that of what was digested, in characters.
    """

    structure: bytes
    length: int
    texts: Sequence[str]


def parts_of(document: dict[str, Any]) -> Parts | None:
    """Return the parts of a document, or None for one with names too odd to be told apart.

    Level by level, the texts of an object or array before what is inside of its other members.
    """
    parts: list[str] = []
    texts: list[str] = []
    rest: list[Any] = [document]
    for value in rest:
        members: Iterable[Any] = value
        if isinstance(value, dict):
            parts.append(f"{{{len(value)}")
            parts += value
            members = value.values()
        elif isinstance(value, list):
            parts.append(f"[{len(value)}")
        else:
            # Whole numbers and others are told apart, and True from 1.
            parts.append(f"={value!r}")
            continue
        for member in members:
            if type(member) is str:
                parts.append(_TEXT)
                texts.append(member)
            else:
                parts.append(_OTHER)
                rest.append(member)
    structure = _ENDS.join(parts)
    if structure.count(_ENDS) != len(parts) - 1:
        return None
    digest = sha256(structure.encode(errors="surrogatepass")).digest()
    return Parts(digest, len(structure), texts)
