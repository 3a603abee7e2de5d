"""Name the keys whose signatures stand under notes (C2SP signed-note, "Verifier keys").

A key is written `name+id+key`: the id is the beginning of a hash of name, signature type and
public key, in eight hexadecimal digits; the key is the type's byte and the public key in base64.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Final

from registry.formats.tlog.lines import LineError, base64_bytes, base64_text

ED25519: Final = 0x01
ED25519_COSIGNATURE: Final = 0x04
MLDSA44_COSIGNATURE: Final = 0x06
_PUBLIC_KEY_BYTES: Final = {ED25519: 32, ED25519_COSIGNATURE: 32, MLDSA44_COSIGNATURE: 1312}
_KEY_ID: Final = re.compile(r"[0-9a-f]{8}")


class VerifierKeyError(ValueError):
    """A text is not a verifier key of a kind that is known here."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key, the name it signs under and the type of its signatures (0x01, 0x04, 0x06)."""

    name: str
    key_type: int
    public_key: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise VerifierKeyError(f"{self.name[:80]!r} cannot be the name of a key")
        if len(self.public_key) != _PUBLIC_KEY_BYTES.get(self.key_type):
            raise VerifierKeyError(
                f"{len(self.public_key)} bytes are no public key of type {self.key_type}"
            )

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Return the key a text such as `example.org/log+1234abcd+AQ...` names.

        Raises VerifierKeyError for other texts, other types, and an id that is not the key's.
        """
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            data = base64_bytes(encoded)
        except LineError as error:
            raise VerifierKeyError(f"a verifier key is name+id+key: {error}") from None
        key = cls(name, data[0] if data else 0, data[1:])
        if not _KEY_ID.fullmatch(key_id) or key.key_id.hex() != key_id:
            raise VerifierKeyError(f"the id of {name!r} is not that of its key")
        return key

    @cached_property
    def key_id(self) -> bytes:
        """Return the four bytes that signatures of this key begin with."""
        named = self.name.encode() + b"\n" + bytes([self.key_type])
        return sha256(named + self.public_key).digest()[:4]

    @property
    def vkey(self) -> str:
        """Return the key's text, which `parse` reads."""
        encoded = base64_text(bytes([self.key_type]) + self.public_key)
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


def is_key_name(name: str) -> bool:
    """Tell whether keys may have this name: no space of any script, no plus, no control."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    is_plain = not any(character.isspace() or character < " " for character in name)
    return bool(name) and is_plain and "+" not in name
