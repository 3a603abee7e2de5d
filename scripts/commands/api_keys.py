"""Give out and withdraw API keys."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from api.clock import now
from registry.domain.instants import instant
from registry.store.api_keys import DEFAULT_LIFETIME, ApiKey, Role
from scripts.answers import Answer, Session, facts, say, table
from scripts.arguments import command, group
from scripts.local import opened_as_is


def add_to(app: typer.Typer) -> None:
    """Add `api-key`."""
    api_key = group(app, "api-key", about="Give out and withdraw API keys.")
    command(api_key, "create")(create)
    command(api_key, "list")(list_all)
    command(api_key, "withdraw")(withdraw)


def create(
    session: Session,
    role: Annotated[Role, typer.Option(help="What the key opens.")],
    label: Annotated[str, typer.Option(help="What or whom it is for.")],
    issuer: Annotated[str | None, typer.Option(help="The issuer's id, for that role.")] = None,
    days: Annotated[
        int, typer.Option(min=1, max=3650, help="How long it works.")
    ] = DEFAULT_LIFETIME.days,
) -> Answer:
    """Make an API key and show its token this once.

    Examples:
      registry api-key create --role auditor --label "supervisory authority"
      registry api-key create --role issuer --issuer 018f… --label "student system"
    """
    if (role is Role.ISSUER) != (issuer is not None):
        raise typer.BadParameter("--role issuer goes with --issuer, and no other role does")
    with opened_as_is(session) as registry:
        if issuer is not None:
            registry.application.issuer(issuer)
        at = now()
        end = instant(at + timedelta(days=days))
        key, token = registry.api_keys.create(
            role, issuer_id=issuer, label=label, at=instant(at), expires_at=end
        )
    say("Keep the token: it is not stored and not shown again.")
    document = _document(key) | {"token": token}
    return Answer(document, facts(document))


def list_all(session: Session) -> Answer:
    """List every API key, newest first, without its secret.

    Example:
      registry api-key list
    """
    with opened_as_is(session) as registry:
        found = [_document(key) for key in registry.api_keys.all()]
    headers = ("key_id", "role", "issuer_id", "label", "expires_at", "withdrawn_at")
    return Answer(found, table(headers, ([key[name] for name in headers] for key in found)))


def withdraw(
    session: Session, key_id: Annotated[str, typer.Argument(metavar="KEY", help="The key's id.")]
) -> Answer:
    """End an API key now.

    Example:
      registry api-key withdraw 3f2a…
    """
    with opened_as_is(session) as registry:
        registry.api_keys.withdraw(key_id, at=instant(now()))
    return Answer({"key_id": key_id, "withdrawn": True}, f"withdrawn: {key_id}")


def _document(key: ApiKey) -> dict[str, Any]:
    return {name: getattr(key, name) for name in ApiKey.__dataclass_fields__}
