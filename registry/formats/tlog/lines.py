"""Read the numbers and bytes that stand on lines of C2SP texts; each has one spelling only.

A second spelling would let anybody change a signed or hashed text's surroundings unnoticed.
"""

import re
from base64 import b64decode, b64encode
from typing import Final

from registry.formats.tlog.merkle import HASH_BYTES

# What fits the signed 64-bit integers of other implementations.
MAX_NUMBER: Final = 2**63 - 1
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}")


class LineError(ValueError):
    """A line does not have the one spelling of what should stand on it."""


def decimal(text: str) -> int:
    """Return an ASCII decimal below 2**63 without sign or leading zeros, or raise LineError."""
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_NUMBER:
        raise LineError(f"{text[:30]!r} is not a decimal number without leading zeros")
    return int(text)


def base64_bytes(text: str) -> bytes:
    """Return the bytes of standard, padded base64 (RFC 4648 §4), or raise LineError."""
    if not _BASE64.fullmatch(text) or len(text) % 4:
        raise LineError("not base64 with padding")
    data = b64decode(text)
    if base64_text(data) != text:
        raise LineError("base64 with unused bits that are not zero")
    return data


def base64_text(data: bytes) -> str:
    """Return bytes in standard base64 with padding (RFC 4648 §4)."""
    return b64encode(data).decode("ascii")


def hash_bytes(text: str) -> bytes:
    """Return the 32 bytes of a hash in base64, or raise LineError."""
    data = base64_bytes(text)
    if len(data) != HASH_BYTES:
        raise LineError(f"a hash has {HASH_BYTES} bytes, not {len(data)}")
    return data
