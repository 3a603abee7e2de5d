"""Bare signatures; the deterministic ECDSA examples are those of RFC 6979 A.2.5 and A.2.6."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.securing import KeyType
from registry.formats import signature as signatures
from registry.formats.multikey import MultikeyError
from registry.formats.signature import WrongSignatureError
from registry.store.signing import EcdsaSigner
from tests.unit.formats.signers import UNHURRIED, public_key, signer_of

RFC_6979 = {
    KeyType.P256: (
        "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    ),
    KeyType.P384: (
        "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
        "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46",
        "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
    ),
}
CURVES = {KeyType.P256: ec.SECP256R1(), KeyType.P384: ec.SECP384R1()}


@pytest.mark.parametrize("key_type", RFC_6979)
def test_ecdsa_signs_the_examples_of_rfc_6979(key_type: KeyType) -> None:
    scalar, r, s = (bytes.fromhex(number) for number in RFC_6979[key_type])
    key = ec.derive_private_key(int.from_bytes(scalar), CURVES[key_type])
    assert EcdsaSigner("did:example:1#1", key).sign(b"sample") == r + s
    signatures.verify(key.public_key(), r + s, b"sample")


@UNHURRIED
@given(key_type=st.sampled_from(KeyType), data=st.binary(), other=st.binary())
def test_a_signature_is_of_its_data_alone(key_type: KeyType, data: bytes, other: bytes) -> None:
    signature = signer_of(key_type).sign(data)
    signatures.verify(public_key(key_type), signature, data)
    if other != data:
        with pytest.raises(WrongSignatureError):
            signatures.verify(public_key(key_type), signature, other)


@UNHURRIED
@given(key_type=st.sampled_from(KeyType), signature=st.binary(max_size=300))
def test_any_other_bytes_are_no_signature(key_type: KeyType, signature: bytes) -> None:
    with pytest.raises(WrongSignatureError):
        signatures.verify(public_key(key_type), signature, b"data")


@pytest.mark.parametrize("key_type", [KeyType.P256, KeyType.P384])
def test_zeros_are_no_signature(key_type: KeyType) -> None:
    size = len(signer_of(key_type).sign(b"data"))
    with pytest.raises(WrongSignatureError):
        signatures.verify(public_key(key_type), bytes(size), b"data")


@pytest.mark.parametrize("key_type", KeyType)
def test_a_signature_that_is_padded_or_cut_is_none(key_type: KeyType) -> None:
    signature = signer_of(key_type).sign(b"data")
    middle = len(signature) // 2
    inside = signature[:middle] + b"\0" + signature[middle:]
    for changed in (signature + b"\0", b"\0" + signature, inside, signature[:-1], b""):
        with pytest.raises(WrongSignatureError):
            signatures.verify(public_key(key_type), changed, b"data")


def test_a_key_of_another_kind_verifies_nothing() -> None:
    key = ec.generate_private_key(ec.SECP521R1()).public_key()
    with pytest.raises(MultikeyError):
        signatures.verify(key, bytes(132), b"data")
