"""Check bare signatures, in the one way each type of key is used here."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from registry.domain.securing import KeyType
from registry.formats.multikey import PublicKey, key_type_of


class WrongSignatureError(ValueError):
    """The signature is not of this data and key."""


def verify(public_key: PublicKey, signature: bytes, data: bytes) -> None:
    """Raise WrongSignatureError unless a signature is this key's over `data`, hashed here.

    The forms are those a `Signer` gives. MultikeyError is raised for keys of other types.
    """
    key_type = key_type_of(public_key)
    try:
        match public_key:
            case Ed25519PublicKey():
                public_key.verify(signature, data)
            case EllipticCurvePublicKey():
                digest = SHA384() if key_type is KeyType.P384 else SHA256()
                public_key.verify(_der(signature, public_key), data, ECDSA(digest))
            case RSAPublicKey():
                public_key.verify(signature, data, PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise WrongSignatureError(WrongSignatureError.__doc__) from error


def _der(signature: bytes, public_key: EllipticCurvePublicKey) -> bytes:
    """Return r and s, each as long as the curve's order, in the form the library reads."""
    size = (public_key.curve.key_size + 7) // 8
    if len(signature) != 2 * size:
        raise InvalidSignature
    r, s = signature[:size], signature[size:]
    return encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
