"""Make and verify the cosignatures of witnesses (C2SP tlog-cosignature).

A cosignature says that a witness saw the log grow to this checkpoint and never otherwise, and
when. Ed25519 cosignatures (type 0x04) cover the checkpoint's whole text, ML-DSA-44 ones (0x06)
its origin, size and root and the witness's name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.lines import MAX_NUMBER
from registry.formats.tlog.notes import Note, NoteError, NoteSignature, SignatureInvalidError
from registry.formats.tlog.verifier_keys import (
    ED25519_COSIGNATURE,
    MLDSA44_COSIGNATURE,
    VerifierKey,
)

COSIGNATURE_TYPES: Final = frozenset({ED25519_COSIGNATURE, MLDSA44_COSIGNATURE})
_TIME_BYTES: Final = 8
_MLDSA44_LABEL: Final = b"subtree/v1\n\0"
_MAX_NAME_BYTES: Final = 255


@dataclass(frozen=True)
class Cosignature:
    """A witness's key, and when it cosigned: POSIX seconds, 0 if it makes no statement of time."""

    key: VerifierKey
    at: int


def verify_cosignatures(note: Note, witnesses: Iterable[VerifierKey]) -> list[Cosignature]:
    """Return the cosignatures of known witnesses under a checkpoint, in their order.

    Signatures that name no witness are passed over. Raises SignatureInvalidError if one that names
    a witness is not by it, CheckpointError if the text is no checkpoint.
    """
    checkpoint = Checkpoint.parse(note.text)
    known = [key for key in witnesses if key.key_type in COSIGNATURE_TYPES]
    found = dict[Cosignature, None]()
    for signature in note.signatures:
        named = [key for key in known if signature.is_by(key)]
        verified = [key for key in named if _is_cosigned(checkpoint, signature.signature, key)]
        if named and not verified:
            raise SignatureInvalidError(f"the cosignature of {signature.name!r} is not by its key")
        at = int.from_bytes(signature.signature[:_TIME_BYTES])
        found |= dict.fromkeys(Cosignature(key, at) for key in verified)
    return list(found)


def sign_cosignature(
    checkpoint_text: str,
    *,
    name: str,
    private_key: Ed25519PrivateKey | MLDSA44PrivateKey,
    at: int,
) -> NoteSignature:
    """Return a witness's cosignature of a checkpoint at a time in POSIX seconds.

    Raises NoteError for a time or name no cosignature can carry.
    """
    if not 0 <= at <= MAX_NUMBER:
        raise NoteError(f"{at} is not a time in POSIX seconds")
    key, checkpoint = cosigner_key(name, private_key), Checkpoint.parse(checkpoint_text)
    signed = private_key.sign(_message(checkpoint, key, at))
    return NoteSignature(name, key.key_id, at.to_bytes(_TIME_BYTES) + signed)


def cosigner_key(name: str, private_key: Ed25519PrivateKey | MLDSA44PrivateKey) -> VerifierKey:
    """Return the verifier key of a witness: type 0x04 for Ed25519, 0x06 for ML-DSA-44."""
    is_ed25519 = isinstance(private_key, Ed25519PrivateKey)
    key_type = ED25519_COSIGNATURE if is_ed25519 else MLDSA44_COSIGNATURE
    return VerifierKey(name, key_type, private_key.public_key().public_bytes_raw())


def _is_cosigned(checkpoint: Checkpoint, signature: bytes, key: VerifierKey) -> bool:
    at, signed = int.from_bytes(signature[:_TIME_BYTES]), signature[_TIME_BYTES:]
    if at > MAX_NUMBER:
        return False
    try:
        _public_key(key).verify(signed, _message(checkpoint, key, at))
    except InvalidSignature:
        return False
    return True


def _public_key(key: VerifierKey) -> Ed25519PublicKey | MLDSA44PublicKey:
    if key.key_type == ED25519_COSIGNATURE:
        return Ed25519PublicKey.from_public_bytes(key.public_key)
    return MLDSA44PublicKey.from_public_bytes(key.public_key)


def _message(checkpoint: Checkpoint, key: VerifierKey, at: int) -> bytes:
    if key.key_type == ED25519_COSIGNATURE:
        return f"cosignature/v1\ntime {at}\n{checkpoint.text}".encode()
    # The signed structure has room for the subtree from `start`; of a whole tree that is 0.
    start = 0
    return b"".join(
        [
            _MLDSA44_LABEL,
            _opaque(key.name),
            at.to_bytes(8),
            _opaque(checkpoint.origin),
            start.to_bytes(8),
            checkpoint.size.to_bytes(8),
            checkpoint.root,
        ]
    )


def _opaque(text: str) -> bytes:
    data = text.encode()
    if not 0 < len(data) <= _MAX_NAME_BYTES:
        raise NoteError(f"{text[:80]!r} is longer than the {_MAX_NAME_BYTES} bytes of a name")
    return bytes([len(data)]) + data
