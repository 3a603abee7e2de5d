import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from registry.formats.multibase import b58_encode
from registry.formats.multikey import (
    MultikeyError,
    PublicKey,
    decode_public_key,
    encode_public_key,
)


@pytest.mark.parametrize(
    ("key", "prefix"),
    [
        (Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key(), "z6Mk"),
        (ec.derive_private_key(7, ec.SECP256R1()).public_key(), "zDna"),
        (ec.derive_private_key(7, ec.SECP384R1()).public_key(), "z82L"),
    ],
    ids=["Ed25519", "P-256", "P-384"],
)
def test_a_key_is_read_back_from_its_value(key: PublicKey, prefix: str) -> None:
    value = encode_public_key(key)
    assert value.startswith(prefix)
    assert decode_public_key(value) == key


def test_a_key_on_another_curve_has_no_value() -> None:
    with pytest.raises(MultikeyError, match="secp256k1"):
        encode_public_key(ec.derive_private_key(7, ec.SECP256K1()).public_key())


P256 = ec.derive_private_key(7, ec.SECP256R1()).public_key()
UNCOMPRESSED = P256.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "z",
        "6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        "u7QEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "z0",
        "z" + b58_encode(b"\xed\x01" + bytes(31)),
        "z" + b58_encode(b"\xed\x01" + bytes(33)),
        "z" + b58_encode(b"\xec\x01" + bytes(32)),
        "z" + b58_encode(b"\x80\x24" + UNCOMPRESSED),
        "z" + b58_encode(b"\x80\x24" + b"\x02" + b"\xff" * 32),
        "z" + b58_encode(b"\x80\x24"),
    ],
)
def test_what_is_not_a_supported_key_is_refused(value: str) -> None:
    with pytest.raises(MultikeyError):
        decode_public_key(value)
