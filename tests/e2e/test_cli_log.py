"""The log is kept going on the command line: its state, its keys, a restore and a new origin."""

import base64
import json
import secrets
import shutil
from pathlib import Path
from typing import Any

import pytest

from registry.formats.tlog.checkpoints import open_checkpoint
from registry.formats.tlog.notes import NoteError
from registry.formats.tlog.policies import Policy
from registry.formats.tlog.verifier_keys import VerifierKey
from tests.e2e.conftest import CliWithin, University

ORIGIN = "registry.example.org/log"


@pytest.fixture
def log(university: University, tmp_path: Path) -> University:
    """The registry with its issuer, copied for a test that changes its log."""
    folder = tmp_path / "registry"
    shutil.copytree(university.cli.folder or "", folder)
    return University(CliWithin(folder), university.issuer, university.achievement)


def status(log: University) -> dict[str, Any]:
    found: dict[str, Any] = log.cli("log", "status", "--json").json
    return found


def checkpoint(log: University) -> bytes:
    return ((log.cli.folder or Path()) / "log/1/checkpoint").read_bytes()


def test_status_says_how_the_log_stands(log: University) -> None:
    log.issue("a@example.org")
    found = status(log)
    assert (found["origin"], found["lag_events"], found["hindrance"]) == (ORIGIN, 0, None)
    assert found["size"] > 0
    assert found["keys_ever"] == found["signing_keys"]


def test_policy_to_hand_out_is_what_an_auditor_verifies_the_log_with(
    log: University, tmp_path: Path
) -> None:
    log.issue("a@example.org")
    printed = log.cli("log", "policy").out
    assert printed == f"log {status(log)['signing_keys'][0]}\nquorum none\n"
    (tmp_path / "policy").write_text(printed)
    assert log.cli("log", "verify", "--policy", str(tmp_path / "policy")).code == 0


def test_a_key_is_replaced_by_another_that_signed_beside_it(log: University) -> None:
    log.issue("a@example.org")
    (old,) = status(log)["signing_keys"]
    new = log.cli("log", "key", "add", "--json").json["key"]
    log.issue("b@example.org")
    for key in (old, new):
        open_checkpoint(checkpoint(log), [VerifierKey.parse(key)])
    retired = log.cli("log", "key", "retire", old.split("+")[1], "--json")
    assert retired.json == {"retired": old}
    log.issue("c@example.org")
    with pytest.raises(NoteError):
        open_checkpoint(checkpoint(log), [VerifierKey.parse(old)])
    assert status(log)["keys_ever"] == [old, new]
    again = log.cli("log", "key", "retire", new.split("+")[1])
    assert again.code == 1
    assert "only key" in again.err


def test_a_lost_key_is_named_as_what_hinders_the_log(log: University) -> None:
    log.issue("a@example.org")
    ((log.cli.folder or Path()) / "log.key").unlink()
    before = checkpoint(log)
    log.issue("b@example.org")
    ran = log.cli("log", "status", "--json")
    assert (ran.code, checkpoint(log)) == (1, before)
    assert "no key" in ran.json["hindrance"]


def test_a_log_is_closed_only_on_confirmation(log: University) -> None:
    log.issue("a@example.org")
    refused = log.cli("log", "reopen")
    assert refused.code != 0
    assert "although it and the database agree" in refused.err
    made = log.cli("log", "reopen", "--yes", "--json").json
    assert (made["closed"], made["origin"]) == (ORIGIN, f"{ORIGIN}/2")
    log.issue("b@example.org")
    assert status(log)["origin"] == f"{ORIGIN}/2"
    assert status(log)["lag_events"] == 0


def test_the_next_log_is_signed_by_a_key_of_its_own_and_one_policy_is_satisfied_by_both(
    log: University,
) -> None:
    log.issue("a@example.org")
    (old,) = status(log)["signing_keys"]
    (new,) = log.cli("log", "reopen", "--yes", "--json").json["keys"]
    log.issue("b@example.org")
    assert VerifierKey.parse(new).public_key != VerifierKey.parse(old).public_key
    assert status(log)["signing_keys"] == status(log)["keys_ever"] == [new]
    policy = Policy.parse(log.cli("log", "policy").out.encode())
    folder = (log.cli.folder or Path()) / "log"
    origins = [
        policy.check((folder / n / "checkpoint").read_bytes()).checkpoint.origin for n in "12"
    ]
    assert origins == [ORIGIN, f"{ORIGIN}/2"]
    assert (folder / "1/keys").read_text().split() == [old]


def test_a_log_whose_keys_are_given_by_the_environment_is_closed_once_there_is_a_new_one(
    log: University,
) -> None:
    log.issue("a@example.org")
    (old,) = status(log)["signing_keys"]
    seed = ((log.cli.folder or Path()) / "log.key").read_text()
    configuration = (log.cli.folder or Path()) / "registry.toml"
    before = configuration.read_text()
    configuration.write_text(f"log_key = {json.dumps(seed)}\n{before}")
    refused = log.cli("log", "reopen", "--yes")
    assert refused.code != 0
    assert "put a new key first" in refused.err
    assert status(log)["origin"] == ORIGIN
    another = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    configuration.write_text(f"log_key = {json.dumps(f'{another} {seed}')}\n{before}")
    (new,) = log.cli("log", "reopen", "--yes", "--json").json["keys"]
    log.issue("b@example.org")
    assert status(log)["keys_ever"] == [new]
    assert VerifierKey.parse(new).public_key != VerifierKey.parse(old).public_key


def test_a_restored_registry_gets_its_events_back_before_a_command_changes_anything(
    log: University,
) -> None:
    folder = log.cli.folder or Path()
    shutil.copy(folder / "registry.db", folder / "backup.db")
    lost = log.issue("a@example.org")
    shutil.copy(folder / "backup.db", folder / "registry.db")
    for left in folder.glob("registry.db-*"):
        left.unlink()
    log.issue("b@example.org")
    assert log.cli("status", "revoke", lost, "--reason", "fraud").code == 0
    assert status(log)["hindrance"] is None


@pytest.mark.parametrize("group", ["log", "log key"])
def test_no_sentence_in_a_list_of_commands_is_cut_off(within: CliWithin, group: str) -> None:
    assert "..." not in within(*group.split(), "--help").out.partition("Commands:")[2]
