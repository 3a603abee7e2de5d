"""The command `registry`: it imports the modules of the named command, and no other's."""

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from registry.domain.errors import RegistryError
from scripts import refusals
from scripts.answers import Answer, Session, show
from scripts.arguments import FolderOption, JsonOption, with_examples

DISTRIBUTION = "micro-credential-registry"

MODULES = {
    "init": "setup",
    "serve": "setup",
    "demo": "demonstration",
    "issuer": "issuers",
    "accreditation": "accreditation",
    "key": "keys",
    "achievement": "achievements",
    "issue": "issuing",
    "jobs": "jobs",
    "status": "statuses",
    "change": "bulk_changes",
    "erase": "erasing",
    "erasures": "erasing",
    "hold": "erasing",
    "export-person": "personal_data",
    "verify": "verifying",
    "receipt": "receipts",
    "evidence": "evidence",
    "log": "logs",
    "shard": "shards",
    "replay": "replaying",
    "as-of": "as_of",
    "diff": "diffs",
    "list": "lists",
    "projections": "projections",
    "api-key": "api_keys",
    "db": "databases",
    "bench": "benchmarking",
}
"""Command -> the module of `scripts.commands` that adds it, in the order of the help."""


def main() -> None:
    """Run the command line and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; what the registry refuses is one line."""
    app = assemble(needed_modules(arguments))
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
    except DBAPIError as error:
        if not refusals.lacks_rights(error):
            raise
        refusal = refusals.of_rights(error)
    else:
        return int(code or 0)
    refusal = refusals.as_typed(refusal, arguments)
    return refusals.refuse(refusal, as_json="--json" in arguments)


def needed_modules(arguments: Sequence[str]) -> Iterable[str]:
    """Return the module of the command that the arguments name, or every module for none."""
    words = iter(arguments)
    for word in words:
        if word in MODULES:
            return [MODULES[word]]
        if word == "--folder":
            next(words, None)
    return dict.fromkeys(MODULES.values())


def assemble(modules: Iterable[str]) -> typer.Typer:
    """Return the command line with the commands of some modules."""
    app = typer.Typer(
        name="registry",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(options)
    for module in modules:
        import_module(f"scripts.commands.{module}").add_to(app)
    return app


def options(
    context: typer.Context,
    folder: FolderOption = None,
    json_output: JsonOption = False,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """A registry of micro-credentials that verifiers can check and auditors can replay.

    Examples:
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


def _version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown, because the package is not installed"


options.__doc__ = with_examples(options.__doc__ or "")

if __name__ == "__main__":
    main()
