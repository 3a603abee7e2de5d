"""From an error to one line on stderr and an exit code."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

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


_INSUFFICIENT_PRIVILEGE = "42501"

_REPEATING = (
    "the request with the same Idempotency-Key",
    "the command, with the same --idempotency-key if it had one,",
)
"""What is repeated, over HTTP and on the command line."""

_TYPED: Mapping[str, tuple[str, str]] = {
    "issuer_id": ("--issuer", "ISSUER"),
    "achievement_id": ("--achievement", "ACHIEVEMENT"),
    "credential_id": ("--supersedes", "CREDENTIAL"),
    "subject_ref": ("--subject", "SUBJECT"),
    "erasure_id": ("--erasure", "ERASURE"),
    "supersedes": ("--supersedes", "supersedes"),
    "REGISTRY_PUBLIC_URL": ("--public-url", "REGISTRY_PUBLIC_URL"),
    "public_url": ("--public-url", "public_url"),
    "database_url": ("--database-url", "database_url"),
    "scheme_id": ("SCHEME", "SCHEME"),
    "accreditation_id": ("ACCREDITATION", "ACCREDITATION"),
    "accreditor_id": ("--accreditor", "accreditor_id"),
    "If-Match": ("--if-version", "--if-version"),
    "Idempotency-Key": ("--idempotency-key", "--idempotency-key"),
    "reason": ("--reason", "reason"),
    "until": ("--until", "until"),
    "effective_at": ("--effective-at", "effective_at"),
    "valid_until": ("--valid-until", "valid_until"),
    "grade": ("--grade", "grade"),
    "url": ("--url", "url"),
    "country": ("--country", "country"),
    "days": ("--days", "days"),
    "legal_basis": ("--basis", "legal_basis"),
    "--report": ("--report", "--report"),
    "--out": ("--out", "--out"),
    "to": ("--to", "to"),
    "list_id": ("--list", "LIST"),
    "job_id": ("JOB", "JOB"),
    "key_id": ("KEY", "KEY"),
}
"""Field of an error -> the option it is where that was typed, and what to call it otherwise."""


@dataclass(frozen=True)
class Refusal:
    """Why a command was not carried out; `field` names what was wrong, `remedy` what to do."""

    title: str
    reason: str
    field: str | None
    remedy: str | None
    exit_code: int
    faults: Sequence[Mapping[str, Any]] = ()

    def line(self, word: str = "error") -> str:
        """Return everything in one line, and a title that the reason repeats not at all."""
        title = "" if _bare(self.title) == _bare(self.reason) else self.title
        where = f"{self.field}: " if self.field else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return inert(" ".join(f"{word}: {title} {where}{self.reason}{remedy}".split()))


def _bare(sentence: str) -> str:
    return sentence.rstrip(".").lower()


def of_error(error: RegistryError) -> Refusal:
    """Return the refusal an error of the registry's stands for.

    On the command line nobody is asked whose a thing is, so that "not yours" says nothing, and it
    is a command that is repeated, not a request.
    """
    code = WRONG_USAGE if isinstance(error, _WRONG_INPUT) else getattr(error, "exit_code", FAILED)
    faults = getattr(error, "errors", ())
    title = error.title.replace(", or it is not yours", "")
    remedy = error.remedy and error.remedy.replace(*_REPEATING)
    return Refusal(title, error.reason, error.field, remedy, code, faults)


def as_typed(refusal: Refusal, arguments: Sequence[str]) -> Refusal:
    """Name the option or argument that the user typed in place of a field's or header's name."""
    option, otherwise = _TYPED.get(refusal.field or "", (None, refusal.field))
    typed = {word.partition("=")[0] for word in arguments}
    if option not in typed:
        return replace(refusal, field=otherwise)
    general = refusal.title == of_error(InvalidValueError("")).title
    title = "A value on the command line is wrong." if general else refusal.title
    return replace(refusal, field=option, title=title)


def of_usage(error: typer.TyperException) -> Refusal:
    """Return the refusal of arguments that no command takes."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "registry"
    remedy = f"see: {path} --help"
    # The library puts this before what a type of its own says.
    message = error.format_message().rstrip(".").replace(": Value error, ", ": ", 1)
    is_value = getattr(error, "param", None) and message.startswith("Invalid value")
    title = f"{'A value on the' if is_value else 'The'} command line is wrong."
    return Refusal(title, message, None, remedy, error.exit_code)


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
    remedy = "see that it exists and that you may read and write it" if field else None
    return Refusal("The system refused it.", reason, field, remedy, FAILED)


def lacks_rights(error: DBAPIError) -> bool:
    """Tell whether PostgreSQL said that the role may not do what was asked."""
    return getattr(error.orig, "sqlstate", None) == _INSUFFICIENT_PRIVILEGE


def of_rights(error: DBAPIError) -> Refusal:
    """Return the refusal of a database whose role may not do what was asked."""
    reason = str(error.orig).partition("\n")[0]
    remedy = (
        "connect as the role that owns the tables; it may need an administrator to let it act for"
        " the service's: see docs/operations.md"
    )
    return Refusal("The database refused it.", reason, "database_url", remedy, FAILED)


def refuse(refusal: Refusal, *, as_json: bool, word: str = "error") -> int:
    """Tell the user and return the exit code; `word` is "error" in the user's language."""
    print(refusal.line(word), file=sys.stderr)
    for fault in refusal.faults:
        print(f"  {_shown(fault)}", file=sys.stderr)
    if as_json:
        print_json({"error": asdict(refusal)})
    return refusal.exit_code


def _shown(fault: Mapping[str, Any]) -> str:
    column = f", {fault['column']}" if fault.get("column") else ""
    return inert(f"line {fault['line']}{column}: {fault['reason']}")
