import unicodedata
from datetime import UTC, datetime

import pytest

from registry.csv_import import MAX_FAULTS, Fault, FileError, Row, parse_rows
from registry.domain.row_codes import RowCode
from registry.domain.subject import IdentityType

EMAIL = IdentityType.EMAIL_ADDRESS


def problems(data: bytes | str) -> list[tuple[int, str | None]]:
    """Return where a refused file is wrong."""
    with pytest.raises(FileError) as refused:
        parse_rows(data.encode() if isinstance(data, str) else data)
    assert all(problem.reason for problem in refused.value.faults)
    return [(problem.line, problem.column) for problem in refused.value.faults]


@pytest.mark.parametrize(
    "data",
    [
        b"email,name\nana@s.example,Ana\n",
        b"email;name\r\nana@s.example;Ana\r\n",
        b"email\tname\nana@s.example\tAna",
        b"\xef\xbb\xbfemail;name\nana@s.example;Ana\n",
        b'"email","name"\n" ana@s.example ","Ana"\n',
        b"E-Mail;NAME\nANA@s.example;Ana\n\n;;\n".replace(b";;", b";"),
    ],
)
def test_a_file_is_read_as_any_spreadsheet_writes_it(data: bytes) -> None:
    assert parse_rows(data) == [Row(2, EMAIL, "ana@s.example", "Ana")]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1250"])
def test_polish_headers_and_letters_are_read_in_both_encodings(encoding: str) -> None:
    text = "Adres e-mail;Imię i nazwisko;Ocena;Ważne od;Ważne do\nz@s.example;Żółć;5;2026-01-01;\n"
    [row] = parse_rows(text.encode(encoding))
    assert row.name == "Żółć"
    assert row.grade == "5"
    assert row.valid_from == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_date_means_the_whole_day_and_an_instant_itself() -> None:
    data = b"email,valid_from,valid_until\na@b.example,2026-01-31,2026-01-31\n"
    [row] = parse_rows(data)
    assert row.valid_from == datetime(2026, 1, 31, tzinfo=UTC)
    assert row.valid_until == datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=UTC)
    [row] = parse_rows(b"email,valid_from\na@b.example,2026-01-31T12:00:00+02:00\n")
    assert row.valid_from == datetime(2026, 1, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize("day", ["31.01.2026", "31.1.2026"])
def test_a_day_may_be_written_with_dots_as_spreadsheets_in_poland_do(day: str) -> None:
    [row] = parse_rows(f"email;valid_from;valid_until\na@b.example;{day};{day}\n".encode())
    assert row.valid_from == datetime(2026, 1, 31, tzinfo=UTC)
    assert row.valid_until == datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize("day", ["01/10/2026", "01.10.26", "1.10.2026 12:00", "2026.10.01", "4Ĳ.1"])
def test_a_day_that_could_be_another_is_refused_with_the_forms_there_are(day: str) -> None:
    with pytest.raises(FileError) as refused:
        parse_rows(f"email;valid_from\na@b.example;{day}\n".encode())
    [fault] = refused.value.faults
    assert (fault.line, fault.column, fault.code) == (2, "valid_from", RowCode.DATE_MALFORMED)
    assert "31.01.2026" in fault.reason


def test_a_day_with_dots_that_no_calendar_has_is_refused() -> None:
    assert problems("email;valid_from\na@b.example;31.02.2026\n") == [(2, "valid_from")]
    assert problems("email;valid_from\na@b.example;10.31.2026\n") == [(2, "valid_from")]


@pytest.mark.parametrize(
    ("first", "separator"),
    [("sep=;", ";"), ("SEP=,", ","), ('"sep=;"', ";"), ("sep=\t", "\t"), ("sep=|", "|")],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_first_line_may_name_the_separator_as_for_excel(
    first: str, separator: str, mark: str
) -> None:
    lines = [first, f"email{separator}grade", f'a@b.example{separator}"4,5;"', ""]
    data = (mark + "\r\n".join(lines)).encode()
    assert parse_rows(data) == [Row(3, EMAIL, "a@b.example", grade="4,5;")]


def test_lines_are_counted_with_the_one_that_names_the_separator() -> None:
    assert problems("sep=;\nemail;pesel\n") == [(2, "pesel")]
    assert problems('sep=;\nemail;name\n"x";\na@b.example;"two\nlines"\n') == [
        (3, "email"),
        (4, "name"),
    ]
    assert problems("sep=;\n") == [(2, "email")]


def test_given_and_family_name_make_the_name() -> None:
    data = "e-mail;Imię;Nazwisko\na@b.example;Anna Maria;Łęcka\nb@b.example;;Żak\n"
    assert [row.name for row in parse_rows(data.encode())] == ["Anna Maria Łęcka", "Żak"]
    [row] = parse_rows(b"email,given_name,family_name\na@b.example,Anna,\n")
    assert row.name == "Anna"


def test_a_name_is_given_as_a_whole_or_in_parts() -> None:
    header = "email,name,given_name,family_name\n"
    assert problems(header + "a@b.example,Ana Bo,Ana,Bo\n") == [(2, "name")]
    assert problems(header + f"a@b.example,,{'x' * 200},{'y' * 200}\n") == [(2, "family_name")]
    [row] = parse_rows((header + "a@b.example,Ana Bo,,\n").encode())
    assert row.name == "Ana Bo"


def test_what_looks_like_a_formula_is_kept_as_text() -> None:
    formula = '=HYPERLINK("https://evil.example","+cmd|x")'
    quoted = formula.replace('"', '""')
    [row] = parse_rows(f'email,name\na@b.example,"{quoted}"\n'.encode())
    assert row.name == formula


def test_an_identifier_comes_with_its_type() -> None:
    [row] = parse_rows(b"identifier,identity_type\n 0012 ,sourcedId\n")
    assert (row.identity_type, row.identifier) == (IdentityType.SOURCED_ID, "0012")
    assert problems("identifier\n1\n") == [(1, "identity_type")]
    assert problems("identifier,identity_type\n1,name\n") == [(2, "identity_type")]


def test_every_fault_is_named_with_its_line_and_column() -> None:
    data = (
        "email,name,valid_from,valid_until\n"
        "a@b.example,Ana,,\n"
        '"no address","two\nlines",,\n'
        "c@d.example,,yesterday,2026-02-30\n"
        "e@f.example,,2026-02-02,2026-02-01\n"
        "too,few\n"
    )
    assert problems(data) == [
        (3, "email"),
        (3, "name"),
        (5, "valid_from"),
        (5, "valid_until"),
        (6, "valid_until"),
        (7, None),
    ]


def test_a_learner_stands_in_a_file_once() -> None:
    with pytest.raises(FileError) as refused:
        parse_rows(b"email\nana@s.example\nb@s.example\nAna@S.example\n")
    assert refused.value.faults == (
        Fault(4, "email", "the same learner as on line 2", RowCode.DUPLICATE_IN_FILE),
    )


def test_columns_nobody_knows_or_that_stand_twice_are_refused() -> None:
    assert problems("email,pesel\na@b.example,1\n") == [(1, "pesel")]
    assert problems("email,E-mail\na@b.example,\n") == [(1, "email")]
    assert problems("name\nAna\n") == [(1, "email")]


@pytest.mark.parametrize("data", [b"", b"\n", b"email\n", b"email\n\n\n"])
def test_a_file_without_learners_is_refused(data: bytes) -> None:
    assert problems(data)[0][0] == 1


@pytest.mark.parametrize(
    "data",
    [
        "email\na@b.example\n".encode("utf-16-le"),  # Without its mark.
        "email\na@b.example\n".encode("utf-32"),
        b"email,name\na@b.example,\x81\x88\n",
        b'email\n"a@b.example\n',
        b'email\n"a"b@c.example\n',
        b"email\n\0\n",
    ],
)
def test_what_is_no_csv_text_is_refused(data: bytes) -> None:
    assert problems(data)


def test_a_grade_must_be_one_of_those_given() -> None:
    data = b"email,grade\na@b.example,5\nb@b.example,7\n"
    with pytest.raises(FileError) as refused:
        parse_rows(data, grades=("5",))
    assert [(p.line, p.column) for p in refused.value.faults] == [(3, "grade")]


def test_a_file_of_nothing_but_faults_names_a_hundred() -> None:
    data = "email\n" + "no address\n" * 500
    assert len(problems(data)) == MAX_FAULTS


def test_a_learner_is_named_in_one_way() -> None:
    header = "email,identifier,identity_type\n"
    assert problems(header + "a@b.example,1,identifier\n") == [(2, "email")]
    assert problems(header + ",,\n,,identifier\n") == [(3, "email")]


def test_longest_values_are_bounded_and_without_control_characters() -> None:
    assert problems(f"email,name\na@b.example,{'x' * 301}\n") == [(2, "name")]
    assert problems("email,name\na@b.example,a\x1bb\n") == [(2, "name")]
    assert problems(f"email,grade\na@b.example,{'x' * 65}\n") == [(2, "grade")]


def test_grade_is_found_with_a_comma_or_a_dot_and_is_kept_as_the_scheme_has_it() -> None:
    def grade(cell: str, *grades: str) -> str | None:
        [row] = parse_rows(f"email;grade\na@b.example;{cell}\n".encode(), grades=grades)
        return row.grade

    assert grade("4,5", "4", "4.5", "5") == "4.5"
    assert grade("4.5", "4,5") == "4,5"
    assert grade("4,5", "4.5", "4,5") == "4,5"
    assert grade("dobry, plus", "dobry, plus") == "dobry, plus"
    with pytest.raises(FileError):
        grade("4,50", "4.5")


def test_refused_grade_names_those_there_are_or_that_there_is_no_scheme() -> None:
    def reason(*grades: str) -> str:
        with pytest.raises(FileError) as refused:
            parse_rows(b"email,grade\na@b.example,7\n", grades=grades)
        assert str(refused.value) == "1 fault"
        return refused.value.faults[0].reason

    assert reason("4", "5").endswith(": 4, 5")
    assert "no grade scheme" in reason()


def test_unknown_column_is_answered_with_the_known_ones() -> None:
    with pytest.raises(FileError) as refused:
        parse_rows(b"email,pesel\na@b.example,1\n")
    assert "email, identifier, identity_type" in refused.value.faults[0].reason


def test_unknown_column_is_named_in_short_and_by_its_place_where_it_has_no_name() -> None:
    assert problems(f"email,{'x' * 300},\n") == [(1, "x" * 39 + "…"), (1, "#3")]


def test_letters_of_two_characters_are_read_as_those_of_one() -> None:
    text = "E-mail;Imię i nazwisko;Ocena;Ważne od\nz@s.example;Anna;celujący;2026-01-01\n"
    data = unicodedata.normalize("NFD", text).encode()
    [row] = parse_rows(data, grades=["celujący"])
    assert (row.name, row.grade) == ("Anna", "celujący")
    assert row.valid_from == datetime(2026, 1, 1, tzinfo=UTC)
