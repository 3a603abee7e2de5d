"""`registry accreditation`: schemes, grants, and what a withdrawal touches."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROOT, CliWithin, Ran

SAMPLE = ROOT / "tests/samples/minimal.json"
SCHEME = (
    *("--name-pl", "Komisja", "--name-en", "Commission"),
    *("--url", "https://commission.example"),
)


class Office:
    """The command line of a registry with an accreditor, and an issuer that has issued."""

    def __init__(self, folder: Path) -> None:
        self.cli = CliWithin(folder / "registry")
        self.cli("init", "--public-url", "https://registry.example.org")
        settings = folder / "registry/registry.toml"
        settings.write_text(settings.read_text() + "accreditation_enforced = true\n")
        self.accreditor, self.issuer = self.add_issuer("Commission"), self.add_issuer("University")
        defined = self.told("achievement", "define", SAMPLE, "--issuer", self.issuer)
        self.achievement = defined["achievement_id"]
        self.first = self.issue().json["credentials"][0]["credential_id"]
        scheme = self.told(
            "accreditation", "scheme", "add", "--accreditor", self.accreditor, *SCHEME
        )
        self.scheme = scheme["scheme_id"]

    def add_issuer(self, name: str) -> str:
        names = ("--name-pl", name, "--name-en", name, "--url", "https://university.example.org")
        issuer_id = str(self.told("issuer", "add", *names)["issuer_id"])
        self.told("issuer", "key", "add", issuer_id)
        return issuer_id

    def told(self, *arguments: object) -> Any:
        ran = self.cli(*arguments, "--json")
        assert ran.code == 0, ran.err
        return ran.json

    def issue(self, *options: object) -> Ran:
        to = ("--email", "learner@example.org", "--achievement", self.achievement)
        return self.cli("issue", *to, *options, "--json")

    def grant(self, scope: str) -> Any:
        return self.told("accreditation", "grant", self.scheme, self.issuer, "--scope", scope)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("office"))


def test_issuer_is_held_to_its_accreditation_and_a_withdrawal_touches_what_it_issued(
    office: Office,
) -> None:
    refused = office.issue("--dry-run")
    assert (refused.code, "An issuer without an accreditation" in refused.err) == (1, True)
    granted = office.grant("IT")
    accreditation = granted["accreditation_id"]
    second = office.issue().json["credentials"][0]
    since = ("--effective-at", granted["granted_at"], "--reason", "fraud")
    ran = office.cli("accreditation", "withdraw", accreditation, *since)
    assert "none of which was changed: 1." in ran.err
    touched = office.told("accreditation", "touched", accreditation)
    assert [each["credential_id"] for each in touched] == [second["credential_id"]]
    assert touched[0]["status"] == "active"
    assert office.issue().code == 1


def test_accreditations_are_listed_with_their_standing(office: Office) -> None:
    accreditation = office.grant("Law")["accreditation_id"]
    office.told("accreditation", "suspend", accreditation, "--reason", "under-review")
    newest = office.told("accreditation", "list", "--issuer", office.issuer)[0]
    assert (newest["accreditation_id"], newest["standing"]) == (accreditation, "suspended")
    office.told("accreditation", "reinstate", accreditation, "--reason", "review-completed")
    shown = office.cli("accreditation", "list").out
    assert f"{accreditation}  {office.issuer}  accredited" in shown
    assert "Commission" in office.cli("accreditation", "scheme", "list").out
    office.told("accreditation", "withdraw", accreditation, "--reason", "other")


def test_what_is_refused_names_the_argument(office: Office) -> None:
    ran = office.cli("accreditation", "touched", "nothing")
    assert (ran.code, ran.err.startswith("error: There is no such accreditation.")) == (2, True)
    ran = office.cli("accreditation", "scheme", "add", "--accreditor", "nobody", *SCHEME)
    assert (ran.code, "There is no such issuer." in ran.err) == (2, True)
