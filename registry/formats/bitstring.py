"""Encode, decode and read bitstrings (W3C Bitstring Status List v1.0 §2.2 and §3).

A bitstring is bytes: index 0 is the most significant bit of byte 0. Its encoded form is "u" and
the unpadded base64url of one gzip member (RFC 1952) that states neither time nor system, so that
the same bits give the same text on every machine with the same compressor.
"""

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import deflate

from registry.formats.multibase import MultibaseError, b64url_decode, b64url_encode

MINIMUM_ENTRIES: Final = 131_072
MAX_BYTES: Final = 16 * 1024 * 1024
# An entry's message is needed for each of its values, so no more of them fit a document.
MAX_ENTRY_BITS: Final = 16

# RFC 1952 §2.3: magic, deflate, no flags, no time, "slowest compression", unknown system.
_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
# Each step copies what is still to be read, so small steps would cost more than they spare.
_STEP_BYTES: Final = 1024 * 1024
_INDEX: Final = re.compile(r"0|[1-9][0-9]*")
# No list reaches 10**18 entries; longer texts are answered without reading them as a number.
_MAX_INDEX_DIGITS: Final = 18


class BitstringError(ValueError):
    """A status list, or a question about one, is not as the specification requires."""

    problem_type = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR"


class MalformedValueError(BitstringError):
    """A value does not have the form the specification gives it."""


class EntryRangeError(BitstringError):
    """An index points outside the list."""

    problem_type = "https://www.w3.org/TR/vc-data-model#RANGE_ERROR"


class ListLengthError(BitstringError):
    """A list is shorter than herd privacy requires, or longer than is read."""

    problem_type = "https://www.w3.org/ns/credentials/status-list#STATUS_LIST_LENGTH_ERROR"


class UnknownEncoderError(LookupError):
    """A recorded encoder is not one this process has, so its bytes cannot be repeated."""


@dataclass(frozen=True)
class EncodedList:
    """A bitstring's text, and the compressor that made it."""

    text: str
    encoder: str


def _libdeflate_12(bits: bytes) -> bytes:
    return bytes(deflate.deflate_compress(bits, 12))


def _zlib_9(bits: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(bits) + compressor.flush()


# Named with their versions: the next version may find other, equally right bytes.
LIBDEFLATE: Final = f"libdeflate-12/{deflate.__version__}"
ZLIB: Final = f"zlib-9/{zlib.ZLIB_RUNTIME_VERSION}"
_ENCODERS: Final[Mapping[str, Callable[[bytes], bytes]]] = MappingProxyType(
    {LIBDEFLATE: _libdeflate_12, ZLIB: _zlib_9}
)
# Of 22,000 lists, scattered or in runs, zlib made 295 smaller, the largest of them 194 bytes; of
# those with eight million entries up to one that takes 1,900 characters, a 560th of its bytes.
_ZLIB_MAY_WIN_CHARACTERS: Final = 1024
_ZLIB_MAY_WIN_SHARE: Final = 256


def encode(bits: bytes) -> EncodedList:
    """Return libdeflate's text, or zlib's where it is shorter, as it is of lists nearly empty.

    Raises ListLengthError for fewer than 131,072 entries (Bitstring Status List v1.0 §3.2).
    """
    encoded = EncodedList(encode_with(bits, LIBDEFLATE), LIBDEFLATE)
    if len(encoded.text) > max(_ZLIB_MAY_WIN_CHARACTERS, len(bits) // _ZLIB_MAY_WIN_SHARE):
        return encoded
    other = EncodedList(encode_with(bits, ZLIB), ZLIB)
    return min(encoded, other, key=lambda candidate: len(candidate.text))


def encode_with(bits: bytes, encoder: str) -> str:
    """Return the text a recorded encoder makes, or raise UnknownEncoderError."""
    check_length(bits)
    if encoder not in _ENCODERS:
        raise UnknownEncoderError(f"no encoder {encoder!r} here, only {', '.join(_ENCODERS)}")
    trailer = zlib.crc32(bits).to_bytes(4, "little") + (len(bits) % 2**32).to_bytes(4, "little")
    return "u" + b64url_encode(_HEADER + _ENCODERS[encoder](bits) + trailer)


def decode(text: str, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the bits of an encoded list from anyone (Bitstring Status List v1.0 §3.3).

    The text is "u" and strict base64url of exactly one gzip member with a right checksum and
    nothing after it, or MalformedValueError is raised. Fewer than 131,072 bits, or more than
    `max_bytes` bytes, raise ListLengthError; no more than that is ever held.
    """
    # Deflate makes nothing larger than five bytes a block of 64 KiB, base64 a third larger.
    if len(text) > max_bytes * 3 // 2 + 1024:
        raise ListLengthError(f"the list is longer than {max_bytes} bytes")
    if not text.startswith("u"):
        raise MalformedValueError("an encoded list starts with 'u'")
    try:
        member = b64url_decode(text[1:])
    except MultibaseError as error:
        raise MalformedValueError("the list is not base64url without padding") from error
    bits = _inflate(member, max_bytes)
    check_length(bits)
    return bits


def check_length(bits: bytes, *, entry_size: int = 1) -> None:
    """Raise ListLengthError for fewer than 131,072 entries (Bitstring Status List v1.0 §3.2)."""
    _check_entry_size(entry_size)
    if len(bits) * 8 // entry_size < MINIMUM_ENTRIES:
        raise ListLengthError(f"the list has fewer than {MINIMUM_ENTRIES:,} entries")


def value(bits: bytes, index: int, *, entry_size: int = 1) -> int:
    """Return the value at an index, an entry's first bit being its most significant.

    Raises EntryRangeError for an index outside the list, MalformedValueError for an entry size
    below one bit.
    """
    _check_entry_size(entry_size)
    start, end = index * entry_size, (index + 1) * entry_size
    if index < 0 or end > len(bits) * 8:
        raise EntryRangeError("the index is outside the list")
    covering = int.from_bytes(bits[start // 8 : (end + 7) // 8])
    return covering >> (-end % 8) & ((1 << entry_size) - 1)


def parse_index(text: object) -> int:
    """Return a `statusListIndex`: a base-10 string with no sign, leading zero or exponent (§2.1).

    Raises MalformedValueError for anything else, EntryRangeError for more than 18 digits.
    """
    if not isinstance(text, str) or not _INDEX.fullmatch(text):
        raise MalformedValueError("statusListIndex is not a base-10 string")
    if len(text) > _MAX_INDEX_DIGITS:
        raise EntryRangeError("the index is outside any list")
    return int(text)


def _check_entry_size(entry_size: int) -> None:
    if entry_size < 1:
        raise MalformedValueError("an entry has at least one bit")


def _inflate(member: bytes, max_bytes: int) -> bytes:
    """Inflate one gzip member in bounded steps; zlib checks the header, CRC-32 and length."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    bits, rest = bytearray(), member
    while not inflater.eof:
        try:
            step = inflater.decompress(rest, _STEP_BYTES)
        except zlib.error as error:
            raise MalformedValueError("the list is not a gzip member") from error
        if not step and not inflater.eof:
            raise MalformedValueError("the gzip member is cut short")
        bits += step
        rest = inflater.unconsumed_tail
        if len(bits) > max_bytes:
            raise ListLengthError(f"the list is longer than {max_bytes} bytes")
    if inflater.unused_data:
        raise MalformedValueError("bytes follow the gzip member")
    return bytes(bits)
