"""JSON Web Keys; the examples are those of RFC 7638 §3.1, RFC 8037 A.2 and RFC 7517 A.1."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from registry.domain.securing import KeyType
from registry.formats.jwk import JwkError, UnsupportedJwkError, from_jwk, thumbprint, to_jwk
from registry.formats.multibase import b64url_decode, b64url_encode
from tests.unit.formats.signers import public_key

RFC_7638_N = (
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRX"
    "jBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqz"
    "s8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-"
    "G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
)
RFC_7638 = {
    "kty": "RSA",
    "n": RFC_7638_N,
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}
RFC_8037 = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
RFC_7517 = {
    "kty": "EC",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
}


@pytest.mark.parametrize("key_type", KeyType)
def test_a_key_is_read_back_from_its_jwk(key_type: KeyType) -> None:
    key = public_key(key_type)
    assert from_jwk(to_jwk(key)) == key


def test_the_thumbprint_is_that_of_the_example_in_rfc_7638() -> None:
    assert thumbprint(from_jwk(RFC_7638)) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_the_thumbprint_is_that_of_the_example_in_rfc_8037() -> None:
    assert thumbprint(from_jwk(RFC_8037)) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_numbers_with_leading_zeros_keep_their_length() -> None:
    scalars = range(1, 1_000)
    keys = (ec.derive_private_key(scalar, ec.SECP256R1()).public_key() for scalar in scalars)
    key = next(key for key in keys if key.public_numbers().x < 2**248)
    assert b64url_decode(to_jwk(key)["x"])[0] == 0
    assert from_jwk(to_jwk(key)) == key


@pytest.mark.parametrize(
    "harmless",
    [
        {"use": "sig"},
        {"key_ops": ["verify"]},
        {"alg": "ES256"},
        {"kid": "1", "x5t": "AA", "unknown": {}},
    ],
)
def test_members_that_allow_verifying_or_say_nothing_of_it_are_taken(
    harmless: dict[str, Any],
) -> None:
    assert from_jwk(RFC_7517 | harmless) == from_jwk(RFC_7517)


@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
def test_either_name_of_the_algorithm_of_ed25519_is_taken(alg: str) -> None:
    assert from_jwk(RFC_8037 | {"alg": alg}) == from_jwk(RFC_8037)


X, Y = RFC_7517["x"], RFC_7517["y"]
LONGER = b64url_encode(b"\0" + b64url_decode(X))
TOO_LONG = b64url_encode(b"\xff" * 513)


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        RFC_7517 | {"d": "AA"},
        RFC_8037 | {"d": ""},
        RFC_7638 | {"p": "AQAB"},
        RFC_7638 | {"oth": []},
        {"kty": "oct", "k": "AAAA"},
        RFC_7517 | {"use": "enc"},
        RFC_7517 | {"key_ops": ["sign"]},
        RFC_7517 | {"key_ops": "verify"},
        RFC_7517 | {"alg": "ES384"},
        RFC_7517 | {"alg": "none"},
        RFC_7517 | {"alg": ["ES256"]},
        RFC_8037 | {"alg": "HS256"},
        RFC_7638 | {"alg": "PS256"},
        RFC_7517 | {"crv": "P-384"},
        RFC_7517 | {"x": Y, "y": X},
        RFC_7517 | {"x": LONGER},
        RFC_7517 | {"x": X + "="},
        RFC_7517 | {"x": X[:-1] + "5"},
        RFC_7517 | {"x": 7},
        {"kty": "EC", "crv": "P-256", "x": X},
        RFC_7517 | {"kty": "OKP"},
        RFC_8037 | {"x": RFC_8037["x"][:-2]},
        RFC_8037 | {"kty": "EC"},
        RFC_7638 | {"e": "AAEAAQ"},
        RFC_7638 | {"e": ""},
        RFC_7638 | {"e": "Ag"},
        RFC_7638 | {"e": TOO_LONG},
        RFC_7638 | {"n": TOO_LONG},
        RFC_7638 | {"n": RFC_7638_N[:64]},
    ],
)
def test_what_is_not_a_public_key_for_signatures_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(JwkError):
        from_jwk(jwk)


def test_an_rsa_key_that_can_be_factored_is_refused() -> None:
    key = rsa.generate_private_key(65_537, 1_024).public_key()
    assert isinstance(key, RSAPublicKey)
    n = key.public_numbers().n.to_bytes(128)
    with pytest.raises(JwkError, match="1024"):
        from_jwk({"kty": "RSA", "n": b64url_encode(n), "e": "AQAB"})


@pytest.mark.parametrize(
    "jwk",
    [
        RFC_7517 | {"crv": "secp256k1"},
        RFC_7517 | {"crv": "P-521"},
        RFC_8037 | {"crv": "X25519"},
        {"kty": "AKP", "pub": "AA"},
        {"kty": 7},
    ],
)
def test_a_key_of_an_unknown_type_is_told_from_one_that_is_malformed(jwk: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedJwkError):
        from_jwk(jwk)
