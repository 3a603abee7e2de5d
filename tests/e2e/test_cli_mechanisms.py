"""Key types, securing mechanisms and generic issuing on the command line."""

from pathlib import Path

import pytest

from registry.formats import jws
from registry.formats.multikey import decode_public_key
from tests.e2e.conftest import ROOT, CliWithin, Ran, University

SAMPLE = ROOT / "tests/samples/python-data-analysis.json"
NAMES = ("--name-pl", "Uczelnia", "--name-en", "University", "--url", "https://u.example.org")


@pytest.fixture
def cli(university: University) -> CliWithin:
    return CliWithin(university.cli.folder)


def register(cli: CliWithin, *options: str) -> str:
    return str(cli("issuer", "add", *NAMES, *options, "--json").json["issuer_id"])


def define(cli: CliWithin, issuer_id: str, mechanism: str) -> Ran:
    how = ("--issuer", issuer_id, "--cryptosuite", mechanism)
    return cli("achievement", "define", SAMPLE, *how, "--json")


def issue(cli: CliWithin, achievement_id: str, out: Path) -> Ran:
    to = ("--email", "learner@example.org", "--achievement", achievement_id)
    return cli("issue", *to, "--out", out, "--json")


@pytest.mark.parametrize(
    ("key_type", "mechanism", "ending"),
    [("P-384", "ecdsa-jcs-2019-p384", ".json"), ("P-256", "vc-jwt-es256", ".jwt")],
)
def test_badge_is_written_in_the_form_of_its_mechanism(
    cli: CliWithin, tmp_path: Path, key_type: str, mechanism: str, ending: str
) -> None:
    issuer_id = register(cli)
    key = cli("issuer", "key", "add", issuer_id, "--type", key_type, "--json").json["key"]
    achievement_id = define(cli, issuer_id, mechanism).json["achievement_id"]
    [issued] = issue(cli, achievement_id, tmp_path).json["credentials"]
    file = Path(issued["file"])
    assert file == tmp_path / f"{issued['credential_id']}{ending}"
    if ending == ".jwt":
        jws.verify(jws.parse(file.read_text()), decode_public_key(key))


def test_issuing_without_a_key_that_fits_names_the_command_that_makes_it(
    cli: CliWithin, tmp_path: Path
) -> None:
    issuer_id = register(cli)
    achievement_id = define(cli, issuer_id, "vc-jwt-es384").json["achievement_id"]
    ran = issue(cli, achievement_id, tmp_path)
    assert ran.code == 1
    assert f"run: registry issuer key add {issuer_id} --type P-384" in ran.err


def test_achievement_that_the_only_key_does_not_fit_is_refused(cli: CliWithin) -> None:
    issuer_id = register(cli, "--did-method", "key", "--key-type", "P-256")
    ran = define(cli, issuer_id, "vc-jwt-es384")
    assert ran.code == 1
    assert "fits the only key" in ran.err
    assert define(cli, issuer_id, "vc-jwt-es256").code == 0


def test_issuer_is_marked_for_credentials_of_any_kind(
    cli: CliWithin, university: University
) -> None:
    how = ("--cryptosuite", "eddsa-jcs-2022", "--purpose", "revocation", "--json")
    marked = cli("issuer", "open-generic", university.issuer, *how).json
    assert marked["generic"] == {"cryptosuite": "eddsa-jcs-2022", "purposes": ["revocation"]}
    changed = cli("issuer", "open-generic", university.issuer, "--no-status", "--json").json
    assert changed["generic"] == {"cryptosuite": "eddsa-rdfc-2022", "purposes": []}
    assert "eddsa-rdfc-2022" in cli("issuer", "show", university.issuer).out


def test_entries_and_no_entries_do_not_go_together(cli: CliWithin, university: University) -> None:
    how = ("--no-status", "--purpose", "revocation")
    ran = cli("issuer", "open-generic", university.issuer, *how)
    assert ran.code == 2
    assert "--no-status" in ran.err


def test_help_of_open_generic_has_an_example(cli: CliWithin) -> None:
    assert "registry issuer open-generic 018f…" in cli("issuer", "open-generic", "--help").out
