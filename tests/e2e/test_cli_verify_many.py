"""`registry verify` of many at once and without the network."""

import csv
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Cli, Demonstrated, Ran
from tests.e2e.test_cli_verify import verify

EXPECTED = {"revoked": 5, "suspended": 1, "valid": 6}
"""What became of the twelve credentials of the demonstration."""


def offline(demonstrated: Demonstrated, *arguments: object) -> Ran:
    """Verify with the lists and DID documents that the registry has published as files."""
    published = Path(demonstrated.found["folder"]) / "published"
    return CLI("verify", "--language", "en", "--offline", published, *arguments)


CLI = Cli()


def badges(demonstrated: Demonstrated) -> Path:
    return Path(demonstrated.found["folder"]) / "badges"


def as_lines(demonstrated: Demonstrated, folder: Path) -> Path:
    """Write every badge to a line of one file."""
    path = folder / "badges.jsonl"
    documents = [json.loads(one.read_bytes()) for one in sorted(badges(demonstrated).iterdir())]
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return path


def counts(reports: list[dict[str, Any]]) -> dict[str, int]:
    return dict(Counter(report["verdict"] for report in reports))


def test_folder_is_told_in_a_line_each_and_in_numbers(demonstrated: Demonstrated) -> None:
    ran = offline(demonstrated, badges(demonstrated))

    *lines, numbers = ran.out.splitlines()
    assert ran.code == 1
    assert [line.partition(": ")[0] for line in lines] == [
        str(path) for path in sorted(badges(demonstrated).iterdir())
    ]
    assert numbers == "12 checked: 5 revoked, 1 suspended, 6 valid"
    assert ran.err == ""


def test_json_lines_are_read_from_a_file_and_from_standard_input(
    demonstrated: Demonstrated, tmp_path: Path
) -> None:
    path = as_lines(demonstrated, tmp_path)
    published = Path(demonstrated.found["folder"]) / "published"
    options = ("--offline", published, "--json")

    file = CLI("verify", *options, path).json
    stream = CLI("verify", *options, "--lines", "-", stdin=path.read_bytes()).json

    assert file["counts"] == stream["counts"] == counts(file["reports"]) == EXPECTED
    assert [one["source"] for one in stream["reports"][:2]] == ["-:1", "-:2"]


def test_what_is_fetched_can_be_kept_and_answers_without_the_network(
    served: Demonstrated, tmp_path: Path
) -> None:
    online = verify(served, badges(served), "--keep", tmp_path / "saved", "--json")
    asked_nobody = CLI("verify", badges(served), "--offline", tmp_path / "saved", "--json")

    assert online.json["counts"] == asked_nobody.json["counts"] == EXPECTED
    # The issuer's DID document and standing, and its two lists.
    assert len(list((tmp_path / "saved").iterdir())) == 4


def test_document_that_was_not_saved_is_named_and_leaves_it_unknown(
    demonstrated: Demonstrated, tmp_path: Path
) -> None:
    ran = CLI(
        "verify", next(badges(demonstrated).iterdir()), "--offline", tmp_path, "--language", "en"
    )

    assert ran.code == 4
    assert f'it is not among the documents saved in "{tmp_path}"' in ran.out
    assert "/did.json" in ran.out


def test_offline_nothing_is_asked_for_a_url(served: Demonstrated, tmp_path: Path) -> None:
    url = served.found["lists"][0]["url"]
    options = ("--allow-loopback", "--ca-file", served.ca_file, "--offline", tmp_path)

    assert CLI("verify", url, *options).code == 4
    assert offline(served, url).code == 0


def test_csv_report_has_a_row_for_each_and_the_terminal_the_numbers(
    demonstrated: Demonstrated, tmp_path: Path
) -> None:
    report = tmp_path / "found.csv"

    ran = offline(demonstrated, badges(demonstrated), "--report", report)

    assert ran.out == "12 checked: 5 revoked, 1 suspended, 6 valid\n"
    with report.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert counts(rows) == EXPECTED
    assert {row["reason_code"] for row in rows} == {"revoked", "suspended", ""}


@pytest.mark.parametrize(("name", "options"), [("r.json", ()), ("r", ("--report-format", "json"))])
def test_json_report_says_what_json_on_standard_output_does(
    demonstrated: Demonstrated, tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    report = tmp_path / name

    ran = offline(demonstrated, badges(demonstrated), "--json", "--report", report, *options)

    written = json.loads(report.read_text())
    assert counts(written.pop("reports")) == EXPECTED
    assert ran.json == written


def test_report_in_the_folder_that_is_read_is_no_input(
    demonstrated: Demonstrated, tmp_path: Path
) -> None:
    as_lines(demonstrated, tmp_path)
    report = ("--report", tmp_path / "found.json", "--force")

    first, second = (offline(demonstrated, tmp_path, *report) for _ in range(2))

    assert first.out == second.out == "12 checked: 5 revoked, 1 suspended, 6 valid\n"


def test_report_that_is_there_is_replaced_by_force_alone(
    demonstrated: Demonstrated, tmp_path: Path
) -> None:
    report = tmp_path / "found.csv"
    report.write_text("kept")

    ran = offline(demonstrated, badges(demonstrated), "--report", report)

    assert (ran.code, report.read_text()) == (2, "kept")
    assert offline(demonstrated, badges(demonstrated), "--report", report, "--force").code == 1
    assert report.read_text() != "kept"


def test_report_replaces_nothing_but_a_regular_file_and_none_of_its_inputs(
    within: Cli, tmp_path: Path
) -> None:
    badge, pipe, link = (tmp_path / name for name in ("badge.json", "pipe.json", "link.json"))
    badge.write_text("{}")
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "nowhere.json")

    for place in (badge, pipe, link):
        assert within("verify", badge, "--report", place, "--force").code == 2

    assert (badge.read_text(), pipe.is_fifo(), link.is_symlink()) == ("{}", True, True)


@pytest.mark.parametrize(
    "options",
    [
        ("--report", "found.xlsx"),
        ("--report", "/no/such/folder/found.csv"),
        ("--report-format", "csv"),
        ("--force",),
        ("--language", "de"),
        ("--offline", "/no/such/folder"),
        ("--offline", ".", "--keep", "."),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(within: Cli, options: tuple[str, ...]) -> None:
    ran = within("verify", "badge.json", *options)

    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("error: ")


def test_line_that_is_too_long_is_invalid_and_the_next_is_read(
    demonstrated: Demonstrated, tmp_path: Path
) -> None:
    path = as_lines(demonstrated, tmp_path)
    path.write_bytes(b"x" * 2_000_000 + b"\n" + path.read_bytes())

    ran = offline(demonstrated, path, "--json")

    assert ran.code == 1
    assert ran.json["counts"] == {"invalid": 1, **EXPECTED}
