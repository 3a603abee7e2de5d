"""Write answers to CSV files."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from api.csv_answers import csv_text
from scripts.answers import say


def write_csv(file: Path | None, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows to a file, where one was named."""
    if file is None:
        return
    # The line ends are those of RFC 4180, on every system.
    file.write_text(csv_text(columns, rows), encoding="utf-8", newline="")
    say(f"Written to {file}.")
