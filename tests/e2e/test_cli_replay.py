"""`registry replay --verify` holds the events against the signed log before anything else."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from api import bootstrap
from api.settings import Settings
from projections.transparency.floor import LogFolder
from registry.requests import Organisation
from tests.e2e.conftest import CliWithin, Ran
from tests.making import OPERATOR

URL = "https://registry.example.org"
COMPANY = ("--name-pl", "Firma", "--name-en", "Company", "--url", "https://company.example.org")
FORGERY = "UPDATE stored_events SET state = replace(state, 'Company', 'Compani')"


def test_edited_event_is_named_and_the_command_exits_with_1(logged: Path) -> None:
    _forge(logged, f"{FORGERY} WHERE notification_id = 2")

    ran = _verify(logged, "--json")
    shown = _verify(logged)

    assert ran.code == shown.code == 1
    assert ran.json["identical"] is False
    assert ran.json["tampered"]["kind"] == "edited"
    assert (ran.json["tampered"]["position"], ran.json["tampered"]["leaf"]) == (2, 1)
    assert ran.json["events"] == 0, "nothing is folded from events that are not the log's"
    assert "event 2 was edited: issuer-registered-v1, version 1 of stream " in shown.out


def _verify(folder: Path, *options: object) -> Ran:
    return CliWithin(folder)("replay", "--verify", *options)


def _forge(folder: Path, change: str) -> None:
    """Do what the database refuses, as its administrator could."""
    with closing(sqlite3.connect(folder / "registry.db")) as connection, connection:
        connection.execute("DROP TRIGGER stored_events_no_update")
        connection.execute(change)


@pytest.fixture
def logged(tmp_path: Path) -> Path:
    """The folder of a registry with three events under a checkpoint."""
    cli = CliWithin(tmp_path)
    cli("init", "--public-url", URL)
    for _ in range(3):
        cli("issuer", "add", *COMPANY)
    return tmp_path


def test_registry_that_nobody_touched_says_what_was_held_against_the_log(logged: Path) -> None:
    registry = bootstrap.build(Settings.read(folder=logged, public_url=URL))
    company = Organisation("Firma", "Company", "PL", "https://company.example.org")
    registry.application.register_issuer(OPERATOR, company)
    registry.catch_up.run()
    registry.close()

    found = _verify(logged, "--json").json

    assert found["identical"] is True
    assert (found["leaves"], found["unlogged"], found["events"]) == (3, 1, 4)


def test_registry_whose_log_was_never_signed_says_so(tmp_path: Path) -> None:
    CliWithin(tmp_path)("init", "--public-url", URL)

    ran = _verify(tmp_path)

    assert ran.code == 0
    assert "no checkpoint was signed yet" in ran.out


def test_damage_of_the_logs_folder_is_told_apart(logged: Path) -> None:
    tile = logged / "log/1/tile/0/000"
    tile.write_bytes(bytes(32) + tile.read_bytes()[32:])

    ran = _verify(logged)

    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert "tile/0/000.p/3 is not what was signed" in ran.err


def test_auditor_brings_a_checkpoint_and_a_policy(logged: Path, tmp_path: Path) -> None:
    kept, policy = tmp_path / "kept", tmp_path / "policy"
    kept.write_bytes((logged / "log/1/checkpoint").read_bytes())
    (key,) = LogFolder(logged / "log").log(1).keys()
    policy.write_text(f"log {key.vkey}\nquorum none\n")
    CliWithin(logged)("issuer", "add", *COMPANY)

    found = _verify(logged, "--checkpoint", kept, "--policy", policy, "--json").json

    assert found["identical"] is True
    assert (found["leaves"], found["believed_leaves"]) == (4, 3)


def test_checkpoint_of_no_use_is_refused(logged: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("no checkpoint\n")

    ran = _verify(logged, "--checkpoint", tmp_path / "kept")

    assert ran.code == 1
    assert "bring another checkpoint" in ran.err


@pytest.mark.parametrize("option", ["--checkpoint", "--policy"])
def test_what_an_auditor_brings_goes_with_verify(logged: Path, option: str) -> None:
    (key,) = LogFolder(logged / "log").log(1).keys()
    file = logged / "policy"
    file.write_text(f"log {key.vkey}\nquorum none\n")

    ran = CliWithin(logged)("replay", option, file)

    assert ran.code == 2
    assert "go with --verify" in ran.err
