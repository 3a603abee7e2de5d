"""Show results as a table for people or as one JSON document."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.benchmarks.results import Result

HEADERS = ("name", "median", "unit", "beside", "ratio", "goal", "met")
WIDTH = 180


def print_json(machine: dict[str, Any], results: Sequence[Result]) -> None:
    """Print the machine and every result, with each run, as one document."""
    found = [result.document() for result in results]
    print(json.dumps({"machine": machine, "results": found}, indent=2))


def print_table(machine: dict[str, Any], results: Sequence[Result]) -> None:
    """Print the machine, a line a result, and each note once."""
    console = Console(width=WIDTH)
    for name, value in machine.items():
        console.print(f"{name}: {value}", highlight=False)
    table = Table(*HEADERS, box=None, pad_edge=False)
    for result in results:
        table.add_row(*_cells(result))
    console.print(table)
    for note, names in _notes(results).items():
        console.print(f"{', '.join(names)}: {note}", highlight=False)


def _cells(result: Result) -> list[str]:
    beside = ", ".join(f"{name} {number(n)}" for name, n in result.medians_beside.items())
    met = {True: "yes", False: "NO", None: ""}[result.met]
    goal = str(result.goal or "")
    return [
        result.name,
        number(result.median),
        result.unit,
        beside,
        number(result.ratio),
        goal,
        met,
    ]


def number(value: float | None) -> str:
    """Return a number to three digits, or whole where it is larger."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004


def _notes(results: Sequence[Result]) -> dict[str, list[str]]:
    notes: dict[str, list[str]] = {}
    for result in results:
        if result.note:
            notes.setdefault(result.note, []).append(result.name)
    return notes
