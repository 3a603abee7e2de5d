"""Issuing in bulk on the command line: valid rows, duplicates, reports, and jobs by themselves."""

import csv
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import University

ROWS = "email;name\nfirst@example.org;Ana\nnobody;\nsecond@example.org;Bo\n"


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    file = tmp_path / "mixed.csv"
    file.write_text(ROWS)
    return file


def issue(university: University, *arguments: object) -> Any:
    return university.cli("issue", *arguments, "--achievement", university.achievement, "--json")


def test_valid_rows_are_issued_and_every_row_is_reported(
    university: University, mixed: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.csv"
    ran = issue(university, mixed, "--valid-only", "--report", report, "--language", "pl")

    assert ran.code == 0, ran.err
    assert (ran.json["issued"], ran.json["refused"]) == (2, 1)
    assert [(one["row"], one["line"]) for one in ran.json["credentials"]] == [(1, 2), (3, 4)]
    with report.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["code"] for row in rows] == ["issued", "email-malformed", "issued"]
    assert rows[1]["sentence"] == "To nie jest adres e-mail; popraw go."

    again = issue(university, mixed, "--valid-only", "--duplicates", "skip")
    assert (again.json["issued"], again.json["skipped"], again.json["refused"]) == (0, 2, 1)


def test_faulty_file_is_refused_after_its_report_was_written(
    university: University, mixed: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.csv"
    ran = issue(university, mixed, "--report", report)

    assert ran.code == 2
    assert [fault["code"] for fault in ran.json["error"]["faults"]][-1:] != ["issued"]
    assert "email-malformed" in report.read_text()
    assert "nobody" not in report.read_text() + ran.out + ran.err


def test_json_lines_are_read_by_their_name(university: University, tmp_path: Path) -> None:
    file = tmp_path / "learners.jsonl"
    file.write_text('{"email": "line-1@example.org"}\n{"email": "line-2@example.org"}\n')

    assert issue(university, file).json["issued"] == 2


def test_jobs_are_listed_shown_reported_and_cannot_be_cancelled_once_done(
    university: University, tmp_path: Path
) -> None:
    file = tmp_path / "job.csv"
    file.write_text("email\njob@example.org\n")
    job_id = issue(university, file).json["job_id"]
    cli = university.cli

    assert cli("jobs", "list", "--json").json[0]["job_id"] == job_id
    assert cli("jobs", "show", job_id, "--json").json["state"] == "done"
    assert "state" in cli("jobs", "show", job_id).out
    assert cli("jobs", "report", job_id).out.splitlines()[1].startswith("2,,issued,")
    written = cli("jobs", "report", job_id, "--out", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text("utf-8-sig").startswith("line,column,code")
    assert written.code == 0
    assert cli("jobs", "cancel", job_id).code == 1
    assert cli("jobs", "confirm", job_id).code == 1
    assert cli("jobs", "show", "nonsense").code == 2


def test_job_that_was_interrupted_goes_on_when_the_command_is_repeated(
    university: University, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "long.csv"
    file.write_text("email\n" + "".join(f"long-{number}@example.org\n" for number in range(5)))

    def interrupt(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("registry.jobs.worker.JobWorker.tick", interrupt)
        ran = issue(university, file)

    assert ran.code != 0
    assert "go on by repeating the command" in ran.err
    assert "or: registry jobs cancel " in ran.err
    assert issue(university, file).json["issued"] == 5


def test_checked_file_waits_and_is_issued_once_it_is_confirmed(
    university: University, tmp_path: Path
) -> None:
    file = tmp_path / "waiting.csv"
    file.write_text("email\nwaiting@example.org\n")

    waiting = issue(university, file, "--wait").json
    confirmed = university.cli("jobs", "confirm", waiting["job_id"], "--json")

    assert (waiting["state"], waiting["accepted"], waiting["finished"]) == ("waiting", 1, 0)
    assert (confirmed.json["state"], confirmed.json["finished"]) == ("done", 1)


def database_of(university: University) -> Path:
    assert university.cli.folder is not None
    return university.cli.folder / "registry.db"


def test_job_of_a_killed_command_is_cancelled_at_once_and_its_rows_are_gone(
    university: University, tmp_path: Path
) -> None:
    file = tmp_path / "killed.csv"
    file.write_text("email\nkilled@example.org\n")
    job_id = issue(university, file, "--wait").json["job_id"]
    with sqlite3.connect(database_of(university)) as database:
        database.execute("UPDATE jobs SET state = 'running' WHERE job_id = ?", (job_id,))
        held = "UPDATE job_slices SET claims = 1, claimed_by = ?, claimed_until = ?"
        dead = f"{socket.gethostname()}/{2**22 + 1}/dead"
        database.execute(f"{held} WHERE job_id = ?", (dead, "2999-01-01T00:00:00.000Z", job_id))

    cancelled = university.cli("jobs", "cancel", job_id, "--json")

    assert cancelled.json["state"] == "cancelled"
    with sqlite3.connect(database_of(university)) as database:
        rows = database.execute("SELECT content FROM job_slices WHERE job_id = ?", (job_id,))
        assert rows.fetchall() == [(None,)]


def faulty(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "faulty.csv"
    file.write_text(text)
    return file


def told(university: University, *arguments: object) -> Any:
    """Issue without --json."""
    return university.cli("issue", *arguments, "--achievement", university.achievement)


def codes(report: Path) -> list[str]:
    with report.open(newline="", encoding="utf-8-sig") as file:
        return [row["code"] for row in csv.DictReader(file)]


def jobs(university: University) -> int:
    return len(university.cli("jobs", "list", "--json").json)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ROWS, "\n  wiersz 3, email: To nie jest adres e-mail; popraw go.\n"),
        (
            "sep=;\nemail;pesel\na@b.example;1\n",
            "\n  wiersz 2, pesel: Rejestr nie zna tej kolumny;",
        ),
        ("Anna;anna@b.example\n", "\n  wiersz 1, #1: Rejestr nie zna tej kolumny;"),
        ("email\n", "\n  wiersz 1: W pliku nie ma ani jednego wiersza z osobą;"),
    ],
)
def test_refused_file_is_told_of_in_polish_and_reported(
    university: University, tmp_path: Path, text: str, said: str
) -> None:
    report = tmp_path / "report.csv"

    ran = told(university, faulty(tmp_path, text), "--language", "pl", "--report", report)

    assert (ran.code, ran.out) == (2, "")
    assert f"Zapisano w pliku {report}.\nbłąd: Plik odrzucono i nic nie wydano. " in ran.err
    assert said in ran.err
    assert "line" not in ran.err
    assert "anna" not in ran.err.lower()
    assert set(codes(report)) & {"email-malformed", "column-unknown", "rows-missing"}


def test_report_of_a_file_that_cannot_be_read_has_its_faults(
    university: University, tmp_path: Path
) -> None:
    report = tmp_path / "report.csv"
    options = ("--report", report, "--language", "pl")
    ran = issue(university, faulty(tmp_path, "email;pesel;Wzrost\na@b.example;1;2\n"), *options)

    assert ran.code == 2
    faults = ran.json["error"]["faults"]
    assert [(fault["line"], fault["column"]) for fault in faults] == [(1, "pesel"), (1, "Wzrost")]
    assert faults[0]["reason"].startswith("Rejestr nie zna tej kolumny; usuń ją")
    assert codes(report) == ["column-unknown", "column-unknown"]


def test_of_many_faults_the_first_are_shown_and_where_all_are(
    university: University, tmp_path: Path
) -> None:
    file = faulty(tmp_path, "email\n" + "nobody\n" * 150)
    report = tmp_path / "report.csv"

    ran = told(university, file)
    with_report = told(university, file, "--language", "pl", "--report", report)

    assert ran.err.count("\n") == 22
    assert "Rows with faults: 150 of 150; " in ran.err
    assert "the first 20. All of them: registry jobs report " in ran.err
    assert "--report FILE" in ran.err
    assert ran.err.count("line 2") == 3  # 2, 20 and 21
    assert with_report.err.endswith(f"  … i kolejne; to pierwsze 20. Wszystkie: {report}\n")
    assert len(codes(report)) == 150
    assert len(issue(university, file).json["error"]["faults"]) == 100


def test_of_many_issued_a_count_is_shown_and_of_few_the_ids(
    university: University, tmp_path: Path
) -> None:
    many = tmp_path / "many.csv"
    many.write_text("email\n" + "".join(f"many-{number}@example.org\n" for number in range(21)))
    few = tmp_path / "few.csv"
    few.write_text("email\nfew-1@example.org\nfew-2@example.org\n")

    of_many = told(university, many, "--out", tmp_path / "badges")
    of_few = told(university, few)
    again = told(university, few, "--duplicates", "skip", "--language", "pl")

    counts, where, report = of_many.out.splitlines()
    assert counts == "21 issued, 0 refused, 0 passed over."
    assert where == f"The badges are in {tmp_path / 'badges'}."
    assert report.startswith("Of every row: registry jobs report ")
    assert [line.split()[0] for line in of_few.out.splitlines()] == ["line", "2", "3"]
    assert "2 issued, 0 refused, 0 passed over.\n" in of_few.err
    assert again.out.startswith("Wydano: 0; odrzucono: 0; pominięto: 2.\nO każdym wierszu: ")


def test_dry_run_counts_what_is_refused_too(university: University, tmp_path: Path) -> None:
    file = faulty(tmp_path, "email\nnobody\ndry@example.org\n")

    ran = told(university, file, "--dry-run", "--valid-only")

    counts, report = ran.out.splitlines()
    assert counts == "1 can be issued, 1 refused, 0 passed over; nothing was issued."
    assert report.startswith("Of every row: registry jobs report ")


def test_report_or_badges_that_cannot_be_written_are_refused_before_anything_is_done(
    university: University, mixed: Path, tmp_path: Path
) -> None:
    before = jobs(university)
    nowhere = tmp_path / "nowhere" / "report.csv"
    for option, place in (
        ("--report", nowhere),
        ("--report", mixed),
        ("--report", mixed / "report.csv"),
        ("--out", mixed / "badges"),
    ):
        ran = told(university, mixed, "--valid-only", option, place)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert f"{option}: {place}" in ran.err

    assert jobs(university) == before
    assert mixed.read_text() == ROWS


def test_refused_order_leaves_no_empty_report_and_keeps_an_old_one(
    university: University, mixed: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old.csv"
    old.write_text("old")
    for report in (tmp_path / "new.csv", old):
        unknown = ("--achievement", "00000000-0000-8000-8000-000000000000")
        assert university.cli("issue", mixed, *unknown, "--report", report).code == 2

    assert not (tmp_path / "new.csv").exists()
    assert old.read_text() == "old"


def test_cancelled_order_reports_that_its_rows_were_not_issued(
    university: University, tmp_path: Path
) -> None:
    file = tmp_path / "cancelled.csv"
    file.write_text("email\ncancelled@example.org\n")
    job_id = issue(university, file, "--wait").json["job_id"]

    university.cli("jobs", "cancel", job_id)
    reported = university.cli("jobs", "report", job_id, "--language", "pl")

    row = reported.out.splitlines()[1]
    assert row.startswith('2,,job-cancelled,"Nie wydano, bo zlecenie anulowano;')


def test_file_that_a_polish_spreadsheet_saved_is_issued(
    university: University, tmp_path: Path
) -> None:
    file = tmp_path / "excel.csv"
    text = "sep=;\r\nAdres e-mail;Imię;Nazwisko;Ważne od;Ważne do\r\n"
    text += "excel@example.org;Łucja;Żak;01.10.2026;30.09.2029\r\n"
    file.write_bytes(text.encode("cp1250"))

    ran = issue(university, file)

    assert ran.code == 0, ran.err
    assert ran.json["credentials"][0]["line"] == 3
