"""From an error to one line on stderr and an exit code."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import typer
from pydantic import ValidationError

from api.errors import InvalidRequestError
from registry.domain.errors import (
    EffectiveAtError,
    IdempotencyConflictError,
    IncompleteDefinitionError,
    InvalidValueError,
    NotFoundError,
    RegistryError,
    UnknownReasonError,
)
from registry.store.installation import PublicUrlError
from scripts.answers import FAILED, WRONG_USAGE, inert, print_json

_WRONG_INPUT = (
    EffectiveAtError,
    IdempotencyConflictError,
    IncompleteDefinitionError,
    InvalidRequestError,
    InvalidValueError,
    NotFoundError,
    PublicUrlError,
    UnknownReasonError,
)


@dataclass(frozen=True)
class Refusal:
    """Why a command was not carried out; `field` names what was wrong, `remedy` what to do."""

    title: str
    reason: str
    field: str | None
    remedy: str | None
    exit_code: int
    faults: Sequence[Mapping[str, Any]] = ()

    def line(self) -> str:
        """Return everything in one line."""
        where = f"{self.field}: " if self.field else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return inert(" ".join(f"error: {self.title} {where}{self.reason}{remedy}".split()))


def of_error(error: RegistryError) -> Refusal:
    """Return the refusal an error of the registry's stands for."""
    code = WRONG_USAGE if isinstance(error, _WRONG_INPUT) else FAILED
    faults = getattr(error, "errors", ())
    return Refusal(error.title, error.reason, error.field, error.remedy, code, faults)


def of_usage(error: typer.TyperException) -> Refusal:
    """Return the refusal of arguments that no command takes."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "registry"
    remedy = f"see: {path} --help"
    message = error.format_message().rstrip(".")
    return Refusal("The command line is wrong.", message, None, remedy, error.exit_code)


def of_validation(error: ValidationError) -> Refusal:
    """Return the refusal of values, naming the first that is wrong without repeating it."""
    first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    title = of_error(InvalidValueError("")).title
    return Refusal(title, first["msg"].removeprefix("Value error, "), field, None, WRONG_USAGE)


def of_system(error: OSError) -> Refusal:
    """Return the refusal of the operating system."""
    field = str(error.filename) if error.filename else None
    reason = error.strerror or type(error).__name__
    return Refusal("The system refused it.", reason, field, None, FAILED)


def refuse(refusal: Refusal, *, as_json: bool) -> int:
    """Tell the user and return the exit code."""
    print(refusal.line(), file=sys.stderr)
    for fault in refusal.faults:
        print(f"  {_shown(fault)}", file=sys.stderr)
    if as_json:
        print_json({"error": asdict(refusal)})
    return refusal.exit_code


def _shown(fault: Mapping[str, Any]) -> str:
    return inert(", ".join(f"{name} {value}" for name, value in fault.items() if value is not None))
