"""Record what becomes of an issuer: another name, an alias, a successor, its end."""

from typing import Annotated

import typer

from api.answers import issuer_answer
from api.issuer_changes import Renaming
from api.values import BothLanguages
from registry.domain.issuer import EndReason, Issuer
from scripts.answers import Answer, Session, facts
from scripts.arguments import IdempotencyKeyOption, command
from scripts.local import caller, opened

IssuerArgument = Annotated[str, typer.Argument(metavar="ISSUER", help="The issuer's id.")]
ReasonOption = Annotated[EndReason, typer.Option(help="Why.")]


def add_to(issuer: typer.Typer) -> None:
    """Add `issuer rename`, `alias`, `succeed` and `close`."""
    command(issuer, "rename")(rename)
    command(issuer, "alias")(alias)
    command(issuer, "succeed")(succeed)
    command(issuer, "close")(close)


def rename(
    session: Session,
    issuer_id: IssuerArgument,
    name_pl: Annotated[str, typer.Option(help="The name in Polish.")],
    name_en: Annotated[str, typer.Option(help="The name in English.")],
    url: Annotated[str, typer.Option(help="The organisation's website, https.")],
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    r"""Record another name or another site.

    The DID stays, and so does what was issued.

    Example:
      registry issuer rename 018f… --name-pl Akademia --name-en Academy \
        --url https://academy.example.org
    """
    new = Renaming(name=BothLanguages(pl=name_pl, en=name_en), url=url)
    with opened(session) as registry:
        changes, who = registry.application.issuer_changes, caller(idempotency_key)
        renamed = changes.rename(
            who, issuer_id, name_pl=new.name.pl, name_en=new.name.en, url=new.url
        )
    return shown_issuer(renamed)


def alias(
    session: Session,
    issuer_id: IssuerArgument,
    uri: Annotated[str, typer.Argument(metavar="URI", help="A DID or an https URL.")],
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Record another URI of the organisation.

    Its DID document says so, as `alsoKnownAs`.

    Example:
      registry issuer alias 018f… https://old-name.example.org
    """
    with opened(session) as registry:
        changes, who = registry.application.issuer_changes, caller(idempotency_key)
        return shown_issuer(changes.add_alias(who, issuer_id, uri))


def succeed(
    session: Session,
    issuer_id: IssuerArgument,
    successor: Annotated[str, typer.Option("--by", help="The id of the issuer that carries on.")],
    reason: ReasonOption,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Name the issuer that carries on.

    What this one issued stays its own.

    Example:
      registry issuer succeed 018f… --by 0190… --reason merged
    """
    with opened(session) as registry:
        changes, who = registry.application.issuer_changes, caller(idempotency_key)
        return shown_issuer(changes.succeed(who, issuer_id, successor, reason=reason))


def close(
    session: Session,
    issuer_id: IssuerArgument,
    reason: ReasonOption,
    custodian: Annotated[
        str | None, typer.Option(help="The id of the issuer that changes statuses in its place.")
    ] = None,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """End an issuer's issuing.

    Its lists and its DID document stay served. Without a custodian only operators change the
    statuses of what it issued, on this command line.

    Example:
      registry issuer close 018f… --reason closed-down --custodian 0190…
    """
    with opened(session) as registry:
        changes, who = registry.application.issuer_changes, caller(idempotency_key)
        closed = changes.close(who, issuer_id, custodian_id=custodian, reason=reason)
    return shown_issuer(closed)


def shown_issuer(issuer: Issuer) -> Answer:
    """Show an issuer with its keys."""
    document = issuer_answer(issuer).model_dump(mode="json")
    keys = [f"{key['key']} {key['type']}{_state(key)}" for key in document["keys"]]
    generic = issuer.generic
    shown = document | {
        "name": f"{issuer.name_pl} / {issuer.name_en}",
        "also_known_as": ", ".join(issuer.aliases),
        "keys": ", ".join(keys) or f"none yet: registry issuer key add {issuer.id}",
        "reason_codes": ", ".join(issuer.reason_codes),
        "generic": f"{generic.mechanism} {', '.join(generic.purposes)}" if generic else "no",
    }
    return Answer(document, facts(shown))


def _state(key: dict[str, str | bool | None]) -> str:
    if key["compromised_since"]:
        return f" (compromised since {key['compromised_since']})"
    return "" if key["signs"] else " (retired)"
