"""Erasing, holding and handing over a learner's data from the command line."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.e2e.conftest import Ran, University

CANARY = "kanarek7351"


def erase(university: University, *arguments: object) -> Ran:
    return university.cli("erase", *arguments, "--yes", "--json")


def reference_of(university: University, credential: str) -> str:
    ran = university.cli("hold", "show", credential, "--json")
    return str(ran.json["subject_ref"])


def test_erased_learner_is_in_no_file_and_history_still_holds(university: University) -> None:
    credential = university.issue(f"{CANARY}@example.org")
    note = ("--note", f"{CANARY} copied the project")
    university.cli("status", "suspend", credential, "--reason", "under-review", *note)
    done = erase(university, credential)
    assert [each["state"] for each in done.json] == ["completed"]
    files = [file for file in (university.cli.folder or Path()).rglob("*") if file.is_file()]
    assert [f.name for f in files if CANARY in f.read_bytes().decode("latin-1").lower()] == []
    assert university.cli("replay", "--verify", "--json").json["identical"]
    again = erase(university, credential)
    assert again.code == 1
    assert "erased already" in again.err


def test_erasing_goes_on_only_for_the_typed_word(university: University) -> None:
    credential = university.issue("jan@example.org")
    refused = university.cli("erase", credential, stdin=b"yes\n")
    assert refused.code == 2
    assert "nothing was erased" in refused.err
    assert university.cli("erase", credential, stdin=b"erase\n").code == 0


def test_erasures_are_listed_and_settled(university: University) -> None:
    erased = erase(university, university.issue("ola@example.org")).json[0]["erasure_id"]
    listed = university.cli("erasures", "list", "--state", "completed", "--json").json
    assert erased in [each["erasure_id"] for each in listed]
    assert university.cli("erasures", "settle", "--json").json["settled"]


def test_held_learner_is_not_erased(university: University) -> None:
    credential = university.issue("ewa@example.org")
    university.cli("hold", "place", credential, "--reason", "legal-claim")
    refused = erase(university, credential)
    assert (refused.code, "legal-claim" in refused.err) == (1, True)
    university.cli("hold", "lift", credential, "--reason", "settled")
    assert erase(university, credential).code == 0


def test_learner_kept_by_law_is_not_erased(university: University) -> None:
    credential = university.issue("iga@example.org")
    retention = ("issuer", "retention", university.issuer)
    university.cli(*retention, "--days", 30, "--basis", "kategoria archiwalna B50")
    refused = erase(university, credential)
    assert (refused.code, "B50" in refused.err) == (1, True)
    university.cli(*retention, "--days", 0, "--basis", "ended")
    assert erase(university, credential).code == 0


@pytest.mark.parametrize(
    ("days", "basis", "saying"),
    [
        (36_526, "B50", "--days: Input should be less than or equal to 36525"),
        (10**12, "B50", "--days: "),
        (10**23, "B50", "--days: "),
        (30, "", "--basis: "),
        (30, "B\x07", "--basis: holds control characters or lone surrogates"),
    ],
)
def test_duty_that_no_calendar_or_history_holds_is_refused(
    university: University, days: int, basis: str, saying: str
) -> None:
    ran = university.cli("issuer", "retention", university.issuer, "--days", days, "--basis", basis)
    assert (ran.code, ran.out) == (2, "")
    assert saying in ran.err
    assert erase(university, university.issue("ida@example.org")).code == 0


def test_learner_gets_all_that_is_held_of_them(university: University, tmp_path: Path) -> None:
    first, second = (university.issue("ula@example.org") for _ in range(2))
    note = ("--note", "said so on the phone")
    university.cli("status", "revoke", second, "--reason", "fraud", *note)
    archive = tmp_path / "ula.zip"
    assert university.cli("export-person", first, "-o", archive).code == 0
    with zipfile.ZipFile(archive) as opened:
        data = json.loads(opened.read("data.json"))
        badge = json.loads(opened.read(f"documents/{first}.json"))
        assert "Administratorem" in opened.read("README.md").decode()
    [held] = data["held_by"]
    assert held["person"] == {
        "identity_type": "emailAddress",
        "identifier": "ula@example.org",
        "name": None,
    }
    assert badge["id"] == f"urn:uuid:{first}"
    revoked = next(each for each in held["credentials"] if each["credential_id"] == second)
    assert revoked["status"] == "revoked"
    assert revoked["history"][1]["note"] == "said so on the phone"
    assert archive.stat().st_mode & 0o077 == 0


def test_export_is_a_folder_where_asked_and_overwrites_nothing(
    university: University, tmp_path: Path
) -> None:
    credential = university.issue("iza@example.org")
    subject = reference_of(university, credential)
    assert university.cli("export-person", subject, "--person", "-o", tmp_path / "iza").code == 0
    assert (tmp_path / "iza" / "documents" / f"{credential}.json").exists()
    again = university.cli("export-person", subject, "-o", tmp_path / "iza")
    assert (again.code, "there already" in again.err) == (2, True)


def test_nothing_is_exported_of_an_erased_learner(university: University, tmp_path: Path) -> None:
    credential = university.issue("ada@example.org")
    erase(university, credential)
    refused = university.cli("export-person", credential, "-o", tmp_path / "ada.zip")
    assert refused.code == 1
    assert not (tmp_path / "ada.zip").exists()
