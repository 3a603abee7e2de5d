"""The command line on a folder of its own, without a server."""

import json
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROOT, Cli, CliWithin, Ran, University

SAMPLE = ROOT / "tests/samples/python-data-analysis.json"
COMMANDS = (
    "init",
    "serve",
    "demo",
    "issuer add",
    "issuer list",
    "issuer show",
    "issuer key add",
    "issuer key retire",
    "achievement define",
    "achievement revise",
    "achievement withdraw",
    "achievement list",
    "achievement show",
    "issue",
    "status suspend",
    "status reinstate",
    "status revoke",
    "verify",
    "replay",
    "projections status",
    "projections rebuild",
    "api-key create",
    "api-key list",
    "api-key withdraw",
    "db upgrade",
    "db check",
)
UNKNOWN_ID = "00000000-0000-8000-8000-000000000000"


def assert_refused(ran: Ran, *, code: int, saying: str) -> None:
    """One line on stderr, nothing on stdout, the exit code."""
    assert (ran.code, ran.out) == (code, ""), ran
    assert saying in ran.err
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_has_an_example(within: Cli, command: str) -> None:
    ran = within(*command.split(), "--help")

    assert ran.code == 0
    assert f"    registry {command}" in ran.out or f"registry --folder demo {command}" in ran.out
    assert "\n  Example" in ran.out


def test_registry_without_a_command_shows_its_help(registry: Cli) -> None:
    ran = registry()

    assert ran.code == 0
    assert "registry demo" in ran.out


def test_version_is_shown_in_words_and_in_json(registry: Cli) -> None:
    assert registry("--version").out.startswith("registry ")
    assert list(registry("--version", "--json").json) == ["version"]


def test_completion_script_is_shown(registry: Cli) -> None:
    ran = registry("--show-completion", "bash")

    assert ran.code == 0
    assert "_REGISTRY_COMPLETE" in ran.out


@pytest.mark.parametrize(
    ("arguments", "saying"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["issuer"], "Missing command"),
        (["issuer", "add"], "Missing option '--name-pl'"),
        (["status", "revoke", UNKNOWN_ID], "Missing option '--reason'"),
        (["status", "suspend", "x", "--reason", "y", "--until", "soon"], "2026-01-31T12:00:00Z"),
        (["issue"], "give FILE.csv or --email"),
        (["issue", "--email", "learner@example.org"], "--achievement is missing"),
        (["replay", "--all-versions"], "goes with --verify"),
        (["projections", "rebuild", "nonsense"], "there is no view 'nonsense'"),
        (["serve", "--port", "0"], "'--port'"),
        (["demo", "--credentials", "1"], "'--credentials'"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    within: Cli, arguments: list[str], saying: str
) -> None:
    assert_refused(within(*arguments), code=2, saying=saying)


def test_refusal_with_json_is_one_document_on_stdout(registry: Cli) -> None:
    ran = registry("issuer", "add", "--json")

    assert ran.code == 2
    assert ran.json["error"]["reason"] == "Missing option '--name-pl'"
    assert ran.err.startswith("error: ")


def test_init_makes_what_only_its_owner_can_read_and_may_be_repeated(tmp_path: Path) -> None:
    cli = Cli(tmp_path / "registry")

    first = cli("init", "--public-url", "https://registry.example.org:8443", "--json").json
    again = cli("init", "--json").json

    assert first["operator_api_key"].startswith("rk_")
    assert again == first | {"operator_api_key": None}
    for name in ("master.key", "registry.toml"):
        assert stat.S_IMODE((tmp_path / "registry" / name).stat().st_mode) == 0o600
    assert "port = 8443" in (tmp_path / "registry/registry.toml").read_text()
    assert cli("db", "check").code == cli("db", "upgrade").code == 0


def test_init_records_the_database_and_shows_no_password(tmp_path: Path, database_url: str) -> None:
    cli = CliWithin(tmp_path / "registry")

    ran = cli("init", "--public-url", "https://a.example", "--database-url", database_url, "--json")

    assert ran.code == 0, ran.err
    password = database_url.partition("://")[2].partition("@")[0].partition(":")[2]
    assert not password or password not in ran.out + ran.err
    assert cli("db", "check").code == 0
    assert cli("api-key", "list", "--json").json[0]["role"] == "operator"


def test_init_refuses_what_is_not_the_url_of_a_database(tmp_path: Path) -> None:
    options = ("--public-url", "https://a.example", "--database-url", "secret")
    ran = CliWithin(tmp_path)("init", *options)

    assert_refused(ran, code=2, saying="database_url")
    assert "secret" not in ran.err


@pytest.mark.parametrize("command", ["init", "serve"])
def test_another_public_url_than_recorded_is_refused_naming_both(
    university: University, command: str
) -> None:
    ran = university.cli(command, "--public-url", "https://other.example.org")

    assert_refused(ran, code=2, saying="https://registry.example.org")
    assert "https://other.example.org" in ran.err


def test_folder_without_a_registry_is_refused_with_the_remedy(tmp_path: Path) -> None:
    ran = CliWithin(tmp_path)("issuer", "list")

    assert_refused(ran, code=1, saying="registry init --public-url")


def test_settings_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "registry.toml").write_text("public_url = nonsense")

    assert_refused(CliWithin(tmp_path)("issuer", "list"), code=2, saying="registry.toml")


def test_issuer_is_listed_with_its_key_and_a_new_key_can_take_its_place(tmp_path: Path) -> None:
    cli = CliWithin(tmp_path)
    cli("init", "--public-url", "https://registry.example.org")
    names = ("--name-pl", "Firma", "--name-en", "Company", "--url", "https://company.example.org")
    issuer_id = cli("issuer", "add", *names, "--json").json["issuer_id"]
    old = cli("issuer", "key", "add", issuer_id, "--json").json["key"]

    only = cli("issuer", "key", "retire", issuer_id, old)
    new = cli("issuer", "key", "add", issuer_id, "--json").json["key"]
    retired = cli("issuer", "key", "retire", issuer_id, old, "--json").json

    assert_refused(only, code=1, saying="add the next key first")
    signs = {key["key"]: key["signs"] for key in retired["keys"]}
    assert signs == {old: False, new: True}
    assert cli("issuer", "list", "--json").json == [retired]
    assert "Firma / Company" in cli("issuer", "show", issuer_id).out


def test_issuer_with_a_wrong_website_is_refused_without_repeating_it(
    university: University,
) -> None:
    names = ("--name-pl", "Firma", "--name-en", "Company")

    ran = university.cli("issuer", "add", *names, "--url", "ftp://secret.example")

    assert_refused(ran, code=2, saying="url")
    assert "secret" not in ran.err


def test_achievement_goes_through_its_versions_until_withdrawn(
    university: University, tmp_path: Path
) -> None:
    cli = university.cli
    draft = json.loads(SAMPLE.read_text())
    del draft["workload"]
    (tmp_path / "draft.json").write_text(json.dumps(draft))

    defined = cli(
        "achievement", "define", tmp_path / "draft.json", "--issuer", university.issuer, "--json"
    )
    achievement_id = defined.json["achievement_id"]
    incomplete = cli("issue", "--email", "a@example.org", "--achievement", achievement_id)
    revised = cli("achievement", "revise", achievement_id, SAMPLE, "--json").json
    withdrawn = cli("achievement", "withdraw", achievement_id, "--json").json
    after = cli("issue", "--email", "a@example.org", "--achievement", achievement_id)

    assert "workload" in defined.err
    assert len(defined.json["missing"]) == 1
    assert_refused(incomplete, code=2, saying="workload")
    assert (revised["latest"], revised["missing"]) == (2, [])
    assert withdrawn["withdrawn"] is True
    assert_refused(after, code=1, saying="withdrawn")
    listed = cli("achievement", "list", "--issuer", university.issuer, "--json").json
    assert withdrawn in listed
    assert achievement_id in cli("achievement", "list").out
    assert cli("achievement", "show", achievement_id, "--json").json == withdrawn


def test_definition_that_is_no_strict_json_is_refused(
    university: University, tmp_path: Path
) -> None:
    (tmp_path / "twice.json").write_text('{"title": 1, "title": 2}')

    ran = university.cli(
        "achievement", "define", tmp_path / "twice.json", "--issuer", university.issuer
    )

    assert_refused(ran, code=2, saying="twice.json")


@pytest.fixture
def learners(tmp_path: Path) -> Path:
    file = tmp_path / "learners.csv"
    rows = "".join(f"learner-{number:04}@example.org;5.0\n" for number in range(1, 121))
    file.write_text(f"email;grade\n{rows}")
    return file


def issue(university: University, *arguments: object) -> Any:
    return university.cli("issue", *arguments, "--achievement", university.achievement, "--json")


def test_file_is_issued_once_however_often_it_is_repeated(
    university: University, learners: Path, tmp_path: Path
) -> None:
    checked = issue(university, learners, "--dry-run").json
    options = (learners, "--idempotency-key", "spring", "--out", tmp_path / "badges")

    first = issue(university, *options).json
    again = issue(replace(university, cli=Cli(university.cli.folder)), *options).json

    assert checked == {"dry_run": True, "would_issue": 120}
    assert first == again
    ids = [row["credential_id"] for row in first["credentials"]]
    assert [row["row"] for row in first["credentials"]] == list(range(1, 121))
    assert {file.stem for file in (tmp_path / "badges").iterdir()} == set(ids)
    badge = json.loads((tmp_path / f"badges/{ids[0]}.json").read_bytes())
    assert badge["id"] == f"urn:uuid:{ids[0]}"


def test_file_with_faults_is_refused_naming_each(university: University, tmp_path: Path) -> None:
    file = tmp_path / "faults.csv"
    file.write_text("email,grade\nlearner-0001@example.org,6.0\nnobody,5.0\n")

    ran = issue(university, file)

    assert ran.code == 2
    faults = ran.json["error"]["faults"]
    assert [(fault["line"], fault["column"]) for fault in faults] == [(2, "grade"), (3, "email")]
    assert ran.err.count("\n") == 3
    assert "nobody" not in ran.out + ran.err


def test_status_goes_from_suspended_to_reinstated_to_revoked_for_ever(
    university: University,
) -> None:
    cli, credential_id = university.cli, university.issue("status@example.org")

    suspended = cli("status", "suspend", credential_id, "--reason", "under-review", "--json").json
    outdated = cli(
        "status", "reinstate", credential_id, "--reason", "review-completed", "--if-version", 1
    )
    reinstated = cli("status", "reinstate", credential_id, "--reason", "review-completed", "--json")
    revoked = cli("status", "revoke", credential_id, "--reason", "fraud", "--note", "x", "--json")
    after = cli("status", "suspend", credential_id, "--reason", "under-review")

    assert (suspended["status"], suspended["version"]) == ("suspended", 2)
    assert [entry["purpose"] for entry in suspended["status_lists"]] == ["revocation", "suspension"]
    assert_refused(outdated, code=1, saying="it is now 2")
    assert reinstated.json["status"] == "active"
    assert revoked.json["status"] == "revoked"
    assert_refused(after, code=1, saying="stays revoked")


def test_status_change_for_an_unknown_reason_or_credential_is_refused(
    university: University,
) -> None:
    cli, credential_id = university.cli, university.issue("reason@example.org")

    reason = cli("status", "revoke", credential_id, "--reason", "whim")
    credential = cli("status", "revoke", UNKNOWN_ID, "--reason", "fraud")

    assert_refused(reason, code=2, saying="use one of: appeal-upheld")
    assert_refused(credential, code=2, saying="credential_id")


def test_credential_that_supersedes_revokes_the_old_one(university: University) -> None:
    cli, old = university.cli, university.issue("old@example.org")

    ran = cli("issue", "--email", "old@example.org", "--supersedes", old, "--json")
    after = cli("status", "suspend", old, "--reason", "under-review")

    assert ran.json["issued"] == 1
    assert ran.json["credentials"][0]["credential_id"] != old
    assert_refused(after, code=1, saying="stays revoked")


def test_api_key_is_shown_once_listed_without_secret_and_withdrawn(
    university: University,
) -> None:
    cli = university.cli

    made = cli("api-key", "create", "--role", "auditor", "--label", "authority", "--json").json
    listed = cli("api-key", "list", "--json")
    withdrawn = cli("api-key", "withdraw", made["key_id"], "--json")
    again = cli("api-key", "withdraw", made["key_id"])
    without = cli("api-key", "create", "--role", "issuer", "--label", "student system")

    assert made["key_id"] in {key["key_id"] for key in listed.json}
    assert made["token"].rpartition("_")[2] not in listed.out
    assert withdrawn.json == {"key_id": made["key_id"], "withdrawn": True}
    assert_refused(again, code=2, saying="no living API key")
    assert_refused(without, code=2, saying="issuer_id")


def test_replay_and_rebuild_find_what_the_events_make(university: University) -> None:
    cli = university.cli
    university.issue("replay@example.org")

    verified = cli("replay", "--verify", "--json").json
    first = cli("replay", "--until-position", 1, "--json").json
    rebuilt = cli("projections", "rebuild", "credentials", "--json").json
    status = cli("projections", "status", "--json").json

    assert verified["identical"] is True
    assert verified["pending"] == 0
    assert first["rows"]["issuers"] == 1
    assert first["statuses"] == {}
    assert rebuilt["differing_rows"] == 0
    assert {view["behind"] for view in status["projections"]} == {0}
    assert rebuilt["generation"] in {view["generation"] for view in status["projections"]}


def test_replay_names_the_first_difference_and_exits_with_1(tmp_path: Path) -> None:
    cli = CliWithin(tmp_path)
    cli("init", "--public-url", "https://registry.example.org")
    names = ("--name-pl", "Firma", "--name-en", "Company", "--url", "https://company.example.org")
    cli("issuer", "add", *names)
    cli("issuer", "list")
    forge(tmp_path / "registry.db", "UPDATE issuers_g1 SET country = 'DE'")

    ran = cli("replay", "--verify", "--json")

    assert ran.code == 1
    assert ran.json["identical"] is False
    assert ran.json["difference"]["expected"] == "PL"
    assert ran.json["difference"]["found"] == "DE"
    assert ran.json["difference"]["position"] == 1


def test_replay_needs_no_key_and_writes_nothing(tmp_path: Path) -> None:
    cli = CliWithin(tmp_path)
    cli("init", "--public-url", "https://registry.example.org")
    (tmp_path / "master.key").unlink()
    before = (tmp_path / "registry.db").read_bytes()

    verified = cli("replay", "--verify", "--json")
    refused = cli("issuer", "list")

    assert (verified.code, verified.json["identical"]) == (0, True)
    assert (tmp_path / "registry.db").read_bytes() == before
    assert_refused(refused, code=1, saying="master key")


def forge(database: Path, statement: str) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(statement)
    connection.close()
