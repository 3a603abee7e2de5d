"""Write public keys as Multikey values, and read them (Controlled Identifiers v1.0 §2.2.2).

A value is "z" and the base58btc of a two-byte type followed by the key: 32 bytes of Ed25519, the
compressed point of P-256 (33 bytes) or P-384 (49 bytes), or the PKCS#1 DER of an RSA key of 2,048
to 4,096 bits (the multicodec `rsa-pub`, as did:key has it).
"""

from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurve,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from registry.domain.securing import KeyType
from registry.formats.multibase import MultibaseError, b58_decode, b58_encode

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey

_ED25519: Final = b"\xed\x01"
_CURVES: Final[dict[bytes, EllipticCurve]] = {b"\x80\x24": SECP256R1(), b"\x81\x24": SECP384R1()}
_RSA: Final = b"\x85\x24"
_CODES: Final = {
    KeyType.ED25519: _ED25519,
    KeyType.P256: b"\x80\x24",
    KeyType.P384: b"\x81\x24",
    KeyType.RSA: _RSA,
}
# Types that others use, as they are called where one is refused.
_OTHERS: Final = {
    b"\xe7\x01": "secp256k1",
    b"\xeb\x01": "BLS12-381 G2",
    b"\xec\x01": "X25519",
    b"\x82\x24": "P-521",
}
_CURVE_TYPES: Final = {SECP256R1.name: KeyType.P256, SECP384R1.name: KeyType.P384}
_FIELD: Final = 2**255 - 19
# The y of the points whose order divides 8 (RFC 8032 §5.1.7, RFC 7748 §6.1): for a key among them
# one signature fits many documents, for the neutral element every one.
_ORDER_8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER: Final = frozenset({0, 1, _FIELD - 1, _ORDER_8, _FIELD - _ORDER_8})
# Shorter keys can be factored; longer ones make each look at a signature slow.
_RSA_BITS: Final = range(2_048, 4_096 + 1)


class MultikeyError(ValueError):
    """A value is not a Multikey public key of a supported type."""


class UnsupportedKeyError(MultikeyError):
    """A public key is of a type that is not used here, its `kind`."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"keys of type {kind} are not supported")
        self.kind = kind


def key_type_of(key: PublicKey | str) -> KeyType:
    """Return the type of a public key or Multikey value, or raise MultikeyError for another."""
    if isinstance(key, str):
        return key_type_of(decode_public_key(key))
    match key:
        case Ed25519PublicKey():
            return KeyType.ED25519
        case EllipticCurvePublicKey() if key.curve.name in _CURVE_TYPES:
            return _CURVE_TYPES[key.curve.name]
        case EllipticCurvePublicKey():
            raise UnsupportedKeyError(key.curve.name)
        case RSAPublicKey() if key.key_size in _RSA_BITS:
            return KeyType.RSA
    raise MultikeyError(f"RSA keys of {key.key_size} bits are not supported")


def ed25519_key(data: bytes) -> Ed25519PublicKey:
    """Return the key of 32 bytes; raises ValueError, also for one that cannot be anybody's."""
    y = int.from_bytes(data, "little") & ((1 << 255) - 1)
    if y >= _FIELD or y in _SMALL_ORDER:
        raise MultikeyError("an Ed25519 key of small order, or one that is not reduced")
    return Ed25519PublicKey.from_public_bytes(data)


def encode_public_key(key: PublicKey) -> str:
    """Return the Multikey value of a public key, or raise MultikeyError for another kind."""
    return "z" + b58_encode(_CODES[key_type_of(key)] + _key_bytes(key))


# The same few keys verify most credentials, and reading one takes as long as reading its document.
@lru_cache(maxsize=1_024)
def decode_public_key(value: str) -> PublicKey:
    """Return the public key of a Multikey value, or raise MultikeyError."""
    data = _bytes(value)
    try:
        key = _key(data[:2], data[2:])
    except ValueError as error:
        raise MultikeyError("not the bytes of a public key") from error
    if key is None:
        raise UnsupportedKeyError(_OTHERS.get(data[:2], f"multicodec {data[:2].hex()}"))
    # Another spelling, such as an uncompressed point, would be a second name for the same key.
    if encode_public_key(key) != value:
        raise MultikeyError("not the one spelling of a public key")
    return key


def _key_bytes(key: PublicKey) -> bytes:
    match key:
        case Ed25519PublicKey():
            return key.public_bytes_raw()
        case EllipticCurvePublicKey():
            return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        case RSAPublicKey():
            return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)


def _key(code: bytes, data: bytes) -> PublicKey | None:
    """Return the key of a type's bytes, None for a type without a reader, or raise ValueError."""
    if code == _ED25519:
        return ed25519_key(data)
    if code in _CURVES:
        return EllipticCurvePublicKey.from_encoded_point(_CURVES[code], data)
    if code == _RSA:
        key = load_der_public_key(data)
        return key if isinstance(key, RSAPublicKey) else None
    return None


def _bytes(value: str) -> bytes:
    if not value.startswith("z"):
        raise MultikeyError("a Multikey value starts with 'z'")
    try:
        return b58_decode(value[1:])
    except MultibaseError as error:
        raise MultikeyError("not base58btc") from error
