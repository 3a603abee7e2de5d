"""`registry verify`: what it prints, and what its exit code says."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Cli, Demonstrated, Ran

CODES = {"valid": 0, "revoked": 1, "suspended": 3}


def verify(served: Demonstrated, *sources: object, stdin: bytes = b"") -> Ran:
    options = ("--allow-loopback", "--ca-file", served.ca_file)
    return served.cli("verify", *options, *sources, stdin=stdin)


@pytest.mark.parametrize("verdict", CODES)
def test_exit_code_tells_the_verdict(served: Demonstrated, verdict: str) -> None:
    badge = served.badge(verdict)

    ran = verify(served, badge)

    assert ran.code == CODES[verdict]
    assert ran.err == ""
    heading, *checks = ran.out.splitlines()
    assert heading == f"{badge}: {verdict}"
    assert [line.split()[1] for line in checks] == [
        "structure",
        "contexts",
        "issuer",
        "proof",
        "validity",
        "status",
        "status",
    ]


def test_badge_that_was_changed_is_invalid(served: Demonstrated, tmp_path: Path) -> None:
    badge = json.loads(served.badge("valid").read_bytes())
    badge["validFrom"] = "2020-01-01T00:00:00Z"
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(badge))

    ran = verify(served, changed, "--json")

    assert ran.code == 1
    assert ran.json["verdict"] == "invalid"
    [report] = ran.json["reports"]
    assert (report["source"], report["exit_code"]) == (str(changed), 1)
    assert {check["name"]: check["outcome"] for check in report["checks"]}["proof"] == "failed"


def test_badge_is_read_from_standard_input(served: Demonstrated) -> None:
    ran = verify(served, "-", stdin=served.badge("valid").read_bytes())

    assert ran.code == 0
    assert ran.out.startswith("-: valid\n")


def test_credential_is_fetched_from_a_url(served: Demonstrated) -> None:
    url = served.found["lists"][0]["url"]

    ran = verify(served, url)

    assert ran.code == 0, ran.out
    assert ran.out.startswith(f"{url}: valid\n")


def test_of_several_the_worst_decides(served: Demonstrated) -> None:
    ran = verify(served, *(served.badge(verdict) for verdict in CODES), "--json")

    assert ran.code == 1
    assert ran.json["verdict"] == "revoked"
    assert [one["verdict"] for one in ran.json["reports"]] == list(CODES)


def test_authority_that_is_not_trusted_leaves_it_unknown(served: Demonstrated) -> None:
    ran = served.cli("verify", "--allow-loopback", served.badge("valid"))

    assert ran.code == 4
    assert "its certificate is not trusted" in ran.out


def test_this_machine_is_not_asked_unless_allowed(registry: Cli, served: Demonstrated) -> None:
    badge = registry("verify", "--ca-file", served.ca_file, served.badge("valid"))
    url = registry("verify", "https://localhost/badge.json")

    assert badge.code == url.code == 4
    assert "--allow-loopback" in badge.out
    assert "not public" in url.out


def test_what_is_no_credential_is_invalid_and_commands_no_terminal(
    registry: Cli, tmp_path: Path
) -> None:
    named = tmp_path / "\x1b[31m.json"
    named.write_text('{"id": "\\u001b[31m"}')

    ran = registry("verify", named)

    assert ran.code == 1
    assert "\x1b" not in ran.out


@pytest.mark.parametrize("source", ["/no/such/file.json", "/"])
def test_source_that_cannot_be_read_is_wrong_usage(registry: Cli, source: str) -> None:
    ran = registry("verify", source)

    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1


def test_source_above_a_mebibyte_is_wrong_usage(registry: Cli) -> None:
    assert registry("verify", "-", stdin=b" " * 1_048_577).code == 2


def test_authority_file_that_is_no_pem_is_wrong_usage_naming_option_and_file(
    registry: Cli, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("nonsense")

    ran = registry("verify", "--ca-file", tmp_path / "ca.pem", "-")

    assert ran.code == 2
    assert f"--ca-file: {tmp_path / 'ca.pem'} holds no certificate in PEM" in ran.err


def test_answer_of_the_registry_is_told_from_the_badge_in_it(
    registry: Cli, served: Demonstrated
) -> None:
    answer = {"credential_id": "x", "document": json.loads(served.badge("valid").read_bytes())}

    ran = registry("verify", "-", stdin=json.dumps(answer).encode())

    assert ran.code == 1
    assert "the badge is its member `document`" in ran.out
