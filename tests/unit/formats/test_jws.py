"""Compact JSON Web Signatures, also against joserfc; the example is that of RFC 8037 A.4."""

import hashlib
import hmac
import json
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.util import to_bytes

from registry.domain.securing import KeyType
from registry.formats import jws
from registry.formats.jwk import ALGORITHMS, from_jwk, to_jwk
from registry.formats.jws import JwsError, WrongAlgorithmError
from registry.formats.multibase import b64url_encode
from registry.formats.multikey import encode_public_key
from tests.unit.formats.signers import UNHURRIED, private_key, public_key, signer_of

HEADER = {"kid": "did:web:issuer.example#1", "typ": "vc+jwt"}
PAYLOAD = '{"name":"Zażółć gęślą jaźń"}'.encode()
KEY_TYPES = st.sampled_from(KeyType)
NAMES = (
    *("none", "None", "NONE", "HS256", "HS384", "HS512", "PS256", "RS512", "ES512", "ES256K"),
    *("ES256", "ES384", "RS256", "EdDSA", "Ed25519", "Ed448", "es256", "rs256", "eddsa", "ED25519"),
)
RFC_8037_KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
RFC_8037_TOKEN = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)


def signed(key_type: KeyType) -> str:
    return jws.sign(HEADER, PAYLOAD, signer_of(key_type))


def verify(token: str, key_type: KeyType) -> None:
    jws.verify(jws.parse(token), public_key(key_type))


def resigned(header: dict[str, Any], key_type: KeyType) -> str:
    """Return a token with any header that a key of a type signed nonetheless."""
    signing_input = f"{b64url_encode(json.dumps(header).encode())}.{b64url_encode(PAYLOAD)}"
    signature = signer_of(key_type).sign(signing_input.encode())
    return f"{signing_input}.{b64url_encode(signature)}"


@pytest.mark.parametrize("key_type", KeyType)
def test_a_signed_token_verifies_and_carries_its_payload(key_type: KeyType) -> None:
    parsed = jws.parse(signed(key_type))
    jws.verify(parsed, public_key(key_type))
    assert parsed.payload == PAYLOAD
    assert parsed.header == HEADER | {"alg": ALGORITHMS[key_type][0]}


def test_the_algorithms_are_those_of_the_keys() -> None:
    written = [jws.parse(signed(key_type)).header["alg"] for key_type in KeyType]
    assert written == ["EdDSA", "ES256", "ES384", "RS256"]


@pytest.mark.parametrize("key_type", KeyType)
def test_the_same_token_is_signed_alike_every_time(key_type: KeyType) -> None:
    assert signed(key_type) == signed(key_type)


def test_the_example_of_rfc_8037_verifies() -> None:
    parsed = jws.parse(RFC_8037_TOKEN)
    jws.verify(parsed, from_jwk(RFC_8037_KEY))
    assert parsed.payload == b"Example of Ed25519 signing"


def test_the_name_rfc_9864_gives_to_the_algorithm_of_ed25519_is_read() -> None:
    verify(resigned({"alg": "Ed25519"}, KeyType.ED25519), KeyType.ED25519)


@UNHURRIED
@given(key_type=KEY_TYPES, position=st.integers(min_value=0), change=st.integers(1, 255))
def test_a_token_with_any_byte_changed_never_verifies(
    key_type: KeyType, position: int, change: int
) -> None:
    token = bytearray(signed(key_type).encode())
    token[position % len(token)] ^= change
    with pytest.raises(JwsError):
        verify(token.decode("latin-1"), key_type)


@UNHURRIED
@given(key_type=KEY_TYPES, position=st.integers(min_value=0), added=st.characters())
def test_a_token_with_any_character_added_or_taken_never_verifies(
    key_type: KeyType, position: int, added: str
) -> None:
    token = signed(key_type)
    position %= len(token)
    for changed in (
        token[:position] + added + token[position:],
        token[:position] + token[position + 1 :],
    ):
        with pytest.raises(JwsError):
            verify(changed, key_type)


HEADERS = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "cty", "crit", "b64", "jwk", "x"]),
    st.one_of(st.none(), st.booleans(), st.text(), st.lists(st.text())),
)


@UNHURRIED
@given(key_type=KEY_TYPES, header=HEADERS)
def test_a_token_under_another_header_never_verifies(
    key_type: KeyType, header: dict[str, Any]
) -> None:
    _, payload, signature = signed(key_type).split(".")
    other = b64url_encode(json.dumps(header).encode())
    with pytest.raises(JwsError):
        verify(f"{other}.{payload}.{signature}", key_type)


@UNHURRIED
@given(signing=KEY_TYPES, verifying=KEY_TYPES)
def test_a_token_never_verifies_with_a_key_of_another_type(
    signing: KeyType, verifying: KeyType
) -> None:
    if signing is verifying:
        verify(signed(signing), verifying)
        return
    with pytest.raises(WrongAlgorithmError):
        verify(signed(signing), verifying)


@UNHURRIED
@given(
    key_type=KEY_TYPES,
    alg=st.sampled_from(NAMES),
)
def test_an_algorithm_that_is_not_the_keys_never_verifies(key_type: KeyType, alg: str) -> None:
    token = resigned({"alg": alg}, key_type)
    if alg in ALGORITHMS[key_type]:
        verify(token, key_type)
        return
    with pytest.raises(WrongAlgorithmError):
        verify(token, key_type)


@pytest.mark.parametrize("alg", [None, 7, True, ["ES256"], {"ES256": 1}])
def test_an_algorithm_that_is_no_name_never_verifies(alg: object) -> None:
    with pytest.raises(WrongAlgorithmError):
        verify(resigned({"alg": alg}, KeyType.P256), KeyType.P256)


def test_a_token_without_an_algorithm_never_verifies() -> None:
    with pytest.raises(WrongAlgorithmError):
        verify(resigned({}, KeyType.P256), KeyType.P256)


def spellings(key_type: KeyType) -> Iterator[bytes]:
    """Yield the public key in each form an attacker could use as a shared secret."""
    key = public_key(key_type)
    yield encode_public_key(key).encode()
    yield json.dumps(to_jwk(key)).encode()
    for encoding in (Encoding.PEM, Encoding.DER):
        yield key.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("key_type", KeyType)
@pytest.mark.parametrize("alg", ["HS256", "ES256", "EdDSA", "RS256"])
def test_a_mac_under_the_public_key_never_verifies(key_type: KeyType, alg: str) -> None:
    signing_input = f"{b64url_encode(json.dumps({'alg': alg}).encode())}.{b64url_encode(PAYLOAD)}"
    for secret in spellings(key_type):
        mac = hmac.new(secret, signing_input.encode(), hashlib.sha256).digest()
        with pytest.raises(JwsError):
            verify(f"{signing_input}.{b64url_encode(mac)}", key_type)


@pytest.mark.parametrize("key_type", KeyType)
def test_an_unsecured_token_never_verifies(key_type: KeyType) -> None:
    for alg in ("none", ALGORITHMS[key_type][0]):
        header = b64url_encode(json.dumps({"alg": alg}).encode())
        with pytest.raises(JwsError):
            verify(f"{header}.{b64url_encode(PAYLOAD)}.", key_type)


def test_a_key_in_the_header_is_not_used() -> None:
    forged = to_jwk(public_key(KeyType.P384))
    for alg in ("ES256", "ES384"):
        token = resigned({"alg": alg, "jwk": forged, "jku": "https://a.example"}, KeyType.P384)
        with pytest.raises(JwsError):
            verify(token, KeyType.P256)


def test_a_signature_in_der_is_not_one() -> None:
    token = jws.parse(signed(KeyType.P256))
    key = private_key(KeyType.P256)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    der = key.sign(token.signing_input, ec.ECDSA(SHA256()))
    with pytest.raises(JwsError):
        jws.verify(
            jws.Jws(token.header, token.payload, token.signing_input, der),
            public_key(KeyType.P256),
        )


def encoded(header: str | bytes) -> str:
    data = header.encode() if isinstance(header, str) else header
    return f"{b64url_encode(data)}.e30.AA"


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c.d",
        "e30.e30.AA.AA",
        "e30.e30",
        "e30=.e30.AA",
        "e30.e30.AA ",
        " e30.e30.AA",
        "e30.e30.AA\n",
        "e31.e30.AA",
        "e30.e30.A",
        "e30.e30.A+",
        "e30.e30.Ą",
        "\ud800.e30.AA",
        encoded("[]"),
        encoded('"ES256"'),
        encoded("{"),
        encoded(b"\xff"),
        encoded('{"alg":"ES256","alg":"none"}'),
        encoded('{"alg":"ES256"}{}'),
        encoded('{"alg":"ES256","x":NaN}'),
        encoded('{"alg":"ES256","x":"\\ud800"}'),
        encoded('{"alg":"ES256","crit":["exp"]}'),
        encoded('{"alg":"ES256","crit":[]}'),
        encoded('{"alg":"ES256","b64":false}'),
        encoded('{"alg":"ES256","b64":true}'),
        encoded('{"x":' + "[" * 33 + "]" * 33 + "}"),
        encoded('{"x":"' + "a" * 16_384 + '"}'),
        "e30." + "A" * 1_048_576 + ".AA",
        '{"payload":"e30","protected":"e30","signature":"AA"}',
    ],
)
def test_a_text_that_is_no_compact_jws_or_not_understood_is_refused(token: str) -> None:
    with pytest.raises(JwsError):
        jws.parse(token)


@UNHURRIED
@given(token=st.text())
def test_any_text_is_parsed_or_refused(token: str) -> None:
    for text in (token, f"e30.{token}.AA", f"{token}.e30.AA"):
        try:
            jws.parse(text)
        except JwsError:
            continue


def joserfc_key(key: dict[str, str]) -> Key:
    kinds: Any = {"OKP": OKPKey, "EC": ECKey, "RSA": RSAKey}
    imported: Key = kinds[key["kty"]].import_key(key)
    return imported


@pytest.mark.parametrize("key_type", KeyType)
def test_joserfc_verifies_what_is_signed_here(key_type: KeyType) -> None:
    key = joserfc_key(to_jwk(public_key(key_type)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = joserfc_jws.deserialize_compact(
            to_bytes(signed(key_type)), key, algorithms=[ALGORITHMS[key_type][0]]
        )
    assert read.payload == PAYLOAD


@pytest.mark.parametrize("key_type", KeyType)
def test_what_joserfc_signs_is_verified_here(key_type: KeyType) -> None:
    kinds: Any = {KeyType.ED25519: OKPKey, KeyType.RSA: RSAKey}
    size_or_curve = 2_048 if key_type is KeyType.RSA else str(key_type)
    key = kinds.get(key_type, ECKey).generate_key(size_or_curve)
    for alg in ALGORITHMS[key_type]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            token = joserfc_jws.serialize_compact({"alg": alg}, PAYLOAD, key, algorithms=[alg])
        jws.verify(jws.parse(token), from_jwk(key.as_dict(private=False)))
