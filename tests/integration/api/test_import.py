"""Issuing from a CSV file: as spreadsheets write it, all rows or none."""

from tests.integration.api.world import Issuer

POLISH = "Adres e-mail;Imię i nazwisko;Ocena\nz@student.example;Żaneta Łęcka;5.0\n"


def test_files_of_spreadsheets_are_read(issuer: Issuer) -> None:
    before = issuer.count()
    for body in (
        "\ufeffemail;name\na@student.example;Ana\n".encode(),
        POLISH.encode("cp1250"),
        b"email,grade\r\nb@student.example,4.5\r\n",
        b"identifier\tidentity_type\ns1\tidentifier\n",
    ):
        answer = issuer.imports(body)
        assert answer.status_code == 201, answer.text
        assert [row["row"] for row in answer.json()["credentials"]] == [1]
    assert issuer.count() == before + 4


def test_one_bad_row_refuses_the_file_and_names_line_column_and_reason(issuer: Issuer) -> None:
    before = issuer.count()
    body = "email;grade;valid_until\nok@student.example;;\nnot an address;;\nb@c.example;9;soon\n"
    answer = issuer.imports(body.encode())
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"].endswith("/problems/refused-file")
    places = [(error["line"], error["column"]) for error in problem["errors"]]
    assert places == [(3, "email"), (4, "grade"), (4, "valid_until")]
    assert all(error["reason"] for error in problem["errors"])
    assert "not an address" not in answer.text
    assert issuer.count() == before


def test_a_repeated_import_issues_nothing_twice(issuer: Issuer) -> None:
    before, headers = issuer.count(), {"Content-Type": "text/csv", "Idempotency-Key": "file-1"}
    query = {"achievement_id": issuer.achievement_id}
    answers = [
        issuer.client.post(
            "/v1/credentials/import", params=query, content=b"email\nr@s.example\n", headers=headers
        )
        for _ in range(2)
    ]
    assert answers[0].status_code == 201
    assert answers[0].json() == answers[1].json()
    assert issuer.count() == before + 1


def test_a_file_above_a_thousand_rows_is_refused_whole(issuer: Issuer) -> None:
    rows = "".join(f"p{number}@student.example\n" for number in range(1001))
    answer = issuer.imports(f"email\n{rows}".encode())
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "line": 1002,
            "column": None,
            "reason": "a file has at most 1,000 rows",
            "code": "rows-too-many",
        }
    ]
