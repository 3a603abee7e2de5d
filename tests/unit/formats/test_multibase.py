import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.formats.multibase import (
    MultibaseError,
    b58_decode,
    b58_encode,
    b64url_decode,
    b64url_encode,
)


@given(st.binary(max_size=80))
def test_bytes_survive_both_bases(data: bytes) -> None:
    assert b58_decode(b58_encode(data)) == data
    assert b64url_decode(b64url_encode(data)) == data


@given(st.text(st.sampled_from("ABCDabcd0189-_+/=\n "), max_size=9))
def test_each_value_has_one_spelling_in_base64url(text: str) -> None:
    try:
        data = b64url_decode(text)
    except MultibaseError:
        return
    assert b64url_encode(data) == text


@pytest.mark.parametrize(
    ("data", "text"),
    # draft-msporny-base58-03 §5.
    [
        (b"Hello World!", "2NEpo7TZRRrLZSi2U"),
        (
            b"The quick brown fox jumps over the lazy dog.",
            "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
        ),
        (bytes.fromhex("0000287fb4cd"), "11233QC4"),
        (b"", ""),
    ],
)
def test_base58_is_the_one_of_bitcoin(data: bytes, text: str) -> None:
    assert b58_encode(data) == text
    assert b58_decode(text) == data


@pytest.mark.parametrize("text", ["0", "O", "I", "l", " 2", "2\n", "ó", "2" * 1_025])
def test_what_is_not_base58_is_refused(text: str) -> None:
    with pytest.raises(MultibaseError):
        b58_decode(text)


@pytest.mark.parametrize(
    "text", ["A", "AA==", "AB", "AAB", "A+", "A/", "AA\n", " AA", "ĄA", "A-A-A"]
)
def test_what_is_not_base64url_is_refused(text: str) -> None:
    with pytest.raises(MultibaseError):
        b64url_decode(text)
