"""Write public keys as Multikey values, and read them (Controlled Identifiers v1.0 §2.2.2).

A value is "z" and the base58btc of a two-byte type followed by the key: 32 bytes of Ed25519, or
the compressed point of P-256 (33 bytes) or P-384 (49 bytes).
"""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurve,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from registry.formats.multibase import MultibaseError, b58_decode, b58_encode

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey

_ED25519: Final = b"\xed\x01"
_CURVES: Final[dict[bytes, EllipticCurve]] = {b"\x80\x24": SECP256R1(), b"\x81\x24": SECP384R1()}
_TYPES: Final = {curve.name: key_type for key_type, curve in _CURVES.items()}


class MultikeyError(ValueError):
    """A value is not a Multikey public key of a supported type."""


def encode_public_key(key: PublicKey) -> str:
    """Return the Multikey value of a public key, or raise MultikeyError for another curve."""
    if isinstance(key, Ed25519PublicKey):
        return "z" + b58_encode(_ED25519 + key.public_bytes_raw())
    if key.curve.name not in _TYPES:
        raise MultikeyError(f"keys on the curve {key.curve.name} are not supported")
    point = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return "z" + b58_encode(_TYPES[key.curve.name] + point)


def decode_public_key(value: str) -> PublicKey:
    """Return the public key of a Multikey value, or raise MultikeyError."""
    data = _bytes(value)
    key_type, key = data[:2], data[2:]
    try:
        if key_type == _ED25519:
            return Ed25519PublicKey.from_public_bytes(key)
        if key_type in _CURVES:
            return _point(_CURVES[key_type], key)
    except ValueError as error:
        raise MultikeyError("not the bytes of a public key") from error
    raise MultikeyError(f"keys of type {key_type.hex()} are not supported")


def _bytes(value: str) -> bytes:
    if not value.startswith("z"):
        raise MultikeyError("a Multikey value starts with 'z'")
    try:
        return b58_decode(value[1:])
    except MultibaseError as error:
        raise MultikeyError("not base58btc") from error


def _point(curve: EllipticCurve, data: bytes) -> EllipticCurvePublicKey:
    # An uncompressed or hybrid point would be a second name for the same key.
    if data[:1] not in {b"\x02", b"\x03"}:
        raise MultikeyError("not a compressed point")
    return EllipticCurvePublicKey.from_encoded_point(curve, data)
