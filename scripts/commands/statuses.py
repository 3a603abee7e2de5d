"""Suspend, reinstate and revoke credentials."""

from collections.abc import Callable
from typing import Annotated

import typer

from api.answers import credential_answer
from registry.application import CredentialRegistry
from registry.commands import Caller
from registry.domain.credential import Credential
from registry.requests import StatusChange
from scripts.answers import Answer, Session, facts, say
from scripts.arguments import (
    CredentialArgument,
    EffectiveAtOption,
    IdempotencyKeyOption,
    UntilOption,
    VersionOption,
    command,
    group,
)
from scripts.local import caller, opened

ReasonOption = Annotated[
    str, typer.Option(help="A reason code; `registry issuer show ISSUER` lists them.")
]
NoteOption = Annotated[
    str | None, typer.Option(help="A private note; kept encrypted, never published.")
]

Change = Callable[[CredentialRegistry, Caller, str, str, StatusChange], Credential]


def add_to(app: typer.Typer) -> None:
    """Add `status`."""
    status = group(app, "status", about="Suspend, reinstate and revoke credentials.")
    command(status, "suspend")(suspend)
    command(status, "reinstate")(reinstate)
    command(status, "revoke")(revoke)


def suspend(
    session: Session,
    credential: CredentialArgument,
    reason: ReasonOption,
    note: NoteOption = None,
    effective_at: EffectiveAtOption = None,
    until: UntilOption = None,
    if_version: VersionOption = None,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Suspend a credential, without an end or until a moment.

    Examples:
      registry status suspend 018f… --reason under-review
      registry status suspend 018f… --reason under-review --until 2027-01-31T12:00:00Z
    """
    who = caller(idempotency_key, expected_version=if_version)
    change = StatusChange(reason, note, effective_at, until)
    return _carry_out(session, CredentialRegistry.suspend, who, credential, change)


def reinstate(
    session: Session,
    credential: CredentialArgument,
    reason: ReasonOption,
    note: NoteOption = None,
    effective_at: EffectiveAtOption = None,
    if_version: VersionOption = None,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """End a suspension.

    Example:
      registry status reinstate 018f… --reason review-completed
    """
    who = caller(idempotency_key, expected_version=if_version)
    change = StatusChange(reason, note, effective_at)
    return _carry_out(session, CredentialRegistry.reinstate, who, credential, change)


def revoke(
    session: Session,
    credential: CredentialArgument,
    reason: ReasonOption,
    note: NoteOption = None,
    effective_at: EffectiveAtOption = None,
    if_version: VersionOption = None,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Revoke a credential for ever.

    Example:
      registry status revoke 018f… --reason issued-in-error --note "wrong person"
    """
    who = caller(idempotency_key, expected_version=if_version)
    change = StatusChange(reason, note, effective_at)
    return _carry_out(session, CredentialRegistry.revoke, who, credential, change)


def _carry_out(
    session: Session, change: Change, who: Caller, credential_id: str, details: StatusChange
) -> Answer:
    with opened(session) as registry:
        issuer_id = registry.application.any_credential(credential_id).issuance.issuer_id
        changed = change(registry.application, who, issuer_id, credential_id, details)
    document = credential_answer(changed, public_url=registry.public_url).model_dump(mode="json")
    entries = document["status_lists"]
    lists = {entry["purpose"]: f"{entry['url']}#{entry['index']}" for entry in entries}
    shown = {name: value for name, value in document.items() if value and name != "status_lists"}
    say("The status list that shows it is published by the server, at once where one runs.")
    return Answer(document, facts(shown | lists))
