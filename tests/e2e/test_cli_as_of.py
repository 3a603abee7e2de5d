"""Ask about the past on the command line, without a server."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.answers import Session
from scripts.local import assembled, caller, existing
from tests.e2e.conftest import ROOT, CliWithin, Ran, University
from tests.making import order


@dataclass(frozen=True)
class Past:
    """A credential that was suspended and then revoked, and where that stands in the history."""

    cli: CliWithin
    issuer: str
    credential: str
    list_id: str
    index: int
    events: list[dict[str, Any]]

    @property
    def suspended(self) -> dict[str, Any]:
        return next(each for each in self.events if each["event"] == "credential-suspended-v1")


@pytest.fixture(scope="module")
def past(university: University) -> Past:
    cli = university.cli
    credential = university.issue("past@example.org")
    cli("status", "suspend", credential, "--reason", "other")
    shown = cli("status", "revoke", credential, "--reason", "other", "--json").json
    entry = shown["status_lists"][0]
    events = cli("diff", "--issuer", university.issuer, "--json").json["items"]
    return Past(
        cli,  # type: ignore[arg-type] # it is one
        university.issuer,
        credential,
        entry["url"].split("/")[-2],
        entry["index"],
        [each for each in events if each["stream_id"] == credential],
    )


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def refused(ran: Ran, saying: str) -> bool:
    return ran.code == 2 and saying in ran.err


def test_a_credential_as_of_an_event_and_a_time(past: Past, tmp_path: Path) -> None:
    suspended = past.suspended
    then = past.cli("as-of", past.credential, "--position", suspended["position"], "--json").json
    timed = past.cli("as-of", past.credential, "--at", suspended["recorded_at"], "--json").json
    file = tmp_path / "known.csv"
    now = past.cli("as-of", past.credential, "--csv", file)
    assert then["status"] == timed["status"] == "suspended"
    assert timed["as_of"]["settled"]
    assert "status        revoked" in now.out
    assert [row["status"] for row in rows(file)] == ["active", "suspended", "revoked"]


def test_an_issuer_as_of_an_event_agrees_with_the_replay(past: Past, tmp_path: Path) -> None:
    position = past.suspended["position"]
    asked, folded = tmp_path / "asked.csv", tmp_path / "folded.csv"
    answer = past.cli(
        "as-of", "--issuer", past.issuer, "--position", position, "--csv", asked, "--json"
    ).json
    replayed = past.cli("replay", "--until-position", position, "--csv", folded, "--json").json
    assert {row["credential_id"]: row["status"] for row in rows(asked)} == {
        row["credential_id"]: row["status"] for row in rows(folded)
    }
    assert answer["statuses"] == replayed["statuses"] == {"suspended": 1}


def test_a_replay_until_a_time(past: Past) -> None:
    at = past.suspended["recorded_at"]
    assert past.cli("replay", "--until-time", at, "--json").json["statuses"] == {"suspended": 1}
    before = past.cli("replay", "--until-time", "2020-01-01T00:00:00Z", "--json").json
    assert (before["position"], before["statuses"]) == (0, {})


def test_a_list_as_of_an_event(past: Past) -> None:
    which, position = f"{past.list_id}/suspension", past.suspended["position"]
    then = past.cli("as-of", "--list", which, "--position", position, "--json").json
    before = past.cli("as-of", "--list", which, "--position", position - 1, "--json").json
    assert [each["index"] for each in then["entries"]] == [past.index]
    assert before["entries"] == []


def test_the_history_of_a_list_is_opened_and_closed(past: Past) -> None:
    opened = past.cli("list", "history", "open", past.list_id, "--json").json
    closed = past.cli("list", "history", "close", past.list_id, "--json").json
    assert (opened["public"], closed["public"]) == (True, False)
    assert closed["version"] == opened["version"] + 1
    assert past.cli("list", "versions", past.list_id, "--json").json == {"items": []}


def test_a_list_without_a_published_version_is_told_from_a_list_that_is_none(past: Past) -> None:
    unpublished = past.cli("list", "versions", past.list_id)
    assert unpublished.code == 0
    assert "no version of this list is published yet" in unpublished.err
    assert refused(past.cli("list", "versions", past.credential), "there is no such status list")
    assert refused(past.cli("list", "versions", "none"), "an id is a UUID, and this is none")


def test_a_list_that_no_view_holds_yet_has_no_published_version_yet(university: University) -> None:
    cli = university.cli
    names = ("--name-pl", "Akademia", "--name-en", "Academy")
    issuer = cli("issuer", "add", *names, "--url", "https://academy.example", "--json").json
    cli("issuer", "key", "add", issuer["issuer_id"])
    sample = ROOT / "tests/samples/minimal.json"
    made = cli("achievement", "define", sample, "--issuer", issuer["issuer_id"], "--json").json
    with assembled(existing(Session(cli.folder))) as registry:
        orders = [order(made["achievement_id"])]
        [issued] = registry.application.issue(caller(None), issuer["issuer_id"], orders)
    list_id = issued.credential.issuance.list_id
    ran = cli("list", "versions", list_id, "--json")
    assert (ran.code, ran.json) == (0, {"items": []})
    assert "no version of this list is published yet" in ran.err


def test_diff_names_what_changed(past: Past, tmp_path: Path) -> None:
    file = tmp_path / "changed.csv"
    ran = past.cli("diff", "--after", past.suspended["position"] - 1, "--csv", file)
    assert ran.code == 0
    [suspended, revoked, *_] = rows(file)
    assert (suspended["status_before"], suspended["status"]) == ("active", "suspended")
    assert (revoked["status_before"], revoked["status"]) == ("suspended", "revoked")


def test_questions_that_make_no_sense_are_refused(past: Past) -> None:
    cli, which = past.cli, f"{past.list_id}/revocation"
    assert refused(cli("as-of"), "name one of CREDENTIAL, --issuer and --list")
    assert refused(cli("as-of", "--list", past.list_id), "018f…/revocation")
    assert refused(cli("as-of", past.credential, "--position", 10**6), "the newest position is")
    assert refused(cli("as-of", past.issuer), "there is no such credential")
    assert refused(cli("as-of", "--issuer", past.credential), "there is no such issuer")
    assert refused(cli("diff", "--list", which), "go together")
    assert refused(cli("diff", "--list", which, "--from", 1, "--to", 2), "has no version 1")
    assert refused(cli("replay", "--verify", "--until-time", "2026-01-01T00:00:00Z"), "--verify")
    both = ("--until-position", 1, "--until-time", "2026-01-01T00:00:00Z")
    assert refused(cli("replay", *both), "give one")
