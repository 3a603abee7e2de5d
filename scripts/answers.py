"""What a command answers, and how it is shown: data on stdout, talk on stderr.

With --json exactly one JSON document goes to stdout, also when the command was refused.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

WIDTH_OF_FILES = 400
"""Columns of a table that goes to a file or a pipe: wide enough that no id is folded."""


@dataclass(frozen=True)
class Session:
    """What the user asked of every command: the registry's folder, and JSON or words."""

    folder: Path | None = None
    as_json: bool = False


@dataclass(frozen=True)
class Answer:
    """`document` is plain JSON for programs, `shown` the same for people."""

    document: object
    shown: RenderableType
    exit_code: int = 0


def show(session: Session, answer: Answer) -> None:
    """Print an answer to stdout."""
    if session.as_json:
        print_json(answer.document)
    else:
        console().print(answer.shown, markup=False, highlight=False, soft_wrap=True)


def print_json(document: object) -> None:
    """Print one JSON document to stdout."""
    print(json.dumps(document, ensure_ascii=False, indent=2))


def say(sentence: str) -> None:
    """Tell the user something that is not the answer."""
    print(sentence, file=sys.stderr, flush=True)


def console() -> Console:
    """Return a console on stdout as it is now; without a terminal nothing is folded."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH_OF_FILES)


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """Return a plain table; no cell is read as markup."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        made.add_column(header, overflow="fold")
    for row in rows:
        made.add_row(*(Text(inert(cell)) for cell in row))
    return made


def facts(pairs: dict[str, Any]) -> Table:
    """Return names and values, one pair a line."""
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs.items():
        made.add_row(name, Text(inert(value)))
    return made


def inert(value: Any) -> str:
    """Return a value as one line of text that cannot command a terminal."""
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
