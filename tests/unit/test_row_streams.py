"""Files of any size, row by row: a fault of a row leaves the others, one of the file ends all."""

import itertools
from collections.abc import Iterable, Iterator

import pytest

from registry.csv_import import MAX_FAULTS_OF_A_ROW, FileError, Form, Row, read_rows
from registry.domain.row_codes import RowCode
from registry.domain.subject import IdentityType
from registry.text_lines import LONGEST_LINE_BYTES


def read(
    data: bytes | Iterable[bytes], form: Form = Form.CSV, most: int = 1_000_000
) -> list[tuple[int, str | None, str]]:
    """Return line, column and code of every fault, and "" as the code of a row that is well."""
    chunks = [data] if isinstance(data, bytes) else data
    places: list[tuple[int, str | None, str]] = []
    for each in read_rows(chunks, form, grades=("5",), most=most):
        if isinstance(each, Row):
            places.append((each.line, None, ""))
        else:
            places += [(fault.line, fault.column, fault.code) for fault in each]
    return places


def refused(data: bytes | Iterable[bytes], form: Form = Form.CSV, most: int = 1_000_000) -> str:
    """Return the code that a file is refused with."""
    with pytest.raises(FileError) as error:
        read(data, form, most)
    return error.value.faults[0].code


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def test_every_fault_of_a_row_has_a_code_of_its_own() -> None:
    data = (
        b"email,identifier,identity_type,name,grade,valid_from,valid_until\n"
        b"nobody,,,,,,\n"
        b",,,,,,\n"
        b",,identifier,,,,\n"
        b"a@s.example,1,identifier,,,,\n"
        b",1,pesel,,,,\n"
        b"a@s.example,,,a\x1bb,,,\n"
        b"a@s.example,,,,7,,\n"
        b"a@s.example,,,,,soon,\n"
        b"a@s.example,,,,,,2026-02-30\n"
        b"a@s.example,,,,,2026-02-02,01.02.2026\n"
        b"too,few\n"
    )
    assert read(data) == [
        (2, "email", "email-malformed"),
        (4, "email", "identifier-missing"),
        (5, "email", "identifier-twice"),
        (6, "identity_type", "identity-type-unknown"),
        (7, "name", "name-malformed"),
        (8, "grade", "grade-unknown"),
        (9, "valid_from", "date-malformed"),
        (10, "valid_until", "date-impossible"),
        (11, "valid_until", "period-empty"),
        (12, None, "cells-missing"),
    ]


def test_json_lines_have_the_same_names_and_faults() -> None:
    data = (
        b'{"email": "a@s.example", "grade": "5", "name": null}\n'
        b"\n"
        b'{"E-mail": "b@s.example"}\r\n'
        b'["c@s.example"]\n'
        b'{"email": "d@s.example", "email": "e@s.example"}\n'
        b'{"email": 5}\n'
        b'{"email": "f@s.example", "secret": "x"}\n'
        b'{"name": "Ana"}'
    )
    assert read(data, Form.JSON_LINES) == [
        (1, None, ""),
        (3, None, ""),
        (4, None, "not-json"),
        (5, None, "not-json"),
        (6, "email", "not-text"),
        (7, "#2", "column-unknown"),
        (8, "email", "identifier-missing"),
    ]


def test_a_json_line_with_thousands_of_members_has_a_few_faults() -> None:
    data = b"{" + b",".join(b'"%d": 1' % number for number in range(5_000)) + b"}\n"
    [faults] = read_rows([data], Form.JSON_LINES, most=10)

    assert isinstance(faults, list)
    assert len(faults) == MAX_FAULTS_OF_A_ROW
    assert faults[0].code == "column-unknown"


@pytest.mark.parametrize("size", [1, 1_000])
def test_json_lines_may_begin_with_a_byte_order_mark(size: int) -> None:
    data = b'\xef\xbb\xbf{"email": "a@s.example"}\n'
    assert read(pieces(data, size), Form.JSON_LINES) == [(1, None, "")]
    with pytest.raises(FileError, match="1 fault"):
        read(pieces(data[:3], size), Form.JSON_LINES)


def test_a_json_line_that_is_too_long_costs_only_itself() -> None:
    long = b'{"name": "' + b"x" * LONGEST_LINE_BYTES * 3 + b'"}\n'
    data = b'{"email": "a@s.example"}\n' + long + b'{"email": "b@s.example"}\n'
    expected = [(1, None, ""), (2, None, "line-too-long"), (3, None, "")]
    assert read(data, Form.JSON_LINES) == expected
    assert read(pieces(data, 1000), Form.JSON_LINES) == expected
    assert read(pieces(long[:-1], 1000), Form.JSON_LINES) == [(1, None, "line-too-long")]


@pytest.mark.parametrize("size", [1, 7, 65_536])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1250", "utf-16"])
def test_rows_are_the_same_however_the_bytes_arrive(size: int, encoding: str) -> None:
    text = 'Adres e-mail;Imię i nazwisko\r\nz@s.example;"Żółć\r\n'
    text = text.replace('"', "") + "y@s.example;Łęcka\r\n"
    found = list(read_rows(pieces(text.encode(encoding), size), Form.CSV, most=10))
    assert [(row.line, row.name) for row in found if isinstance(row, Row)] == [
        (2, "Żółć"),
        (3, "Łęcka"),
    ]


def test_line_numbers_hold_over_many_blocks() -> None:
    rows = "".join(f"p{number}@s.example;Łęcka {number}\n" for number in range(9_000))
    data = f"email;name\n{rows}nobody;\n".encode()
    assert read(pieces(data, 1_000))[-1] == (9_002, "email", "email-malformed")


def test_a_file_is_read_no_further_than_its_rows_are_asked_for() -> None:
    def endless() -> Iterator[bytes]:
        yield b"email\n"
        for number in itertools.count():
            yield b"p%d@s.example\n" % number

    first = list(itertools.islice(read_rows(endless(), Form.CSV, most=10**9), 20_000))
    assert isinstance(first[-1], Row)


def test_what_spoils_the_rest_of_a_file_refuses_it() -> None:
    many = b"email\n" + b"a@s.example\n" * 9_000
    assert refused(many + b'"') == "not-csv"
    assert refused(pieces(many + b'"' + b"a@s.example\n" * 9_000, 1_000)) == "line-too-long"
    assert refused(b"email\n" + b"x" * 200_000) == "line-too-long"
    mixed = many + "ż".encode() + many + b"\xb1" + many
    assert refused(pieces(mixed, 1_000)) == "not-text"
    assert refused(b"email\n\0") == "not-text"
    utf_16 = "email;name\na@s.example;Ł🎓".encode("utf-16")
    for cut in (1, 2, 3):  # In the middle of a character, and of the two halves of one.
        assert refused(pieces(utf_16[:-cut], 3)) == "not-text"
    assert refused(b"", Form.JSON_LINES) == "rows-missing"
    assert refused(b"email\n") == "rows-missing"
    assert refused(many, most=8_999) == "rows-too-many"


def test_a_file_without_a_header_is_refused_without_quoting_its_learner() -> None:
    with pytest.raises(FileError) as error:
        read(b"anna@s.example;Anna\nb@s.example;B\n")
    assert "anna" not in repr(error.value.faults).lower()
    assert [fault.column for fault in error.value.faults[:2]] == ["#1", "#2"]


@pytest.mark.parametrize("kind", IdentityType)
def test_type_of_an_identifier_is_not_taken_for_a_header(kind: IdentityType) -> None:
    with pytest.raises(FileError) as error:
        read(f"00129264;{kind};Anna\n00129265;{kind};Bo\n".encode())
    assert {fault.column for fault in error.value.faults} <= {
        "#1",
        "#2",
        "#3",
        "email",
        "identity_type",
    }


def test_a_row_is_the_same_out_of_plain_json() -> None:
    data = b"email,grade,valid_from,valid_until\na@s.example,5,2026-01-01,2026-01-31\n"
    [row] = read_rows([data], Form.CSV, most=1)
    assert isinstance(row, Row)
    assert Row.of_plain(row.plain()) == row
    assert all(isinstance(value, str | int) for value in row.plain().values())


def test_every_code_stands_for_itself() -> None:
    assert len({code.value for code in RowCode}) == len(RowCode)
