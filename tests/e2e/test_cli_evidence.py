"""Evidence on the command line: made with a registry, checked without one."""

import shutil
import stat
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.formats.tlog.notes import NoteSigner
from tests.e2e.conftest import CliWithin, University
from tests.witness import policy_of


@dataclass(frozen=True)
class Case:
    """The evidence of a revoked credential, the badge, and the policy of whoever trusts the log."""

    evidence: Path
    badge: Path
    policy: Path
    checker: Path


@pytest.fixture(scope="module")
def case(university: University, tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("evidence")
    credential_id = university.issue("learner@student.example")
    university.cli("status", "revoke", credential_id, "--reason", "other")
    evidence, policy = folder / "badge.zip", folder / "policy"
    made = university.cli("evidence", credential_id, "-o", evidence, "--json")
    assert (made.code, made.json["credential_id"]) == (0, credential_id)
    with zipfile.ZipFile(evidence) as reader:
        badge = Path(reader.extract("credential/document.json", folder))
        checker = Path(reader.extract("check_evidence.py", folder))
    (key,) = university.cli("log", "status", "--json").json["signing_keys"]
    policy.write_text(f"log {key}\nquorum none\n")
    return Case(evidence, badge, policy, checker)


def check_alone(*arguments: Path) -> subprocess.CompletedProcess[str]:
    """Run the checker that lay in the evidence, where nothing of the registry can be imported."""
    return subprocess.run(
        [sys.executable, "-I", *map(str, arguments)],
        cwd=arguments[0].parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_evidence_holds_without_a_registry(within: CliWithin, case: Case) -> None:
    ran = within("evidence", "verify", case.evidence, "--policy", case.policy, "--json")
    assert (ran.code, ran.json["verdict"], ran.json["policy"]) == (0, "holds", "given")
    assert [step["step"] for step in ran.json["steps"]][-1] == "signatures"
    assert [each["event"] for each in ran.json["history"]] == [
        "credential-issued-v1",
        "credential-revoked-v1",
    ]


def test_evidence_can_be_read_by_its_owner_alone(case: Case) -> None:
    assert stat.S_IMODE(case.evidence.stat().st_mode) == 0o600


def test_checker_in_the_evidence_says_the_same(case: Case) -> None:
    ran = check_alone(case.checker, case.evidence, case.policy)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "ok")


def test_checker_says_in_one_line_what_it_cannot_read(case: Case) -> None:
    ran = check_alone(case.checker, case.evidence.with_name("other.zip"))
    assert (ran.returncode, len(ran.stderr.splitlines())) == (1, 1)
    assert "No such file" in ran.stderr


def test_without_a_policy_the_keys_to_compare_are_named(within: CliWithin, case: Case) -> None:
    ran = within("evidence", "verify", case.evidence, "--language", "en")
    key = case.policy.read_text().split()[1]
    assert ran.code == 4
    assert "No --policy was given" in ran.out
    assert key in ran.out
    assert "the evidence holds" not in ran.out
    alone = check_alone(case.checker, case.evidence)
    assert (alone.returncode, f"signed by: {key}" in alone.stdout) == (4, True)
    assert alone.stdout.splitlines()[-1].startswith("agrees with itself: ")


def test_without_a_policy_programs_are_told_nothing_holds(within: CliWithin, case: Case) -> None:
    ran = within("evidence", "verify", case.evidence, "--json")
    assert (ran.code, ran.json["verdict"], ran.json["policy"]) == (4, "unknown", "enclosed")


def test_each_step_is_said_in_polish(within: CliWithin, case: Case) -> None:
    ran = within("evidence", "verify", case.evidence, "--policy", case.policy, "--language", "pl")
    assert "dowód jest nienaruszony" in ran.out
    assert "Każde zdarzenie stoi w dzienniku." in ran.out


def test_step_that_does_not_hold_is_said_in_polish_and_what_was_found_stands_beside_it(
    within: CliWithin, case: Case
) -> None:
    ran = within("evidence", "verify", case.badge, "--language", "pl")
    assert ran.code == 1
    assert "To nie jest archiwum takie, jakie zapisuje rejestr (not a readable" in ran.out


def test_changed_byte_is_refused_by_both(within: CliWithin, case: Case, tmp_path: Path) -> None:
    body = bytearray(case.evidence.read_bytes())
    body[len(body) // 2] ^= 1
    forged = tmp_path / "forged.zip"
    forged.write_bytes(body)
    ran = within("evidence", "verify", forged, "--json")
    assert (ran.code, ran.json["verdict"]) == (1, "refused")
    assert [step["step"] for step in ran.json["steps"]] == ["container"]
    alone = check_alone(case.checker, forged)
    assert (alone.returncode, alone.stderr.startswith("refused at: container")) == (1, True)


def test_policy_that_trusts_somebody_else_refuses(
    within: CliWithin, case: Case, tmp_path: Path
) -> None:
    other = NoteSigner("registry.example.org/log", Ed25519PrivateKey.generate()).verifier_key
    policy = tmp_path / "policy"
    policy.write_bytes(policy_of([other], []))
    ran = within("evidence", "verify", case.evidence, "--policy", policy, "--json")
    assert (ran.code, ran.json["steps"][-1]["step"]) == (1, "manifest")
    assert check_alone(case.checker, case.evidence, policy).returncode == 1


def test_copy_of_the_badge_is_compared(within: CliWithin, case: Case, tmp_path: Path) -> None:
    trusting = ("evidence", "verify", case.evidence, "--policy", case.policy, "--credential")
    same = within(*trusting, case.badge)
    other = tmp_path / "other.json"
    other.write_text(case.badge.read_text().replace("2", "3"))
    differs = within(*trusting, other)
    assert (same.code, differs.code) == (0, 1)


def test_file_that_is_no_evidence_is_refused(within: CliWithin, case: Case, tmp_path: Path) -> None:
    shutil.copy(case.badge, tmp_path / "badge.zip")
    assert within("evidence", "verify", tmp_path / "badge.zip").code == 1
    assert within("evidence", "verify", tmp_path / "none.zip").code == 2


@pytest.mark.parametrize("option", ["--policy", "--credential", "FILE"])
def test_no_more_of_a_file_is_read_than_may_be_in_it(
    within: CliWithin, case: Case, tmp_path: Path, option: str
) -> None:
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(10**10)
    given = {"FILE": case.evidence, "--policy": case.policy, "--credential": case.badge}
    evidence, policy, badge = (given | {option: huge}).values()
    ran = within("evidence", "verify", evidence, "--policy", policy, "--credential", badge)
    assert (ran.code, "longer than" in ran.err) == (2, True)


def test_evidence_of_no_credential_is_wrong_usage(university: University) -> None:
    ran = university.cli("evidence", "018f1c2e-0000-7000-8000-000000000000")
    assert (ran.code, "no such credential" in ran.err) == (2, True)
