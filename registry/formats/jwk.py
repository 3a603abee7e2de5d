"""Write public keys as JSON Web Keys, and read them strictly (RFC 7517, RFC 7518 §6, RFC 8037)."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurve,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from registry.domain.securing import KeyType
from registry.formats.canonical import jcs
from registry.formats.multibase import MultibaseError, b64url_decode, b64url_encode
from registry.formats.multikey import MultikeyError, PublicKey, ed25519_key, key_type_of

ALGORITHMS: Final[Mapping[KeyType, tuple[str, ...]]] = {
    # RFC 9864 renames EdDSA to Ed25519. The old name comes first, which is the one written: all
    # verifiers of Ed25519 tokens know it, and many do not know the new one yet.
    KeyType.ED25519: ("EdDSA", "Ed25519"),
    KeyType.P256: ("ES256",),
    KeyType.P384: ("ES384",),
    KeyType.RSA: ("RS256",),
}
"""The names of the one algorithm each type of key signs with; the first is written."""

_CURVES: Final[Mapping[str, EllipticCurve]] = {"P-256": SECP256R1(), "P-384": SECP384R1()}
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})


class JwkError(ValueError):
    """A JSON object is not a public key of a supported type, for signatures."""


class UnsupportedJwkError(JwkError):
    """A JSON Web Key is of a type that is not used here, its `kind`."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"keys of type {kind!r} are not supported")
        self.kind = kind


def to_jwk(public_key: PublicKey) -> dict[str, str]:
    """Return the required members of a public key's JWK; raises MultikeyError for another kind."""
    key_type = key_type_of(public_key)
    match public_key:
        case Ed25519PublicKey():
            x = b64url_encode(public_key.public_bytes_raw())
            return {"kty": "OKP", "crv": "Ed25519", "x": x}
        case EllipticCurvePublicKey():
            point, size = public_key.public_numbers(), _size(public_key.curve)
            x, y = (b64url_encode(number.to_bytes(size)) for number in (point.x, point.y))
            return {"kty": "EC", "crv": str(key_type), "x": x, "y": y}
        case RSAPublicKey():
            numbers = public_key.public_numbers()
            return {"kty": "RSA", "n": _shortest(numbers.n), "e": _shortest(numbers.e)}


def from_jwk(jwk: Mapping[str, Any]) -> PublicKey:
    """Return the public key of a JWK, or raise JwkError.

    Refused: private members, keys meant for something else than verifying signatures (`use`,
    `key_ops`, `alg`), values of another length than the key's, points off the curve, RSA keys
    below 2,048 or above 4,096 bits. Members that say nothing about the key are passed over.
    """
    if private := _PRIVATE & jwk.keys():
        raise JwkError(f"the private member {min(private)!r} in a public key")
    try:
        key = _key(jwk)
        key_type = key_type_of(key)
    except MultikeyError as error:
        raise JwkError(str(error)) from error
    _check_use(jwk, key_type)
    return key


def thumbprint(public_key: PublicKey) -> str:
    """Return the SHA-256 thumbprint of a public key in base64url, 43 characters (RFC 7638)."""
    # The required members in the order of their names and without white space are its JCS form.
    return b64url_encode(sha256(jcs(to_jwk(public_key))).digest())


def _key(jwk: Mapping[str, Any]) -> PublicKey:
    try:
        match jwk:
            case {"kty": "OKP", "crv": "Ed25519"}:
                return ed25519_key(_bytes(jwk, "x", size=32))
            case {"kty": "EC", "crv": "P-256" | "P-384" as name}:
                return _point(jwk, _CURVES[name])
            case {"kty": "RSA"}:
                return RSAPublicNumbers(_number(jwk, "e"), _number(jwk, "n")).public_key()
    except ValueError as error:
        raise JwkError(f"not the numbers of a public key: {error}") from error
    raise UnsupportedJwkError(f"{jwk.get('kty')} {jwk.get('crv', '')}".strip()[:60])


def _point(jwk: Mapping[str, Any], curve: EllipticCurve) -> EllipticCurvePublicKey:
    x, y = (int.from_bytes(_bytes(jwk, name, size=_size(curve))) for name in ("x", "y"))
    return EllipticCurvePublicNumbers(x, y, curve).public_key()


def _size(curve: EllipticCurve) -> int:
    return (curve.key_size + 7) // 8


def _bytes(jwk: Mapping[str, Any], name: str, *, size: int | None = None) -> bytes:
    value = jwk.get(name)
    if not isinstance(value, str):
        raise JwkError(f"{name} is not a string")
    try:
        data = b64url_decode(value)
    except MultibaseError as error:
        raise JwkError(f"{name}: {error}") from error
    if size is not None and len(data) != size:
        raise JwkError(f"{name} has {len(data)} bytes, not {size}")
    return data


def _number(jwk: Mapping[str, Any], name: str) -> int:
    """Return a Base64urlUInt, which has no leading zeros (RFC 7518 §2)."""
    data = _bytes(jwk, name)
    if data[:1] in {b"", b"\0"}:
        raise JwkError(f"{name} is empty or begins with a zero")
    return int.from_bytes(data)


def _shortest(number: int) -> str:
    return b64url_encode(number.to_bytes((number.bit_length() + 7) // 8))


def _check_use(jwk: Mapping[str, Any], key_type: KeyType) -> None:
    if jwk.get("use", "sig") != "sig":
        raise JwkError("the key's use is not 'sig'")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise JwkError("the key's key_ops do not include 'verify'")
    if jwk.get("alg", ALGORITHMS[key_type][0]) not in ALGORITHMS[key_type]:
        raise JwkError(f"the key is for another algorithm than {ALGORITHMS[key_type][0]}")
