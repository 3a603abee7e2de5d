"""Read, write, sign and verify notes: a text and signatures under it (C2SP signed-note)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry.formats.tlog.lines import LineError, base64_bytes, base64_text
from registry.formats.tlog.verifier_keys import (
    ED25519,
    VerifierKey,
    VerifierKeyError,
    is_key_name,
)

__all__ = [
    "MAX_NOTE_BYTES",
    "MAX_SIGNATURES",
    "Note",
    "NoteError",
    "NoteSignature",
    "NoteSigner",
    "NoteUnsignedError",
    "SignatureInvalidError",
    "VerifierKey",
    "VerifierKeyError",
    "verify",
]

# C2SP signed-note requires room for 16 signatures at least, of nearly 5 kB each.
MAX_SIGNATURES: Final = 64
MAX_NOTE_BYTES: Final = 262_144
_KEY_ID_BYTES: Final = 4
_SIGNATURE_LINE: Final = re.compile(r"\u2014 ([^ \n]+) ([A-Za-z0-9+/=]+)\n")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteError(ValueError):
    """A signed note is malformed, or no key that is trusted signed it."""


class SignatureInvalidError(NoteError):
    """A signature under the note names a trusted key but was not made by it over this text."""


class NoteUnsignedError(NoteError):
    """No signature under the note is by a trusted key."""


@dataclass(frozen=True)
class NoteSignature:
    """A signature, and the name and id of the key that is said to have made it."""

    name: str
    key_id: bytes
    signature: bytes

    @classmethod
    def parse(cls, line: str) -> "NoteSignature":
        """Return the signature of one line, its newline included, or raise NoteError."""
        match = _SIGNATURE_LINE.fullmatch(line)
        if match is None or not is_key_name(match[1]):
            raise NoteError(f"not a line with a signature: {line[:80]!r}")
        try:
            data = base64_bytes(match[2])
        except LineError as error:
            raise NoteError(f"the signature of {match[1][:80]!r}: {error}") from None
        if len(data) <= _KEY_ID_BYTES:
            raise NoteError(f"the signature of {match[1][:80]!r} is too short")
        return cls(match[1], data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:])

    @property
    def line(self) -> str:
        """Return the signature's line, with its newline."""
        return f"\u2014 {self.name} {base64_text(self.key_id + self.signature)}\n"

    def is_by(self, key: VerifierKey) -> bool:
        """Tell whether the signature names this key; nothing is verified."""
        return (self.name, self.key_id) == (key.name, key.key_id)


@dataclass(frozen=True)
class Note:
    """A text that ends in a newline, and the signatures under it, none of them verified."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, data: bytes) -> "Note":
        """Return the note in some bytes, which `to_bytes` gives again, or raise NoteError.

        Refused are more than 256 KiB or 64 signatures, whatever is not UTF-8, control characters,
        and lines after the last blank one that are no signatures.
        """
        text, blank, lines = _decoded(data).rpartition("\n\n")
        if not blank or not lines.endswith("\n"):
            raise NoteError("a note is a text, a blank line and lines with signatures")
        if lines.count("\n") > MAX_SIGNATURES:
            raise NoteError(f"a note has at most {MAX_SIGNATURES} signatures")
        # Only newlines end lines here; `splitlines` would also break at U+2028 and the like.
        signatures = [NoteSignature.parse(f"{line}\n") for line in lines[:-1].split("\n")]
        return cls(text + "\n", tuple(signatures))

    def to_bytes(self) -> bytes:
        """Return the note as it is stored and served."""
        lines = "".join(signature.line for signature in self.signatures)
        return f"{self.text}\n{lines}".encode()

    def with_signatures(self, more: Iterable[NoteSignature]) -> "Note":
        """Return the note with more signatures under it; one that is there is not repeated."""
        return replace(self, signatures=tuple(dict.fromkeys([*self.signatures, *more])))


@dataclass(frozen=True)
class NoteSigner:
    """An Ed25519 key that signs notes under a name (signature type 0x01)."""

    name: str
    private_key: Ed25519PrivateKey

    @property
    def verifier_key(self) -> VerifierKey:
        return VerifierKey(self.name, ED25519, self.private_key.public_key().public_bytes_raw())

    def sign(self, text: str) -> NoteSignature:
        """Return the signature over a text, which ends in a newline."""
        if not text.endswith("\n"):
            raise NoteError("a note's text ends in a newline")
        signature = self.private_key.sign(text.encode())
        return NoteSignature(self.name, self.verifier_key.key_id, signature)


def verify(note: Note, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
    """Return the keys of type 0x01 that signed a note, in the order of the signatures.

    Signatures that name none of the keys are passed over. Raises SignatureInvalidError if one
    that names a key is not by it, NoteUnsignedError if no signature names any.
    """
    known = [key for key in keys if key.key_type == ED25519]
    found = dict[VerifierKey, None]()
    for signature in note.signatures:
        named = [key for key in known if signature.is_by(key)]
        verified = [key for key in named if _is_signed(note.text, signature.signature, key)]
        if named and not verified:
            raise SignatureInvalidError(f"the signature of {signature.name!r} is not by its key")
        found |= dict.fromkeys(verified)
    if not found:
        raise NoteUnsignedError("no signature is by a trusted key")
    return list(found)


def _is_signed(text: str, signature: bytes, key: VerifierKey) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, text.encode())
    except InvalidSignature:
        return False
    return True


def _decoded(data: bytes) -> str:
    if len(data) > MAX_NOTE_BYTES:
        raise NoteError(f"a note has at most {MAX_NOTE_BYTES} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise NoteError("a note is UTF-8") from None
    if _CONTROL.search(text):
        raise NoteError("a note has no control characters but newlines")
    return text
