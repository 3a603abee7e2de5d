import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.formats.strict_json import StrictJsonError, loads

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda children: (
        st.lists(children) | st.dictionaries(st.text(st.characters(codec="utf-8")), children)
    ),
    max_leaves=20,
)


@given(json_values)
def test_what_json_writes_is_read_back(value: Any) -> None:
    assert loads(json.dumps(value), max_depth=64) == value
    assert loads(json.dumps(value, ensure_ascii=False).encode(), max_depth=64) == value


@given(json_values)
def test_a_compact_text_says_what_the_same_text_with_spaces_says(value: Any) -> None:
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # 1 and 1.0 are equal in Python, but not the same in what was written.
    assert repr(loads(compact, max_depth=64)) == repr(loads(f" {compact}", max_depth=64))


@given(st.text(st.sampled_from('[]{}",:\\u0dea1-.eE tfn\n')))
def test_nothing_is_accepted_that_json_refuses(text: str) -> None:
    try:
        value = loads(text)
    except StrictJsonError:
        return
    assert value == json.loads(text)


@pytest.mark.parametrize(
    ("data", "reason", "where"),
    [
        (b'{"a": "\xff"}', "not UTF-8", "byte 7"),
        ("\ud800", "not UTF-8", "character 0"),
        (b"\xef\xbb\xbf{}", "a byte order mark", "byte 0"),
        (b'{"a": 1, "b": 2, "a": 1}', "a member named twice", "member 'a'"),
        (b'{"a": 1, "\\u0061": 2}', "a member named twice", "member 'a'"),
        (b'{"a":1,"b":2,"a":1}', "a member named twice", "member 'a'"),
        (b'[{"a":[1,{"b":0,"b":0}]}]', "a member named twice", "member 'b'"),
        (b"[-9007199254740992]", "an integer beyond 2**53 - 1", "number -9007199254740992"),
        (b"[18446744073709551616]", "an integer beyond 2**53 - 1", "number 18446744073709551616"),
        (b'{"a":1e400}', "a number no double holds", "number 1e400"),
        (b'["\xc3\xb3", NaN]', "not a JSON number", "number NaN"),
        (b"-Infinity", "not a JSON number", "number -Infinity"),
        (b"1e999", "a number no double holds", "number 1e999"),
        (b"9007199254740992", "an integer beyond 2**53 - 1", "number 9007199254740992"),
        (b"-9007199254740992", "an integer beyond 2**53 - 1", "number -9007199254740992"),
        (b'"\\ud800"', "a lone surrogate", "U+D800"),
        (b'{"\\udc00": 1}', "a lone surrogate", "U+DC00"),
        (b"{} {}", "Extra data", "byte 3"),
        ('["ó" x]'.encode(), "Expecting ',' delimiter", "byte 6"),
        (b"", "Expecting value", "byte 0"),
        (b'"a\nb"', "Invalid control character at", "byte 2"),
    ],
)
def test_a_text_readers_disagree_about_is_refused(
    data: bytes | str, reason: str, where: str
) -> None:
    with pytest.raises(StrictJsonError) as refused:
        loads(data)
    assert (refused.value.reason, refused.value.where) == (reason, where)


def test_a_surrogate_pair_is_one_character() -> None:
    assert loads(b'"\\ud83d\\ude00"') == "\U0001f600"


def test_the_largest_exact_integers_are_read() -> None:
    assert loads(b"[9007199254740991, -9007199254740991]") == [2**53 - 1, -(2**53) + 1]


def test_depth_is_counted_over_objects_and_arrays_and_not_in_strings() -> None:
    assert loads('[{"a": ["[[[[{{{{", "\\"[[[["]}]', max_depth=3) == [{"a": ["[[[[{{{{", '"[[[[']}]
    with pytest.raises(StrictJsonError, match="deeper than 2"):
        loads('[{"a": []}]', max_depth=2)


def test_thirty_two_levels_are_read_and_thirty_three_are_not() -> None:
    assert loads("[" * 32 + "]" * 32)
    with pytest.raises(StrictJsonError, match="deeper than 32"):
        loads("[" * 33 + "]" * 33)


def test_size_is_counted_in_bytes() -> None:
    assert loads('"óó"', max_bytes=6) == "óó"
    with pytest.raises(StrictJsonError, match="longer than 5 bytes"):
        loads('"óó"', max_bytes=5)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        "[" * 500_000 + "]" * 500_000,
        '{"a":' * 200_000,
        "1" * 1_000_000,
        "-" + "9" * 1_000_000,
        "0." + "1" * 1_000_000,
        '"' + '\\"' * 500_000,
        '"' + "\\" * 999_999,
        "{" + ",".join(f'"{n}":0' for n in range(90_000)) + ',"89999":0}',
        '["' * 300_000,
        "[" * 40 + '"' + "]" * 40 + '"',
    ],
    ids=range(11),
)
def test_a_hostile_text_is_refused_within_a_fraction_of_a_second(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(StrictJsonError):
        loads(text)
    assert time.perf_counter() - started < 0.5
