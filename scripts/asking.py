"""Ask before what cannot be taken back; `--yes` asks nothing."""

import io
import sys
from typing import Annotated, Final, TextIO

import typer
from rich.console import Console
from rich.prompt import Prompt
from rich.text import Text

from registry.domain.errors import InvalidValueError
from scripts.answers import Session

NOBODY: Final = "nobody can be asked here; --yes asks nothing"

YesOption = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
ConfirmOption = Annotated[
    bool, typer.Option("--yes", "--confirm", help="Do it without asking; both names do the same.")
]


class NotConfirmedError(InvalidValueError):
    """It was not confirmed, so that nothing was done."""


def confirm(session: Session, question: str) -> None:
    """Ask; raises NotConfirmedError for any other answer than yes.

    Whoever wants JSON is a program and is not asked.
    """
    is_agreed = None if session.as_json else answered(question)
    if is_agreed:
        return
    reason = "nobody can be asked here" if is_agreed is None else "the answer was no"
    raise NotConfirmedError(
        f"{question} {reason}", remedy="repeat it and answer yes, or give --yes"
    )


def answered(question: str) -> bool | None:
    """Ask on stderr; return whether the answer is yes, None where nobody is there to answer."""
    if _input() is None:
        return None
    console, choices = Console(stderr=True), ["y", "yes", "n", "no"]
    try:
        answer = Prompt.ask(
            Text(question), console=console, choices=choices, default="n", case_sensitive=False
        )
    except EOFError:
        console.print()  # Ends the line of the question.
        return None
    return answer in ("y", "yes")


def typed() -> str:
    """Return the line that somebody types, without the space around it; empty if nobody does."""
    given = _input()
    return given.readline().strip() if given is not None else ""


def _input() -> TextIO | None:
    """Return what answers come from, None where it was closed (`<&-`).

    What is not UTF-8 in it is an answer like another.
    """
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    return sys.stdin
