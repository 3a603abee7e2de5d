"""Plots: well-formed, readable without colours, and inert whatever a result is called."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from scripts.benchmarks.plots import plot, write_plots
from scripts.benchmarks.results import Goal, Of, Result
from scripts.cli import run

SVG = "{http://www.w3.org/2000/svg}"
FAST = Result("size.one", "bytes", [10.0, 12.0, 11.0], {"peer": [22.0]}, Goal(Of.RATIO, 0.6))
ALONE = Result("size.two", "ms", [5.0], goal=Goal(Of.MEDIAN, 50, lower=False))


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_every_number_stands_beside_its_bar() -> None:
    found = texts(plot("size", [FAST, ALONE]))

    assert found == ["size", "size.one", "11 bytes", "peer", "22 bytes", "size.two", "5 ms"]


def test_description_says_it_all_in_words() -> None:
    root = ElementTree.fromstring(plot("size", [FAST]))

    assert root.findtext(f"{SVG}desc") == "size.one 11 bytes, peer 22 (goal: ratio >= 0.6)"


def test_bars_of_one_result_share_a_scale_and_show_the_goal() -> None:
    root = ElementTree.fromstring(plot("size", [FAST]))
    ours, peers = (bar.attrib for bar in root.iter(f"{SVG}rect") if "x" in bar.attrib)
    (goal,) = root.iter(f"{SVG}line")

    assert float(peers["width"]) == 2 * float(ours["width"])
    reached = (float(goal.attrib["x1"]) - float(ours["x"])) / float(peers["width"])
    assert reached == pytest.approx(0.6, abs=0.01)


def test_markup_in_a_name_is_text() -> None:
    hostile = Result("<script>x</script>", "ms", [1.0], {"a&b": [2.0]})

    assert "<script>x</script>" in texts(plot("<b>", [hostile]))


def test_one_file_a_question_and_none_where_nothing_was_measured(tmp_path: Path) -> None:
    unmeasured = Result("other", "ms", [], note="no peer here")

    assert write_plots(tmp_path, [FAST, ALONE, unmeasured]) == [tmp_path / "size.svg"]


def test_nothing_is_measured_where_the_plots_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes").write_text("mine")

    assert run(["bench", "--only", "list_size", "--plots", str(tmp_path / "notes" / "plots")]) == 2
    told = capsys.readouterr().err
    assert "--plots: " in told
    assert "measuring" not in told
