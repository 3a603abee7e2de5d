import io
import json

import pytest

from registry.formats.strict_json import MAX_BYTES
from scripts.verification.json_lines import read

TOKEN = "eyJhbGciOiJFZERTQSJ9.e30.c2ln"


def lines(data: bytes) -> list[tuple[int, bytes]]:
    return list(read(io.BytesIO(data)))


def test_each_line_is_a_document_under_its_number() -> None:
    assert lines(b'{"a": 1}\n{"b": 2}\r\n') == [(1, b'{"a": 1}'), (2, b'{"b": 2}')]


def test_blank_lines_are_passed_over_but_counted() -> None:
    assert lines(b'\n  \n{"a": 1}') == [(3, b'{"a": 1}')]


@pytest.mark.parametrize("line", [TOKEN, json.dumps(TOKEN)])
def test_compact_jwt_stands_bare_or_as_a_json_text(line: str) -> None:
    assert lines(line.encode()) == [(1, TOKEN.encode())]


@pytest.mark.parametrize("line", [b'"unended', b'"a\x00"', b'"\\ud800"'])
def test_text_that_is_no_json_stays_as_it_stands(line: bytes) -> None:
    assert lines(line) == [(1, line)]


@pytest.mark.parametrize("filling", [b"a", b" "])
def test_line_above_a_mebibyte_is_cut_above_the_bound_and_the_next_is_read(filling: bytes) -> None:
    too_long = filling * (3 * MAX_BYTES) + b"{}"

    (number, first), second = lines(too_long + b'\n{"a": 1}\n')

    assert number == 1
    assert MAX_BYTES < len(first) < MAX_BYTES + 10
    assert second == (2, b'{"a": 1}')


def test_line_of_a_mebibyte_is_read_whole() -> None:
    document = b'"' + b"a" * (MAX_BYTES - 2) + b'"'

    [(_, body)] = lines(document + b"\r\n")

    assert len(body) == MAX_BYTES - 2


def test_last_line_above_a_mebibyte_ends_the_reading() -> None:
    assert len(lines(b"a" * (2 * MAX_BYTES))) == 1
