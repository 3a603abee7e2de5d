"""The command line on a folder of its own, without a server."""

import json
import secrets
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from scripts.cli import run
from tests.e2e.conftest import ROOT, Cli, CliWithin, Ran, University
from tests.web_servers import free_port

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
    "issuer rename",
    "issuer alias",
    "issuer succeed",
    "issuer close",
    "key compromise",
    "key report",
    "key reissue",
    "achievement define",
    "achievement revise",
    "achievement withdraw",
    "achievement list",
    "achievement show",
    "issue",
    "jobs list",
    "jobs show",
    "jobs report",
    "jobs cancel",
    "jobs confirm",
    "status suspend",
    "status reinstate",
    "status revoke",
    "erase",
    "erasures list",
    "erasures confirm",
    "erasures decline",
    "erasures settle",
    "hold place",
    "hold lift",
    "hold show",
    "issuer retention",
    "export-person",
    "verify",
    "receipt get",
    "receipt verify",
    "log prove",
    "log consistency",
    "log verify",
    "replay",
    "as-of",
    "diff",
    "list versions",
    "list history open",
    "list history close",
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


def test_completion_script_is_shown(registry: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    # Otherwise it asks which shell it runs in, which is none where the tests run by themselves.
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
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
        (["issue"], "give FILE or --email"),
        (["issue", "--email", "learner@example.org"], "--achievement is missing"),
        (["replay", "--all-versions"], "goes with --verify"),
        (["projections", "rebuild", "nonsense"], "there is no view 'nonsense'"),
        (["projections", "rebuild"], "name a view, or give --all or --outdated"),
        (["projections", "rebuild", "credentials", "--all"], "one of the three"),
        (["serve", "--port", "0"], "'--port'"),
        (["demo", "--credentials", "1"], "'--credentials'"),
        (["list", "versions", "x", "--purpose", "y"], "Invalid value for '--purpose': 'y' is"),
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


def test_upgrade_makes_the_logs_key_also_where_a_view_must_be_rebuilt(tmp_path: Path) -> None:
    cli = CliWithin(tmp_path / "registry")
    cli("init", "--public-url", "https://registry.example.org")
    (tmp_path / "registry/log.key").unlink()
    with closing(sqlite3.connect(tmp_path / "registry/registry.db")) as database:
        database.execute("UPDATE projections SET schema_version = 0 WHERE name = 'timeline'")
        database.commit()

    ran = cli("db", "upgrade")

    assert (ran.code, "rebuild --outdated" in ran.err) == (1, True)
    rebuilt = cli("projections", "rebuild", "--outdated", "--json").json["rebuilt"]
    assert [each["projection"] for each in rebuilt] == ["timeline"]
    assert (tmp_path / "registry/log.key").exists()


def test_role_without_rights_is_refused_in_one_line(tmp_path: Path, postgres_url: str) -> None:
    role = f"role_{secrets.token_hex(4)}"
    as_owner = make_url(postgres_url)
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'example'".encode())
    cli = CliWithin(tmp_path / "registry")
    cli("init", "--public-url", "https://a.example", "--database-url", postgres_url)
    as_role = as_owner.set(username=role, password="example").render_as_string(hide_password=False)
    settings = tmp_path / "registry/registry.toml"
    settings.write_text(settings.read_text().replace(postgres_url, as_role))

    for command in ("upgrade", "check"):
        assert_refused(cli("db", command), code=1, saying="permission denied")


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

    assert_refused(ran, code=2, saying="--database-url: ")
    assert "secret" not in ran.err


def test_database_that_does_not_answer_is_told_in_words_of_the_command_line(tmp_path: Path) -> None:
    url = f"postgresql://registry@127.0.0.1:{free_port()}/registry"
    options = ("--public-url", "https://a.example", "--database-url", url)
    ran = CliWithin(tmp_path)("init", *options)

    assert_refused(ran, code=1, saying="the database did not answer")
    assert "repeat the command, with the same --idempotency-key if it had one" in ran.err


@pytest.mark.parametrize("command", ["init", "serve"])
def test_another_public_url_than_recorded_is_refused_naming_both(
    university: University, command: str
) -> None:
    ran = university.cli(command, "--public-url", "https://other.example.org")

    assert_refused(ran, code=2, saying="https://registry.example.org")
    assert "https://other.example.org" in ran.err


def test_folder_without_a_registry_is_refused_with_the_remedy(tmp_path: Path) -> None:
    ran = CliWithin(tmp_path)("issuer", "list")

    assert_refused(ran, code=2, saying="holds no registry; name one with --folder")


def test_unknown_variable_of_the_environment_is_warned_of_once_and_refuses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REGISTRY_PUBLIC_ULR", "https://b.example")

    code = run(["--folder", str(tmp_path), "init", "--public-url", "https://a.example", "--json"])

    printed = capsys.readouterr()
    assert (code, json.loads(printed.out)["public_url"]) == (0, "https://a.example")
    assert printed.err.count("REGISTRY_PUBLIC_ULR") == 1
    assert "warning: REGISTRY_PUBLIC_ULR is ignored" in printed.err
    assert "did you mean REGISTRY_PUBLIC_URL?\n" in printed.err


def test_list_in_a_variable_that_is_no_json_is_refused_by_its_setting_and_with_an_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REGISTRY_ROLES", "publisher")

    code = run(["--folder", str(tmp_path), "db", "check"])

    refused = capsys.readouterr().err
    assert code == 2
    assert """field "roles"; write a list as JSON: '["one"]'""" in refused
    assert "Source" not in refused


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

    assert_refused(only, code=1, saying="add the next key of the type first")
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


@pytest.mark.parametrize("command", ["achievement list", "jobs list", "diff"])
def test_question_about_an_issuer_that_is_none_is_no_empty_answer(
    university: University, command: str
) -> None:
    for nobody, saying in ((UNKNOWN_ID, "there is no such issuer"), ("x", "an id is a UUID")):
        ran = university.cli(*command.split(), "--issuer", nobody)

        assert_refused(ran, code=2, saying=f"--issuer: {saying}")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["list", "versions", UNKNOWN_ID], "LIST"),
        (["as-of", "--list", f"{UNKNOWN_ID}/revocation"], "--list"),
        (["jobs", "show", UNKNOWN_ID], "JOB"),
        (["api-key", "withdraw", "none"], "KEY"),
    ],
)
def test_refusal_names_what_was_typed(
    university: University, arguments: list[str], named: str
) -> None:
    assert_refused(university.cli(*arguments), code=2, saying=f"{named}: there is no")


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

    assert checked["dry_run"]
    assert (checked["would_issue"], checked["refused"], checked["skipped"]) == (120, 0, 0)
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


def test_fault_of_a_file_is_a_sentence_with_its_line(
    university: University, tmp_path: Path
) -> None:
    file = tmp_path / "fault.csv"
    file.write_text("email\na@example.org\nnobody\n")

    ran = university.cli("issue", file, "--achievement", university.achievement)

    assert ran.code == 2
    assert ran.err == (
        "error: The file was refused and nothing was issued. Rows with faults: 1 of 2; "
        "correct the lines named below, then repeat the command\n"
        "  line 3, email: This is not an e-mail address; correct it.\n"
    )


@pytest.mark.parametrize("options", [("--dry-run",), ()])
def test_period_that_is_over_is_a_fault_of_its_row_and_nothing_is_issued(
    university: University, tmp_path: Path, options: tuple[str, ...]
) -> None:
    file = tmp_path / "over.csv"
    rows = "".join(f"over-{number}@example.org;\n" for number in range(150))
    file.write_text(f"email;valid_until\n{rows}late@example.org;2020-01-31\n")
    before = university.cli("replay", "--json").json["statuses"]

    ran = issue(university, file, *options)

    assert ran.code == 2
    [fault] = ran.json["error"]["faults"]
    assert (fault["line"], fault["column"]) == (152, "valid_until")
    assert university.cli("replay", "--json").json["statuses"] == before


@pytest.mark.parametrize("options", [("--dry-run",), ()])
def test_issuer_without_a_key_is_told_how_to_make_one(
    university: University, options: tuple[str, ...]
) -> None:
    names = ("--name-pl", "Firma", "--name-en", "Company", "--url", "https://company.example.org")
    issuer = university.cli("issuer", "add", *names, "--json").json["issuer_id"]
    made = university.cli("achievement", "define", SAMPLE, "--issuer", issuer, "--json").json
    to_one = ("--email", "a@example.org", "--achievement", made["achievement_id"])

    ran = university.cli("issue", *to_one, *options)

    assert_refused(ran, code=1, saying=f"run: registry issuer key add {issuer}")
    assert f"registry issuer key add {issuer}" in university.cli("issuer", "show", issuer).out


def test_same_file_gives_the_same_credentials_unless_they_are_superseded(
    university: University, tmp_path: Path
) -> None:
    file = tmp_path / "twice.csv"
    file.write_text("email\n\ntwice@example.org\n")

    first, again = issue(university, file), issue(university, file)
    held = issue(university, file, "--idempotency-key", "anew")
    anew = issue(university, file, "--duplicates", "supersede").json

    assert first.json == again.json
    assert "the same file gives the same credentials" in first.err
    assert first.json["credentials"][0]["line"] == 3
    assert held.code == 2
    assert held.json["error"]["faults"][0]["code"] == "already-issued"
    assert anew["credentials"] != first.json["credentials"]


def test_what_was_issued_is_a_table_with_lines_and_files(
    university: University, tmp_path: Path
) -> None:
    (tmp_path / "one.csv").write_text("email\ntable@example.org\n")

    options = ("--achievement", university.achievement, "--out", tmp_path / "badges")
    ran = university.cli("issue", tmp_path / "one.csv", *options)

    header, row = (line.split() for line in ran.out.splitlines())
    assert header == ["line", "credential_id", "file"]
    assert row[0] == "2"
    assert row[2] == str(tmp_path / "badges" / f"{row[1]}.json")


def test_grade_outside_the_scheme_names_those_there_are(university: University) -> None:
    to_one = ("--email", "a@example.org", "--achievement", university.achievement)

    ran = university.cli("issue", *to_one, "--grade", "nonsense")

    assert_refused(ran, code=2, saying="--grade: the grade scheme has no such grade, but: ")


def test_id_that_is_none_is_named_as_it_was_typed(university: University) -> None:
    shown = university.cli("achievement", "show", "x")
    listed = university.cli("issue", "--email", "a@example.org", "--achievement", "x")

    assert_refused(shown, code=2, saying="ACHIEVEMENT: an id is a UUID")
    assert_refused(listed, code=2, saying="--achievement: an id is a UUID")
    assert "not yours" not in shown.err + listed.err


@pytest.mark.parametrize("command", ["replay", "db check", "projections status", "serve"])
def test_every_command_says_that_a_folder_holds_no_registry(tmp_path: Path, command: str) -> None:
    ran = CliWithin(tmp_path)(*command.split())

    assert_refused(ran, code=2, saying=f"folder: {tmp_path} holds no registry")


def test_repeated_init_says_that_the_key_was_shown_before(tmp_path: Path) -> None:
    cli = CliWithin(tmp_path)
    cli("init", "--public-url", "https://registry.example.org")

    again = cli("init")

    assert "operator_api_key" not in again.out
    assert "shown at the first init" in again.err


@pytest.mark.parametrize(
    "group",
    [
        *("", "issuer", "key", "achievement", "status", "erasures", "hold", "projections", "db"),
        "accreditation",
        "jobs",
        "receipt",
        "evidence",
        "log",
        "log key",
        "list",
        "list history",
    ],
)
def test_no_sentence_in_a_list_of_commands_is_cut_off(within: Cli, group: str) -> None:
    assert "..." not in within(*group.split(), "--help").out.partition("Commands:")[2]


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
    assert_refused(outdated, code=1, saying="--if-version: you read version 1, it is now 2")
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
    assert_refused(credential, code=2, saying="error: CREDENTIAL: there is no such credential")


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
    assert made["token"].rpartition(f"{made['key_id']}_")[2] not in listed.out
    assert withdrawn.json == {"key_id": made["key_id"], "withdrawn": True}
    assert_refused(again, code=2, saying="no living API key")
    assert_refused(without, code=2, saying="--role issuer goes with --issuer")


def test_replay_and_rebuild_find_what_the_events_make(university: University) -> None:
    cli = university.cli
    university.issue("replay@example.org")

    verified = cli("replay", "--verify", "--json").json
    first = cli("replay", "--until-position", 1, "--json").json
    rebuilt = cli("projections", "rebuild", "credentials", "--json").json
    every = cli("projections", "rebuild", "--all", "--json").json["rebuilt"]
    status = cli("projections", "status", "--json").json

    assert verified["identical"] is True
    assert verified["pending"] == 0
    assert first["rows"]["issuers"] == 1
    assert first["statuses"] == {}
    assert rebuilt["differing_rows"] == 0
    assert {view["behind"] for view in status["projections"]} == {0}
    assert {view["differing_rows"] for view in every} == {0}
    assert {view["generation"] for view in status["projections"]} == {2, rebuilt["generation"] + 1}


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
