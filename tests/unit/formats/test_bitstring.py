import gzip
import time
import tracemalloc
import zlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.formats.bitstring import (
    MINIMUM_ENTRIES,
    BitstringError,
    EntryRangeError,
    ListLengthError,
    MalformedValueError,
    UnknownEncoderError,
    check_length,
    decode,
    encode,
    encode_with,
    parse_index,
    value,
)
from registry.formats.multibase import b64url_decode, b64url_encode

ZEROS = bytes(MINIMUM_ENTRIES // 8)
EMPTY = "uH4sIAAAAAAAC_-3BMQEAAADCIPunNsYeYAAAAAAAAAAAAAAAAAAAAEDuhtJUqwBAAAA"
MIXED = "uH4sIAAAAAAAC_-3QQREAIAgAMPgZy-jazBQex7FF2D0x0w4AAOCrpQAAAAAAAAAAoFAqAAAAAOgmHzO3qTcAQAAA"


def text(member: bytes) -> str:
    return "u" + b64url_encode(member)


def with_bits_set(indexes: set[int], size: int) -> bytes:
    number = 0
    for index in indexes:
        number |= 1 << (size * 8 - 1 - index)
    return number.to_bytes(size)


sparse = st.sets(st.integers(0, MINIMUM_ENTRIES - 1), max_size=200).map(
    lambda indexes: with_bits_set(indexes, MINIMUM_ENTRIES // 8)
)
# Drawing every byte would be more data than Hypothesis bears.
dense = st.tuples(st.integers(0, 64), st.integers(0, 2**32)).map(
    lambda drawn: Random(drawn[1]).randbytes(MINIMUM_ENTRIES // 8 + drawn[0])
)


# ------------------------------------------------------------------ encoding


@given(sparse | dense)
def test_bits_survive_encoding_and_are_no_longer_than_gzip_9_makes_them(bits: bytes) -> None:
    encoded = encode(bits)
    assert decode(encoded.text) == bits
    assert len(b64url_decode(encoded.text[1:])) <= len(gzip.compress(bits, 9, mtime=0))


@pytest.mark.parametrize("entries", [1_048_576, 8_388_608])
@pytest.mark.parametrize("count", [0, 1, 100, 2_000])
def test_large_lists_that_are_nearly_empty_are_no_longer_either(entries: int, count: int) -> None:
    bits = with_bits_set({number * 401 for number in range(count)}, entries // 8)
    encoded = b64url_decode(encode(bits).text[1:])
    assert len(encoded) <= len(gzip.compress(bits, 9, mtime=0))


@given(sparse)
def test_a_recorded_encoder_repeats_its_bytes(bits: bytes) -> None:
    encoded = encode(bits)
    assert encode(bits) == encoded
    assert encode_with(bits, encoded.encoder) == encoded.text


def test_the_bytes_of_a_list_do_not_change_between_releases() -> None:
    # A new version of either compressor may rightly find others: then it has another name.
    bits = with_bits_set({0, 1, 7, 8, 9, 1993, 25460, 94567, 131071}, MINIMUM_ENTRIES // 8)
    assert encode_with(ZEROS, "libdeflate-12/0.9.0") == EMPTY
    assert encode_with(bits, "libdeflate-12/0.9.0") == MIXED


def test_the_header_states_neither_time_nor_system() -> None:
    member = b64url_decode(encode(ZEROS).text[1:])
    assert member[:10] == bytes.fromhex("1f8b0800000000 0002ff".replace(" ", ""))


def test_an_encoder_of_another_version_is_refused() -> None:
    with pytest.raises(UnknownEncoderError, match=r"zlib-9/0\.9"):
        encode_with(ZEROS, "zlib-9/0.9")


def test_a_list_too_short_to_hide_in_is_neither_made_nor_read() -> None:
    with pytest.raises(ListLengthError) as refused:
        encode(ZEROS[1:])
    assert refused.value.problem_type.endswith("status-list#STATUS_LIST_LENGTH_ERROR")
    with pytest.raises(ListLengthError):
        decode(text(gzip.compress(ZEROS[1:])))
    with pytest.raises(ListLengthError):
        check_length(ZEROS, entry_size=2)
    check_length(ZEROS * 2, entry_size=2)


# ------------------------------------------------------------------ decoding

GZIP = gzip.compress(with_bits_set({5}, MINIMUM_ENTRIES // 8), 9, mtime=0)


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "u",
        text(GZIP)[1:],
        "z" + text(GZIP)[1:],
        "U" + text(GZIP)[1:],
        text(GZIP) + "=",
        text(GZIP) + "\n",
        text(GZIP)[:-1],
        text(GZIP).replace("-", "+").replace("_", "/") + "+",
        text(GZIP + b"\0"),
        text(GZIP + GZIP),
        text(GZIP[:-1]),
        text(GZIP[:-9]),
        text(GZIP[:12]),
        text(GZIP[:-8] + bytes([GZIP[-8] ^ 1]) + GZIP[-7:]),
        text(GZIP[:-4] + bytes([GZIP[-4] ^ 1]) + GZIP[-3:]),
        text(b"\x1f\x8b\x09" + GZIP[3:]),
        text(zlib.compress(ZEROS)),
        text(ZEROS),
        text(GZIP[:10] + b"\x00\x00\x00\xff\xff" * 9),
    ],
    ids=range(20),
)
def test_what_is_not_one_whole_gzip_member_is_refused(encoded: str) -> None:
    with pytest.raises(MalformedValueError) as refused:
        decode(encoded)
    assert refused.value.problem_type.endswith("vc-data-model#MALFORMED_VALUE_ERROR")


def test_unused_bits_that_are_not_zero_are_refused() -> None:
    encoded = text(GZIP + bytes(-len(GZIP) % 3))
    assert len(GZIP) % 3, "the sample must leave bits unused"
    spelled_otherwise = text(GZIP)[:-1] + chr(ord(text(GZIP)[-1]) + 1)
    assert encoded != spelled_otherwise
    with pytest.raises(MalformedValueError, match="base64url"):
        decode(spelled_otherwise)


@given(st.integers(0, len(GZIP) - 1), st.integers(1, 255))
def test_a_changed_byte_never_changes_a_bit_unseen(position: int, change: int) -> None:
    changed = bytearray(GZIP)
    changed[position] ^= change
    try:
        bits = decode(text(bytes(changed)))
    except BitstringError:
        return
    assert bits == gzip.decompress(GZIP)


def test_a_header_of_another_encoder_is_read() -> None:
    named = GZIP[:3] + b"\x08" + b"\x01\x02\x03\x04\x00\x03" + b"list\0" + GZIP[10:]
    assert decode(text(named)) == gzip.decompress(GZIP)


def bomb(size: int, declared: int) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1024 * 1024)
    parts = [compressor.compress(block) for _ in range(size // len(block))]
    member = b"".join(parts) + compressor.flush()
    return member[:-4] + declared.to_bytes(4, "little")


@pytest.mark.parametrize("declared", [512 * 1024 * 1024, 16_384], ids=["honest", "lying"])
def test_a_bomb_is_refused_holding_no_more_than_the_limit(declared: int) -> None:
    encoded = text(bomb(512 * 1024 * 1024, declared))
    tracemalloc.start()
    started = time.perf_counter()
    try:
        with pytest.raises(ListLengthError):
            decode(encoded)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 * 1024 * 1024
    assert time.perf_counter() - started < 2


def test_the_limit_itself_is_read_and_one_byte_more_is_not() -> None:
    encoded = encode(ZEROS + b"\0").text
    assert decode(encoded, max_bytes=16_385) == ZEROS + b"\0"
    with pytest.raises(ListLengthError):
        decode(encoded, max_bytes=16_384)


def test_a_text_too_long_for_its_limit_is_refused_unread() -> None:
    with pytest.raises(ListLengthError):
        decode("not base64!" * 10_000, max_bytes=16_384)


# ------------------------------------------------------------------ reading


def test_index_0_is_the_most_significant_bit_of_byte_0() -> None:
    bits = b"\x80" + b"\x01" + ZEROS
    assert [index for index in range(32) if value(bits, index)] == [0, 15]


@given(st.sets(st.integers(0, 255), max_size=30))
def test_each_index_has_its_own_bit(indexes: set[int]) -> None:
    bits = with_bits_set(indexes, 32)
    assert {index for index in range(256) if value(bits, index)} == indexes


def test_wider_entries_are_read_from_their_most_significant_bit() -> None:
    bits = bytes([0b10_01_11_00, 0b1111_0000, 0b1010_1010])
    assert [value(bits, index, entry_size=2) for index in range(4)] == [2, 1, 3, 0]
    assert value(bits, 2, entry_size=4) == 0b1111
    assert value(bits, 1, entry_size=12) == 0b0000_1010_1010
    assert value(bits, 0, entry_size=24) == int.from_bytes(bits)


@pytest.mark.parametrize(("index", "entry_size"), [(-1, 1), (16, 1), (10**18, 1), (5, 3), (-1, 8)])
def test_an_index_outside_the_list_is_refused(index: int, entry_size: int) -> None:
    with pytest.raises(EntryRangeError) as refused:
        value(b"\xff\xff", index, entry_size=entry_size)
    assert refused.value.problem_type.endswith("vc-data-model#RANGE_ERROR")


@pytest.mark.parametrize("entry_size", [0, -1])
def test_an_entry_without_bits_is_refused(entry_size: int) -> None:
    with pytest.raises(MalformedValueError):
        value(b"\xff", 0, entry_size=entry_size)
    with pytest.raises(MalformedValueError):
        check_length(ZEROS, entry_size=entry_size)


@pytest.mark.parametrize(("written", "index"), [("0", 0), ("94567", 94567), ("9" * 18, 10**18 - 1)])
def test_an_index_is_a_base_10_string(written: str, index: int) -> None:
    assert parse_index(written) == index


@pytest.mark.parametrize(
    "written",
    [
        "",
        "-1",
        "+1",
        "00",
        "01",
        "1e3",
        "1.0",
        "0x10",
        " 1",
        "1\n",
        "1_000",
        "abc",
        "\u0661",
        23,
        1.0,
        None,
        True,
        ["1"],
    ],
)
def test_an_index_in_any_other_form_is_refused(written: object) -> None:
    with pytest.raises(MalformedValueError):
        parse_index(written)


def test_an_index_beyond_any_list_is_out_of_range_and_costs_nothing() -> None:
    with pytest.raises(EntryRangeError):
        parse_index("9" * 1_000_000)
