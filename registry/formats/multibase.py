"""Write bytes in base58btc and base64url, and read them strictly (Controlled Identifiers §2.4).

The Multibase prefixes ("z" and "u") belong to the callers. Both readers accept one spelling of
each value only: a second spelling would be a second name for the same signature or list.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# Two digits at a time take half as long.
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
_DIGITS: Final = {character: digit for digit, character in enumerate(_ALPHABET)}
# Conversion takes time quadratic in the length; keys and signatures need about 140 characters.
_MAX_BASE58_CHARACTERS: Final = 1_024
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")


class MultibaseError(ValueError):
    """A text is not the one spelling of some bytes in its base."""


def b58_encode(data: bytes) -> str:
    """Return bytes in base58btc, each leading zero byte as "1"."""
    number = int.from_bytes(data)
    pairs: list[str] = []
    while number:
        number, pair = divmod(number, len(_PAIRS))
        pairs.append(_PAIRS[pair])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(pairs)).lstrip("1")


def b58_decode(text: str) -> bytes:
    """Return the bytes of a base58btc text of at most 1,024 characters, or raise MultibaseError."""
    if len(text) > _MAX_BASE58_CHARACTERS:
        raise MultibaseError(f"base58 of more than {_MAX_BASE58_CHARACTERS} characters")
    number = 0
    for character in text:
        if character not in _DIGITS:
            raise MultibaseError(f"{character!r} is not a base58btc character")
        number = number * 58 + _DIGITS[character]
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)


def b64url_encode(data: bytes) -> str:
    """Return bytes in base64url without padding (RFC 4648 §5)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64url_decode(text: str) -> bytes:
    """Return the bytes of a base64url text without padding, or raise MultibaseError.

    Other alphabets, padding, white space and unused bits that are not zero are refused
    (RFC 4648 §3.2, §3.3 and §3.5).
    """
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise MultibaseError("not base64url without padding")
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64url_encode(data) != text:
        raise MultibaseError("base64url with unused bits that are not zero")
    return data
