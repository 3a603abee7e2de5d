"""Register issuers and turn over their keys."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from sqlalchemy import select

from projections.directory import ISSUERS, issuers_table
from registry.application import Organisation
from registry.domain.issuer import Issuer
from scripts import rows
from scripts.answers import Answer, Session, facts, table
from scripts.arguments import IdempotencyKeyOption, command, group
from scripts.local import caller, opened

IssuerArgument = Annotated[str, typer.Argument(metavar="ISSUER", help="The issuer's id.")]


class DidMethod(StrEnum):
    """How an issuer is identified: under the registry's URL, or by its only key."""

    WEB = "web"
    KEY = "key"


def add_to(app: typer.Typer) -> None:
    """Add `issuer`."""
    issuer = group(app, "issuer", about="Register issuers and turn over their keys.")
    command(issuer, "add")(add)
    command(issuer, "list")(list_all)
    command(issuer, "show")(show)
    key = group(issuer, "key", about="The keys an issuer signs with.")
    command(key, "add")(add_key)
    command(key, "retire")(retire_key)


def add(
    session: Session,
    name_pl: Annotated[str, typer.Option(help="The name in Polish.")],
    name_en: Annotated[str, typer.Option(help="The name in English.")],
    url: Annotated[str, typer.Option(help="The organisation's website, https.")],
    country: Annotated[str, typer.Option(help="ISO 3166-1, two letters.")] = "PL",
    did_method: Annotated[DidMethod, typer.Option()] = DidMethod.WEB,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    r"""Register an issuer.

    \b
    Example:
      registry issuer add --name-pl "Uczelnia Przykładowa" --name-en "Example University" \
        --url https://university.example.org
    """
    organisation = Organisation(name_pl, name_en, country, url, did_method.value)
    with opened(session) as registry:
        issuer = registry.application.register_issuer(caller(idempotency_key), organisation)
    return _answer(issuer)


def list_all(session: Session) -> Answer:
    """List every issuer.

    \b
    Example:
      registry issuer list --json
    """
    with opened(session) as registry:
        found = rows.ordered(registry.database, select(_table).order_by(_table.c.position))
    shown = [(row["issuer_id"], row["name_en"], row["country"], row["did"]) for row in found]
    return Answer(found, table(("issuer", "name", "country", "did"), shown))


def show(session: Session, issuer_id: IssuerArgument) -> Answer:
    """Show one issuer with its keys and reason codes.

    \b
    Example:
      registry issuer show 018f…
    """
    with opened(session) as registry:
        return _answer(registry.application.issuer(issuer_id))


def add_key(
    session: Session, issuer_id: IssuerArgument, idempotency_key: IdempotencyKeyOption = None
) -> Answer:
    """Make a key that the issuer signs with from now on.

    \b
    Example:
      registry issuer key add 018f…
    """
    with opened(session) as registry:
        key = registry.application.add_signing_key(caller(idempotency_key), issuer_id)
        issuer = registry.application.issuer(issuer_id)
    document = {"key": key, "verification_method": issuer.keys[key]}
    return Answer(document, facts(document))


def retire_key(
    session: Session,
    issuer_id: IssuerArgument,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The public key, z6Mk…")],
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Sign no more with a key; what it signed stays valid.

    \b
    Example:
      registry issuer key retire 018f… z6Mk…
    """
    with opened(session) as registry:
        application = registry.application
        return _answer(application.retire_signing_key(caller(idempotency_key), issuer_id, key))


def _answer(issuer: Issuer) -> Answer:
    document = _document(issuer)
    keys = [f"{key['key']}{'' if key['signs'] else ' (retired)'}" for key in document["keys"]]
    shown = document | {
        "name": f"{issuer.name_pl} / {issuer.name_en}",
        "keys": ", ".join(keys) or "none yet: registry issuer key add",
        "reason_codes": ", ".join(issuer.reason_codes),
    }
    return Answer(document, facts(shown))


def _document(issuer: Issuer) -> dict[str, Any]:
    return {
        "issuer_id": str(issuer.id),
        "did": issuer.did,
        "name": {"pl": issuer.name_pl, "en": issuer.name_en},
        "country": issuer.country,
        "url": issuer.url,
        "keys": [
            {"key": key, "verification_method": method, "signs": key not in issuer.retired}
            for key, method in issuer.keys.items()
        ],
        "reason_codes": {
            code: {"pl": pl, "en": en} for code, (pl, en) in issuer.reason_codes.items()
        },
        "version": issuer.version,
    }


_table = rows.view(issuers_table, ISSUERS)
