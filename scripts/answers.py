"""What a command answers, and how it is shown: data on stdout, talk on stderr.

With --json exactly one JSON document goes to stdout, also when the command was refused.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

FAILED = 1
WRONG_USAGE = 2
CANNOT_BE_TOLD = 4
"""What was to be checked could not be looked at, so that nothing is said of it."""


@dataclass(frozen=True)
class Session:
    """What the user asked of every command: the registry's folder, and JSON or words."""

    folder: Path | None = None
    as_json: bool = False


@dataclass(frozen=True)
class Answer:
    """`document` is plain JSON for programs, `shown` the same for people."""

    document: object
    shown: str | Text
    exit_code: int = 0


def show(session: Session, answer: Answer) -> None:
    """Print an answer to stdout."""
    if session.as_json:
        print_json(answer.document)
    else:
        Console().print(answer.shown, emoji=False, markup=False, highlight=False, soft_wrap=True)


def print_json(document: object) -> None:
    """Print one JSON document to stdout."""
    print(json.dumps(document, ensure_ascii=False, indent=2), flush=True)


def say(sentence: str) -> None:
    """Tell the user something that is not the answer."""
    print(sentence, file=sys.stderr, flush=True)


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return columns of text; every row is one line."""
    lines = [[inert(cell) for cell in row] for row in (headers, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def facts(pairs: Mapping[str, Any]) -> str:
    """Return names and values, one pair a line."""
    width = max(map(len, pairs))
    return "\n".join(f"{name:{width}}  {inert(value)}".rstrip() for name, value in pairs.items())


def inert(value: Any) -> str:
    """Return a value as one line of text that cannot command a terminal."""
    words = {None: "", True: "yes", False: "no"}
    text = words[value] if value is None or isinstance(value, bool) else str(value)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
