"""Write and read bundles of log entries (C2SP tlog-tiles, "Log entries")."""

from collections.abc import Iterable
from typing import Final

MAX_ENTRY_BYTES: Final = 2**16 - 1
_LENGTH_BYTES: Final = 2


class EntryBundleError(ValueError):
    """Bytes are not whole entries, each after its length, or an entry is too long for one."""


def encode_entries(entries: Iterable[bytes]) -> bytes:
    """Return entries one after another, each after its length as a big-endian uint16."""
    try:
        return b"".join([len(entry).to_bytes(_LENGTH_BYTES) + entry for entry in entries])
    except OverflowError:
        raise EntryBundleError(f"an entry is longer than {MAX_ENTRY_BYTES} bytes") from None


def decode_entries(bundle: bytes) -> list[bytes]:
    """Return the entries of a bundle, or raise EntryBundleError if the last one is cut short."""
    entries, start = list[bytes](), 0
    while start < len(bundle):
        first = start + _LENGTH_BYTES
        start = first + int.from_bytes(bundle[start:first])
        if start > len(bundle):
            raise EntryBundleError("the last entry is cut short")
        entries.append(bundle[first:start])
    return entries
