"""`registry verify` of one credential or a few: what it prints, and what its exit code says."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Cli, Demonstrated, Ran

CODES = {"valid": 0, "revoked": 1, "suspended": 3}


def verify(served: Demonstrated, *sources: object, stdin: bytes = b"") -> Ran:
    options = ("--language", "en", "--allow-loopback", "--ca-file", served.ca_file)
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
    ran = served.cli("verify", "--language", "en", "--allow-loopback", served.badge("valid"))

    assert ran.code == 4
    assert "its certificate is not trusted" in ran.out


def test_this_machine_is_not_asked_unless_allowed(registry: Cli, served: Demonstrated) -> None:
    badge = registry(
        "verify", "--language", "en", "--ca-file", served.ca_file, served.badge("valid")
    )
    url = registry("verify", "--language", "en", "https://localhost/badge.json")

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


@pytest.mark.parametrize("source", ["/no/such/file.json", "/no/such/lines.jsonl", "empty", ""])
def test_source_that_cannot_be_read_is_wrong_usage(
    within: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)

    ran = within("verify", source)

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

    ran = registry("verify", "--language", "en", "-", stdin=json.dumps(answer).encode())

    assert ran.code == 1
    assert "the badge is its member `document`" in ran.out


def test_file_that_is_missing_among_others_stops_none_of_them(served: Demonstrated) -> None:
    ran = verify(served, "missing.json", served.badge("valid"), "--json")

    assert ran.code == 4
    assert [one["verdict"] for one in ran.json["reports"]] == ["unknown", "valid"]


def test_sentences_are_polish_where_polish_is_asked_for(served: Demonstrated) -> None:
    ran = served.cli("verify", "/no/such/file.json", served.badge("valid"), "--language", "pl")

    assert "/no/such/file.json: nie wiadomo\n" in ran.out
    assert "Nie udało się odczytać pliku" in ran.out


_NOTHING_IN_POLISH = (
    "błąd: Tego nie da się sprawdzić. nothere.json: Nie udało się odczytać pliku: nie ma takiego"
    " pliku; podaj pliki, foldery, adresy URL, zwarte JWT albo - dla standardowego wejścia\n"
)
_NOTHING_IN_ENGLISH = (
    "error: This cannot be verified. nothere.json: The file could not be read: there is no such"
    " file; give files, folders, URLs, compact JWTs, or - for standard input\n"
)


@pytest.mark.parametrize(
    ("language", "line"), [("pl", _NOTHING_IN_POLISH), ("en", _NOTHING_IN_ENGLISH)]
)
def test_refusal_of_what_is_no_input_is_in_one_language(
    within: Cli, language: str, line: str
) -> None:
    ran = within("verify", "nothere.json", "--language", language)

    assert (ran.code, ran.out, ran.err) == (2, "", line)


@pytest.mark.parametrize("option", ["--challenge", "--domain"])
def test_credential_alone_does_not_pass_for_an_answer(served: Demonstrated, option: str) -> None:
    ran = verify(served, option, "asked", served.badge("valid"))

    assert ran.code == 1


def test_presentation_is_told_with_its_credentials(served: Demonstrated, tmp_path: Path) -> None:
    badge = json.loads(served.badge("revoked").read_bytes())
    presented = tmp_path / "presented.json"
    presented.write_text(json.dumps(presentation(badge)))

    words, plain = verify(served, presented), verify(served, presented, "--json")

    assert words.code == plain.code == 1
    assert words.out.startswith(f"{presented}: revoked\n")
    assert f"  credential 1 ({badge['id']}): revoked\n" in words.out
    [report] = plain.json["reports"]
    assert (report["kind"], report["credentials"][0]["verdict"]) == ("presentation", "revoked")


def presentation(*credentials: object) -> dict[str, object]:
    """Return a presentation that nobody signed."""
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": list(credentials),
    }
