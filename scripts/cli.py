"""The command `registry`."""

import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import structlog
import typer
from pydantic import ValidationError

from registry.domain.errors import RegistryError
from scripts import refusals
from scripts.answers import Answer, Session, show
from scripts.arguments import FolderOption, JsonOption
from scripts.commands import (
    achievements,
    api_keys,
    databases,
    issuers,
    issuing,
    projections,
    replaying,
    setup,
    statuses,
    verifying,
)

DISTRIBUTION = "micro-credential-registry"

app = typer.Typer(
    name="registry",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    folder: FolderOption = None,
    json_output: JsonOption = False,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """A registry of micro-credentials that verifiers can check and auditors can replay.

    \b
    Start here:
      registry demo
      registry init --public-url https://registry.example.org
    """
    context.obj = session = Session(folder, json_output)
    if show_version:
        number = _version()
        show(session, Answer({"version": number}, f"registry {number}"))
        raise typer.Exit
    if context.invoked_subcommand is None:
        raise typer.BadParameter("Missing command.")


for module in (
    setup,
    issuers,
    achievements,
    issuing,
    statuses,
    verifying,
    replaying,
    projections,
    api_keys,
    databases,
):
    module.add_to(app)


def _version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown, because the package is not installed"


def main() -> None:
    """Run the command line and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; what the registry refuses is one line."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        code = app(list(arguments or ["--help"]), prog_name="registry", standalone_mode=False)
    except RegistryError as error:
        refusal = refusals.of_error(error)
    except typer.TyperException as error:
        refusal = refusals.of_usage(error)
    except ValidationError as error:
        refusal = refusals.of_validation(error)
    except OSError as error:
        refusal = refusals.of_system(error)
    else:
        return int(code or 0)
    return refusals.refuse(refusal, as_json="--json" in arguments)


if __name__ == "__main__":
    main()
