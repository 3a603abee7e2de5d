"""Ids of credentials from files as people have them; nothing else of a file is kept."""

from uuid import UUID

import pytest

from registry.credential_ids import Form, read_ids
from registry.domain.errors import InvalidValueError
from registry.domain.job import Row

ONE, TWO = str(UUID(int=1)), "0b8c2f6e-1d3a-8f4e-9a51-2f6d0c3b7e11"


def csv_rows(text: str, *, encoding: str = "utf-8") -> list[Row]:
    return list(read_ids([text.encode(encoding)], Form.CSV))


def rows(*found: tuple[int, str | None]) -> list[Row]:
    return [{"line": line, "id": each} for line, each in found]


@pytest.mark.parametrize(
    "text",
    [
        f"credential_id\n{ONE}\n{TWO}\n",
        f"\ufeffCredential ID;name\r\n{ONE};Anna\r\n{TWO};Jan\r\n",
        f"name\tid\nAnna\t{ONE}\nJan\t {TWO.upper()} \n",
        f'name,credential_id\n"Anna, jr",{ONE}\n,{TWO}',
    ],
)
def test_column_of_ids_is_read(text: str) -> None:
    assert csv_rows(text) == rows((2, ONE), (3, TWO))


def test_line_without_a_header_is_an_id() -> None:
    assert csv_rows(f"{ONE}\n\n{TWO}\n") == rows((1, ONE), (3, TWO))


def test_row_is_where_it_begins() -> None:
    text = f'credential_id,note\n{ONE},"two\nlines"\n{TWO},x\n'

    assert csv_rows(text) == rows((2, ONE), (4, TWO))


def test_polish_names_beside_the_ids_may_be_in_windows_1250() -> None:
    text = f"credential_id;imię\n{ONE};Łucja\n"

    assert csv_rows(text, encoding="cp1250") == rows((2, ONE))


def test_unicode_text_of_a_spreadsheet_is_read() -> None:
    text = f"imię\tcredential_id\r\nŁucja 🎓\t{ONE}\r\nJan\t{TWO}\r\n"

    assert csv_rows(text, encoding="utf-16") == rows((2, ONE), (3, TWO))


def test_what_is_no_id_is_a_line_without_one() -> None:
    found = csv_rows(f"name;credential_id\nAnna;anna@example.org\nJan\nEwa;{ONE}\n")

    assert found == rows((2, None), (3, None), (4, ONE))


def test_json_lines_are_objects_or_ids() -> None:
    lines = f'{{"credential_id": "{ONE}", "name": "Anna"}}\n\n"{TWO}"\n{{}}\nnonsense\n[1]\n'

    found = list(read_ids([lines.encode()], Form.JSON_LINES))

    assert found == rows((1, ONE), (3, TWO), (4, None), (5, None), (6, None))


@pytest.mark.parametrize("text", ["", "\n", "name;email\nAnna;a@example.org\n"])
def test_file_without_ids_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="no column") as refused:
        csv_rows(text)

    assert "example.org" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "," * 200_000,
        f"{ONE}\n" + "a" * 200_000,
        'id\n"' + "\n".join("a" for _ in range(100_000)),
        "id,x\n" + '"\n",' * 40_000,
    ],
)
def test_endless_line_is_refused_before_it_fills_the_memory(text: str) -> None:
    arriving = (text.encode()[at : at + 1_000] for at in range(0, len(text), 1_000))

    with pytest.raises(InvalidValueError, match="a line has at most 65,536 bytes, line"):
        list(read_ids(arriving, Form.CSV))


def test_bytes_that_are_no_text_are_lines_without_an_id() -> None:
    data = bytes(range(128, 256)) + b"\0\n" + f"{ONE}\n".encode()

    assert [row["id"] for row in read_ids([data], Form.JSON_LINES)] == [None, None]
    with pytest.raises(InvalidValueError, match="no column with the ids"):
        list(read_ids([data], Form.CSV))


@pytest.mark.parametrize("first", ["sep=;", '"SEP=;"', "\ufeffsep=;"])
def test_line_that_names_the_separator_is_no_header(first: str) -> None:
    text = f"{first}\r\nname, a;credential_id\r\nAnna, jr;{ONE}\r\n"

    assert csv_rows(text) == rows((3, ONE))


@pytest.mark.parametrize(
    "text",
    [
        f'credential_id,name\n{ONE},"Anna\n{TWO},Jan\n',
        f'credential_id,name\n{ONE},"Anna\n{TWO},"Jan"\n',
        f'{ONE},Anna\n{TWO},"Jan\n',
    ],
)
def test_quotation_mark_that_may_hide_ids_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match=r"line [12] is not CSV") as refused:
        csv_rows(text)

    assert "Anna" not in str(refused.value)
    assert "Jan" not in str(refused.value)
