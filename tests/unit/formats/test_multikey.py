import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from registry.domain.securing import KeyType
from registry.formats import jwk, multikey
from registry.formats.multibase import b58_encode, b64url_encode
from registry.formats.multikey import (
    MultikeyError,
    PublicKey,
    UnsupportedKeyError,
    decode_public_key,
    encode_public_key,
    key_type_of,
)


@pytest.mark.parametrize(
    ("key", "prefix", "key_type"),
    [
        (Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key(), "z6Mk", KeyType.ED25519),
        (ec.derive_private_key(7, ec.SECP256R1()).public_key(), "zDna", KeyType.P256),
        (ec.derive_private_key(7, ec.SECP384R1()).public_key(), "z82L", KeyType.P384),
        (rsa.generate_private_key(65_537, 2_048).public_key(), "z4MX", KeyType.RSA),
        (rsa.generate_private_key(65_537, 4_096).public_key(), "zgg", KeyType.RSA),
    ],
    ids=["Ed25519", "P-256", "P-384", "RSA of 2,048 bits", "RSA of 4,096 bits"],
)
def test_a_key_is_read_back_from_its_value(key: PublicKey, prefix: str, key_type: KeyType) -> None:
    value = encode_public_key(key)
    assert value.startswith(prefix)
    assert decode_public_key(value) == key
    assert key_type_of(key) == key_type_of(value) == key_type


# Of the did:key method's own examples.
DID_KEY_RSA = (
    "z4MXj1wBzi9jUstyPMS4jQqB6KdJaiatPkAtVtGc6bQEQEEsKTic4G7Rou3iBf9vPmT5dbkm9qsZsuVNjq8HCuW1w24nh"
    "FBGkRE4cd2Uf2tfrB3N7h4mnyPp1BF3ZttHTYv3DLUPi1zMdkULiow3M1GfXkoC6DoxDUm1jmN6GBj22SjVsr6dxezRVQc7aj9"
    "TxE7JLbMH1wh5X3kA58H3DFW8rnYMakFGbca5CB2Jf6CnGQZmL7o5uJAdTwXfy2iiiyPxXEGerMhHwhjTA1mKYobyk2CpeEcm"
    "vynADfNZ5MBvcCS7m3XkFCMNUYBS9NQ3fze6vMSUPsNa6GVYmKx2x6JrdEjCk3qRMMmyjnjCMfR4pXbRMZa3i"
)


def test_the_rsa_key_of_the_did_key_method_is_read() -> None:
    assert encode_public_key(decode_public_key(DID_KEY_RSA)) == DID_KEY_RSA
    assert key_type_of(DID_KEY_RSA) is KeyType.RSA


@pytest.mark.parametrize(
    ("key", "named"),
    [
        (ec.derive_private_key(7, ec.SECP256K1()).public_key(), "secp256k1"),
        (ec.derive_private_key(7, ec.SECP521R1()).public_key(), "secp521r1"),
        (rsa.generate_private_key(65_537, 1_024).public_key(), "1024"),
    ],
)
def test_a_key_of_another_kind_has_no_value_and_no_type(key: PublicKey, named: str) -> None:
    for ask in (encode_public_key, key_type_of):
        with pytest.raises(MultikeyError, match=named):
            ask(key)


P256 = ec.derive_private_key(7, ec.SECP256R1()).public_key()
UNCOMPRESSED = P256.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
WEAK = rsa.generate_private_key(65_537, 1_024).public_key()
RSA = rsa.generate_private_key(65_537, 2_048).public_key()


def pkcs1(key: rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)


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
        "z" + b58_encode(b"\x85\x24"),
        "z" + b58_encode(b"\x85\x24" + pkcs1(WEAK)),
        "z" + b58_encode(b"\x85\x24" + pkcs1(RSA) + b"\0"),
        "z" + b58_encode(b"\x85\x24" + pkcs1(RSA)[:-1]),
        "z"
        + b58_encode(
            b"\x85\x24" + RSA.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        ),
        "z" + "2" * 1_025,
    ],
)
def test_what_is_not_a_supported_key_is_refused(value: str) -> None:
    with pytest.raises(MultikeyError):
        decode_public_key(value)


def test_a_key_of_an_unknown_type_is_told_from_one_that_is_malformed() -> None:
    for code, kind in ((b"\xe7\x01", "secp256k1"), (b"\x83\x24", "multicodec 8324")):
        with pytest.raises(UnsupportedKeyError) as raised:
            decode_public_key("z" + b58_encode(code + bytes(33)))
        assert raised.value.kind == kind


FIELD = 2**255 - 19
D = -121665 * pow(121666, -1, FIELD) % FIELD


def encoded(y: int, sign: int = 0) -> bytes:
    return (y | sign << 255).to_bytes(32, "little")


def times_eight(y: int) -> int:
    """Return the y of eight times a point of Curve25519's Edwards form (RFC 8032 §5.1)."""
    for _ in range(3):
        square = (y * y - 1) * pow(D * y * y + 1, -1, FIELD) % FIELD
        y = (y * y + square) * pow(1 - D * square * y * y, -1, FIELD) % FIELD
    return y


def test_the_refused_points_are_those_of_small_order() -> None:
    assert {times_eight(y) for y in multikey._SMALL_ORDER} == {1}


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", [*sorted(multikey._SMALL_ORDER), FIELD, FIELD + 1])
def test_an_ed25519_key_under_which_a_signature_fits_many_documents_is_refused(
    y: int, sign: int
) -> None:
    value = "z" + b58_encode(b"\xed\x01" + encoded(y, sign))
    with pytest.raises(MultikeyError):
        decode_public_key(value)
    with pytest.raises(jwk.JwkError):
        jwk.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": b64url_encode(encoded(y, sign))})
