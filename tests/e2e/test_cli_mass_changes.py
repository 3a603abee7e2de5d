"""`registry change` and `registry jobs undo`: many statuses at once from the command line."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.conftest import University


@pytest.fixture(scope="module")
def file(university: University, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of two credentials."""
    ids = [university.issue(f"mass-{number}@student.example") for number in range(2)]
    path = tmp_path_factory.mktemp("ids") / "ids.csv"
    path.write_text("\n".join(["credential_id", *ids]))
    return path


def test_file_is_suspended_at_once_and_taken_back(university: University, file: Path) -> None:
    options = ("--issuer", university.issuer, "--file", file, "--reason", "under-review")
    suspended = university.cli("change", "suspend", *options, "--yes", "--json")
    assert (suspended.code, suspended.json["state"]) == (0, "done"), suspended.err
    assert suspended.json["accepted"] == 2
    (changed,) = suspended.json["findings"]["lists"]
    assert f"registry list versions {changed['list_id']} --purpose suspension\n" in suspended.err

    undone = university.cli("jobs", "undo", suspended.json["job_id"], "--yes", "--json")

    assert (undone.json["state"], undone.json["accepted"]) == ("done", 2)


def test_what_is_not_suspended_any_more_leaves_nothing_to_undo(
    university: University, file: Path
) -> None:
    options = ("--issuer", university.issuer, "--file", file, "--reason", "under-review", "--yes")
    job = university.cli("change", "suspend", *options, "--json").json["job_id"]
    university.cli("jobs", "undo", job, "--yes")

    again = university.cli("jobs", "undo", job)

    assert (again.code, "done" in again.out) == (0, True)
    assert "Nothing is left to undo" in again.err
    assert "not-suspended: The credential is not suspended." in again.err
    assert "It waits" not in again.err


def test_preview_comes_first_and_no_is_an_answer(university: University, file: Path) -> None:
    options = ("--issuer", university.issuer, "--file", file, "--reason", "other")

    ran = university.cli("change", "revoke", *options, stdin=b"n\n")

    assert "would change" in ran.err
    assert "2 entries" in ran.err


@pytest.mark.parametrize("answer", [b"no\n", b"\n"])
def test_no_cancels_the_order_and_says_so(
    university: University, file: Path, answer: bytes
) -> None:
    options = ("--issuer", university.issuer, "--file", file, "--reason", "other")

    ran = university.cli("change", "revoke", *options, stdin=answer)
    newest = university.cli("jobs", "list", "--json").json[0]

    assert (ran.code, newest["state"], newest["accepted"]) == (0, "cancelled", 2)
    assert "state    cancelled" in ran.out
    assert "changed  0" in ran.out
    assert "Cancelled: nothing was changed." in ran.err
    assert "It waits" not in ran.err


def test_where_nobody_is_asked_the_order_waits_and_can_be_looked_at(
    university: University, file: Path
) -> None:
    options = ("--issuer", university.issuer, "--file", file, "--reason", "under-review")

    ran = university.cli("change", "suspend", *options, stdin=b"")
    job_id = university.cli("jobs", "list", "--json").json[0]["job_id"]
    shown = university.cli("jobs", "show", job_id)
    cancelled = university.cli("jobs", "cancel", job_id)

    assert "waiting" in ran.out
    assert "suspend (under-review)" in shown.out
    assert "would change" in shown.err
    assert cancelled.code == 0


def test_yes_that_changed_nothing_is_a_failure(university: University, file: Path) -> None:
    other = file.with_name("unknown.csv")
    other.write_text(f"credential_id\n{uuid4()}\n")
    options = ("--issuer", university.issuer, "--file", other, "--reason", "other", "--yes")

    ran = university.cli("change", "suspend", *options)

    assert (ran.code, "done" in ran.out) == (1, True)
    assert "None of them can be changed." in ran.err
    assert "not-found: " in ran.err


def test_order_that_waits_is_confirmed_and_reported(university: University, file: Path) -> None:
    other = file.with_name("more.jsonl")
    other.write_text(f'"{university.issue("more@student.example")}"\n"{uuid4()}"\n')
    options = ("--issuer", university.issuer, "--file", other, "--reason", "other", "--json")
    waiting = university.cli("change", "suspend", *options, "--yes").json

    refused = university.cli("jobs", "confirm", waiting["job_id"])
    confirmed = university.cli("jobs", "confirm", waiting["job_id"], "--rest", "leave", "--json")

    assert (waiting["state"], waiting["findings"]["refused"]) == ("waiting", {"not-found": 1})
    assert refused.code == 1
    assert confirmed.json["findings"]["rest"] == "leave"
    # No server runs: what is confirmed is carried out by the command itself.
    assert (confirmed.json["state"], confirmed.json["finished"]) == ("done", 2)


def test_all_of_an_achievement_that_is_active_is_found(university: University) -> None:
    options = ("--issuer", university.issuer, "--reason", "other", "--json")
    query = ("--achievement", university.achievement, "--status", "active")

    ran = university.cli("change", "suspend", *options, *query)

    assert ran.json["state"] == "waiting"
    assert set(ran.json["findings"]["statuses"]) == {"active"}


@pytest.mark.parametrize("selection", [("--all",), ("--achievement", uuid4())])
def test_issuer_that_is_no_id_is_refused_in_one_line(
    university: University, selection: tuple[object, ...]
) -> None:
    options = ("--issuer", "university", *selection, "--reason", "other")

    ran = university.cli("change", "suspend", *options)

    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "--issuer: an id is a UUID, and this is none" in ran.err


def test_selection_is_said_in_one_way(university: University, file: Path) -> None:
    options = ("--issuer", university.issuer, "--reason", "other")

    assert university.cli("change", "revoke", *options).code == 2
    assert university.cli("change", "revoke", *options, "--file", file, "--all").code == 2
