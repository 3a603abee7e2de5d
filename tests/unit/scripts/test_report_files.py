import csv
import json
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from registry.domain.text import Language
from scripts.verification.examining import Examined, Tally
from scripts.verification.report_files import COLUMNS, Form, cell, report_file
from tests.unit.scripts.found import PASSED, REVOKED, UNTOLD, credential, presentation, report


def written(
    path: Path, form: Form, found: Iterable[Examined], *, language: Language = Language.EN
) -> str:
    tally = Tally()
    with report_file(path, form, language=language) as writer:
        for one in found:
            tally.add(one)
            writer.add(one)
        writer.finish(tally)
    return path.read_text(encoding="utf-8")


def interrupted() -> Iterator[Examined]:
    yield credential(PASSED)
    raise KeyboardInterrupt


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.removeprefix("\ufeff").splitlines()))


def test_csv_has_a_row_for_each_input_with_the_first_reason(tmp_path: Path) -> None:
    found = [credential(PASSED), credential(PASSED, UNTOLD, REVOKED, source="b.json")]

    valid, revoked = rows(written(tmp_path / "r.csv", Form.CSV, found))

    assert tuple(valid) == COLUMNS
    assert (valid["verdict"], valid["reason"]) == ("valid", "")
    assert revoked == {
        "source": "b.json",
        "kind": "credential",
        "verdict": "revoked",
        "credential_id": "urn:uuid:1",
        "issuer": "did:web:a.example",
        "reason_code": "revoked",
        "reason": "Revoked.",
        "checked_at": "2026-11-22T18:00:00.000Z",
    }


def test_csv_gives_the_reason_in_the_language_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"

    [row] = rows(written(path, Form.CSV, [credential(REVOKED)], language=Language.PL))

    assert row["reason"] == "Unieważnione."
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_presentation_is_one_row_that_names_its_credentials(tmp_path: Path) -> None:
    inner = report(PASSED), report(REVOKED, credential_id="urn:uuid:2")

    [row] = rows(written(tmp_path / "r.csv", Form.CSV, [presentation(*inner)]))

    assert (row["kind"], row["verdict"], row["reason_code"]) == (
        "presentation",
        "revoked",
        "revoked",
    )
    assert row["credential_id"] == "urn:uuid:1 urn:uuid:2"
    assert row["issuer"] == "did:web:a.example"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =1",
        '"=1',
        "'=1",
        "\uff1d1",
        "a;=1",
        'a;"=1',
        "a; @x",
    ],
)
def test_no_cell_begins_with_a_formula_wherever_cells_begin(text: str) -> None:
    assert not re.search(r"(^|;)[\s\"]*[=+\-@\uff1d\t\r]", cell(text))


def test_cell_that_is_no_formula_stays_as_it_is() -> None:
    assert cell("https://a.example/b?c=d;e=f-1") == "https://a.example/b?c=d;e=f-1"


def test_line_break_in_a_name_makes_no_row(tmp_path: Path) -> None:
    found = [credential(PASSED, source='a\n"=1"\u2028,b.json')]

    assert len(rows(written(tmp_path / "r.csv", Form.CSV, found))) == 1


def test_json_report_holds_every_check_in_both_languages_and_the_verdict_of_all(
    tmp_path: Path,
) -> None:
    found = [credential(PASSED), credential(UNTOLD), credential(PASSED)]

    document = json.loads(written(tmp_path / "r.json", Form.JSON, found))

    assert [one["verdict"] for one in document["reports"]] == ["valid", "unknown", "valid"]
    assert document["reports"][1]["checks"][0]["sentence"] == {"pl": "Kto?", "en": "Who?"}
    assert document["counts"] == {"unknown": 1, "valid": 2}
    assert (document["verdict"], document["checked"], document["exit_code"]) == ("unknown", 3, 4)


def test_json_lines_report_has_a_line_for_each_input(tmp_path: Path) -> None:
    text = written(tmp_path / "r.jsonl", Form.JSONL, [credential(PASSED), presentation()])

    first, second = (json.loads(line) for line in text.splitlines())

    assert (first["kind"], first["exit_code"]) == ("credential", 0)
    assert (second["kind"], second["holder"]) == ("presentation", "did:key:holder")


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("command", ["\x1b[31m", "\x9b31m", "\u202e", "\U000e0001", "\udcff"])
def test_report_commands_no_terminal_and_stays_readable(
    tmp_path: Path, form: Form, command: str
) -> None:
    text = written(tmp_path / "r", form, [credential(PASSED, source=f"Łódź{command}.json")])

    assert command not in text
    assert "Łódź" in text


@pytest.mark.parametrize("form", Form)
def test_report_tells_nothing_of_the_learner(tmp_path: Path, form: Form) -> None:
    found: list[Any] = [credential(REVOKED), presentation(report(REVOKED))]

    assert "Kowalski" not in written(tmp_path / "r", form, found)


def test_report_that_broke_off_leaves_nothing_and_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("before")

    with pytest.raises(KeyboardInterrupt):
        written(path, Form.CSV, interrupted())

    assert [one.name for one in tmp_path.iterdir()] == ["r.csv"]
    assert path.read_text() == "before"


def test_report_may_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    usual = stat.S_IMODE((tmp_path / "usual").stat().st_mode)

    written(tmp_path / "r.csv", Form.CSV, [credential(PASSED)])

    assert stat.S_IMODE((tmp_path / "r.csv").stat().st_mode) == usual
