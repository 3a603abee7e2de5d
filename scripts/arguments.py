"""Declare commands: each gets the session first, and takes --folder and --json by itself."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import typer

from registry.domain.instants import parse_instant
from scripts.answers import Answer, Session, show

Purpose = Literal["revocation", "suspension"]


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter("write it like 2026-01-31T12:00:00Z") from error


@dataclass(frozen=True)
class ListAndPurpose:
    """Which of the lists of entries a command is about."""

    list_id: str
    purpose: str


def _list_and_purpose(text: str) -> ListAndPurpose:
    list_id, _, purpose = text.rpartition("/")
    if not list_id or purpose not in get_args(Purpose):
        raise typer.BadParameter("write it like 018f…/revocation or 018f…/suspension")
    return ListAndPurpose(list_id, purpose)


FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", help="The registry's folder; registry-data unless named."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
IdempotencyKeyOption = Annotated[
    str | None,
    typer.Option("--idempotency-key", help="A repeat under the same key changes nothing."),
]


CredentialArgument = Annotated[
    str, typer.Argument(metavar="CREDENTIAL", help="The credential's id.")
]


def file_option(*names: str, about: str) -> Any:
    """Declare an option that names a file which is there; called like the parameter, if no name."""
    return typer.Option(*names, metavar="FILE", exists=True, dir_okay=False, help=about)


CaFileOption = Annotated[Path | None, file_option(about="An authority to trust beside the usual.")]


def moment(meaning: str) -> Any:
    """Declare an option that is an instant."""
    help_text = f"{meaning}, such as 2026-01-31T12:00:00Z."
    return typer.Option(metavar="TIME", parser=_instant, help=help_text)


EffectiveAtOption = Annotated[datetime | None, moment("Since when it holds; now unless given")]
SinceOption = Annotated[datetime, moment("The earliest moment others may have held it")]
VersionOption = Annotated[
    int | None, typer.Option("--if-version", help="Only if it has this version.")
]
UntilOption = Annotated[datetime | None, moment("When the suspension ends by itself")]
ValidFromOption = Annotated[datetime | None, moment("The start; now unless given")]
EndOption = Annotated[datetime | None, moment("The end; none unless given")]
ValidUntilOption = EndOption
AtOption = Annotated[datetime | None, moment("As of what was recorded by this time")]
KnownAtOption = Annotated[datetime | None, moment("What was then known to be true at this instant")]
UntilTimeOption = Annotated[datetime | None, moment("Fold no event recorded later")]
PurposeOption = Annotated[Purpose, typer.Option(help="Which of its two lists.")]
ListOption = Annotated[
    ListAndPurpose | None,
    typer.Option(
        "--list",
        metavar="LIST/PURPOSE",
        parser=_list_and_purpose,
        help="This status list instead, as its URL ends: its id, a slash, its purpose.",
    ),
]
CsvOption = Annotated[
    Path | None,
    typer.Option("--csv", metavar="FILE", dir_okay=False, help="Write the rows to a CSV file too."),
]

Command = Callable[..., Answer | int]
"""A command answers, or has shown what it had to and returns its exit code."""


def group(app: typer.Typer, name: str, *, about: str) -> typer.Typer:
    """Add a group of commands under `name`."""
    made = typer.Typer(help=about, rich_markup_mode=None)
    app.add_typer(made, name=name)
    return made


def command(app: typer.Typer, name: str) -> Callable[[Command], Command]:
    """Add a function as a command: it gets a `Session`, and its `Answer` is shown.

    A parameter that is a dataclass stands for its fields: options that several commands share.
    """

    def add(function: Command) -> Command:
        def run(
            context: typer.Context, folder: Path | None, json_output: bool, **given: Any
        ) -> None:
            _check_texts(context, given)
            session = _merged(context.obj, folder, json_output)
            answer = function(session, **_gathered(function, given))
            if isinstance(answer, int):
                raise typer.Exit(answer)
            show(session, answer)
            raise typer.Exit(answer.exit_code)

        run.__signature__ = _signature(function)  # type: ignore[attr-defined]
        run.__annotations__ = {
            p.name: p.annotation for p in _signature(function).parameters.values()
        }
        run.__doc__ = with_examples(function.__doc__ or "")
        app.command(name)(run)
        return function

    return add


def with_examples(text: str) -> str:
    """Mark the examples at the end of a docstring, so that help keeps their lines."""
    return re.sub(r"\n( *)(Examples?:)", "\n\\1\b\n\\1\\2", text)


def _merged(session: Session, folder: Path | None, json_output: bool) -> Session:
    return Session(folder or session.folder, json_output or session.as_json)


def _check_texts(context: typer.Context, given: Mapping[str, Any]) -> None:
    """Refuse bytes that are no text, which no event could hold; files may be named by any."""
    parameters: Sequence[Any] = context.command.params
    for parameter in parameters:
        text = given.get(parameter.name)
        if isinstance(text, str) and not _is_text(text):
            raise typer.BadParameter("it is not text in UTF-8", ctx=context, param=parameter)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _signature(function: Command) -> inspect.Signature:
    """Return the function's parameters without the session, but with the options of all."""
    own = [each for parameter in _own(function) for each in _spread(parameter)]
    kind = inspect.Parameter.KEYWORD_ONLY
    shared = [
        inspect.Parameter("context", kind, annotation=typer.Context),
        *(parameter.replace(kind=kind) for parameter in own),
        inspect.Parameter("folder", kind, default=None, annotation=FolderOption),
        inspect.Parameter("json_output", kind, default=False, annotation=JsonOption),
    ]
    return inspect.Signature(shared)


def _own(function: Command) -> list[inspect.Parameter]:
    return list(inspect.signature(function).parameters.values())[1:]


def _spread(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    """Return a parameter, or the fields of one that stands for several options."""
    if not _is_several(parameter):
        return [parameter]
    return list(inspect.signature(parameter.annotation).parameters.values())


def _gathered(function: Command, given: dict[str, Any]) -> dict[str, Any]:
    """Return what a function is called with: the fields of its dataclasses put together."""
    gathered = dict(given)
    for several in filter(_is_several, _own(function)):
        names = [each.name for each in _spread(several)]
        gathered[several.name] = several.annotation(**{n: gathered.pop(n) for n in names})
    return gathered


def _is_several(parameter: inspect.Parameter) -> bool:
    return isinstance(parameter.annotation, type) and is_dataclass(parameter.annotation)
