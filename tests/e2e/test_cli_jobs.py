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
