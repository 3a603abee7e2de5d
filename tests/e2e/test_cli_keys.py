"""A key is given up on the command line, and what it is proved to have signed is issued anew."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api import bootstrap
from api.settings import Settings
from projections.transparency.cosigned import CosignedCheckpoints
from registry.formats.tlog.cosignatures import cosigner_key, sign_cosignature
from registry.formats.tlog.notes import Note
from registry.formats.tlog.policies import Policy
from tests.e2e.conftest import CliWithin, University

WITNESS = "witness.example.org/w1"


def ago(**by: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(**by)


def written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def witnessed(folder: Path, at: datetime) -> None:
    """Have the log as it is cosigned, and the witness named in the registry's policy."""
    private_key = Ed25519PrivateKey.generate()
    registry = bootstrap.build(Settings.read(folder=folder))
    try:
        registry.transparency.run()
        files, checkpoint = registry.transparency.files, registry.transparency.checkpoint()
    finally:
        registry.close()
    logs = [f"log {each.vkey}" for each in files.keys()]  # noqa: SIM118 - a method of the log's
    witness = f"witness {WITNESS} {cosigner_key(WITNESS, private_key).vkey}"
    lines = [*logs, witness, f"quorum {WITNESS}", ""]
    (folder / "log.policy").write_text("\n".join(lines))
    with (folder / "registry.toml").open("a") as configuration:
        configuration.write(f'\nlog_policy = "{folder / "log.policy"}"\n')
    assert checkpoint is not None
    signature = sign_cosignature(
        Note.parse(checkpoint).text, name=WITNESS, private_key=private_key, at=int(at.timestamp())
    )
    policy = Policy.parse((folder / "log.policy").read_bytes())
    CosignedCheckpoints(files.path, policy).add(checkpoint, [signature])


@pytest.fixture(scope="module")
def key(university: University) -> str:
    issuer = university.cli("issuer", "show", university.issuer, "--json").json
    return str(issuer["keys"][0]["key"])


@pytest.fixture(scope="module")
def compromised(university: University, key: str) -> dict[str, Any]:
    """What was issued before and after a key was lost, and the report of giving it up."""
    folder = university.cli.folder
    assert folder is not None
    before = university.issue("before@example.org")
    witnessed(folder, ago(seconds=100))
    after = university.issue("after@example.org")
    ran = university.cli("key", "compromise", key, "--since", written(ago(seconds=50)), "--json")
    assert ran.code == 0, ran.err
    return {"before": before, "after": after, "report": ran.json, "said": ran.err}


def test_command_reports_what_the_key_touched(compromised: dict[str, Any]) -> None:
    counts = compromised["report"]["counts"]
    assert (counts["signed"], counts["proved"], counts["not_proved"]) == (2, 1, 1)
    assert counts["reissuable"] == 1
    proved = {
        each["credential_id"]: each["proved"] for each in compromised["report"]["credentials"]
    }
    assert proved == {compromised["before"]: True, compromised["after"]: False}
    assert "Next: registry key reissue" in compromised["said"]


def test_next_key_was_made_and_the_issuer_shows_both(
    university: University, key: str, compromised: dict[str, Any]
) -> None:
    shown = university.cli("issuer", "show", university.issuer).out
    assert f"{key} Ed25519 (compromised since " in shown
    keys = university.cli("issuer", "show", university.issuer, "--json").json["keys"]
    assert [each["signs"] for each in keys] == [False, True]


def test_only_what_is_proved_is_issued_anew_and_only_when_confirmed(
    university: University, key: str, compromised: dict[str, Any]
) -> None:
    cli = university.cli
    asked = cli("key", "reissue", key)
    assert (asked.code, compromised["before"] in asked.out) == (0, True)
    assert "Nothing was changed" in asked.err
    done = cli("key", "reissue", key, "--yes", "--json").json
    assert list(done["reissued"]) == [compromised["before"]]
    report = cli("key", "report", key, "--json").json
    assert (report["counts"]["reissued"], report["counts"]["reissuable"]) == (1, 0)
    assert cli("key", "reissue", key, "--yes", "--json").json["reissued"] == {}


def test_key_that_nobody_has_is_refused(university: University) -> None:
    ran = university.cli("key", "compromise", "z6MkNobodys", "--since", "2026-01-01T00:00:00Z")
    assert ran.code == 2
    assert "no issuer here has the key" in ran.err


def test_nothing_is_issued_anew_while_the_key_is_good(tmp_path: Path) -> None:
    cli = CliWithin(tmp_path / "registry")
    cli("init", "--public-url", "https://registry.example.org")
    names = ("--name-pl", "Uczelnia", "--name-en", "University")
    issuer = cli("issuer", "add", *names, "--url", "https://uni.example.org", "--json").json
    key = cli("issuer", "key", "add", issuer["issuer_id"], "--json").json["key"]
    ran = cli("key", "reissue", key, "--yes")
    assert ran.code == 1
    assert "registry key compromise" in ran.err


def test_issuers_are_renamed_succeeded_and_closed(university: University) -> None:
    cli = university.cli
    names = ("--name-pl", "Akademia", "--name-en", "Academy")
    other = cli("issuer", "add", *names, "--url", "https://academy.example.org", "--json").json
    issuer = other["issuer_id"]
    cli("issuer", "rename", issuer, *names, "--url", "https://new.example.org")
    cli("issuer", "alias", issuer, "https://academy.example.org")
    cli("issuer", "succeed", issuer, "--by", university.issuer, "--reason", "merged")
    closed = cli(
        "issuer", "close", issuer, "--reason", "merged", "--custodian", university.issuer, "--json"
    ).json
    assert (closed["url"], closed["also_known_as"]) == (
        "https://new.example.org",
        ["https://academy.example.org"],
    )
    assert closed["successor_id"] == closed["custodian_id"] == university.issuer
    assert closed["closed"]
