"""Register issuers and turn over their keys."""

from enum import StrEnum
from typing import Annotated

import typer

from api.answers import issuer_answer
from api.operators import NewIssuer
from api.values import BothLanguages
from projections import queries
from registry.domain.profiles import GenericProfile
from registry.domain.securing import KeyType, Mechanism
from registry.requests import Organisation
from scripts.answers import Answer, Session, facts, table
from scripts.arguments import IdempotencyKeyOption, command, group
from scripts.commands import issuer_changes, retention
from scripts.commands.issuer_changes import IssuerArgument, shown_issuer
from scripts.local import caller, opened
from scripts.pages import every


class DidMethod(StrEnum):
    """How an issuer is identified: under the registry's URL, or by its only key."""

    WEB = "web"
    KEY = "key"


class Purpose(StrEnum):
    """What a status entry is for."""

    REVOCATION = "revocation"
    SUSPENSION = "suspension"


def add_to(app: typer.Typer) -> None:
    """Add `issuer`."""
    issuer = group(app, "issuer", about="Register issuers and turn over their keys.")
    command(issuer, "add")(add)
    command(issuer, "list")(list_all)
    command(issuer, "show")(show)
    command(issuer, "open-generic")(open_generic)
    issuer_changes.add_to(issuer)
    retention.add_to(issuer)
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
    key_type: Annotated[
        KeyType, typer.Option(help="Of the only key of a did-method key issuer.")
    ] = KeyType.ED25519,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    r"""Register an issuer.

    Example:
      registry issuer add --name-pl "Uczelnia Przykładowa" --name-en "Example University" \
        --url https://university.example.org
    """
    name = BothLanguages(pl=name_pl, en=name_en)
    new = NewIssuer(name=name, country=country, url=url, did_method=did_method.value)
    organisation = Organisation(
        name_pl, name_en, new.country, new.url, new.did_method, key_type=key_type
    )
    with opened(session) as registry:
        issuer = registry.application.register_issuer(caller(idempotency_key), organisation)
    return shown_issuer(issuer)


def list_all(session: Session) -> Answer:
    """List every issuer, newest first.

    Example:
      registry issuer list --json
    """
    with opened(session) as registry:
        rows = every(lambda window: queries.issuers(registry.database, window))
        found = [registry.application.issuer(row["issuer_id"]) for row in rows]
    shown = [(issuer.id, issuer.name_en, issuer.country, issuer.did) for issuer in found]
    document = [issuer_answer(issuer).model_dump(mode="json") for issuer in found]
    return Answer(document, table(("issuer", "name", "country", "did"), shown))


def show(session: Session, issuer_id: IssuerArgument) -> Answer:
    """Show one issuer with its keys and reason codes.

    Example:
      registry issuer show 018f…
    """
    with opened(session) as registry:
        return shown_issuer(registry.application.issuer(issuer_id))


def open_generic(
    session: Session,
    issuer_id: IssuerArgument,
    cryptosuite: Annotated[
        Mechanism, typer.Option(help="How its credentials are secured.")
    ] = Mechanism.EDDSA_RDFC_2022,
    purpose: Annotated[
        list[Purpose] | None, typer.Option(help="Status entries to add; both unless given.")
    ] = None,
    no_status: Annotated[bool, typer.Option("--no-status", help="Add no entries.")] = False,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Let it issue anything through the VC API.

    Given again it changes how they are secured from then on.

    Example:
      registry issuer open-generic 018f… --cryptosuite eddsa-rdfc-2022 --purpose revocation
    """
    if no_status and purpose:
        raise typer.BadParameter("give --purpose or --no-status, one of the two")
    chosen = () if no_status else tuple(dict.fromkeys(each.value for each in purpose or Purpose))
    profile = GenericProfile(cryptosuite, chosen)
    with opened(session) as registry:
        application = registry.application
        return shown_issuer(
            application.open_generic_issuing(caller(idempotency_key), issuer_id, profile)
        )


def add_key(
    session: Session,
    issuer_id: IssuerArgument,
    key_type: Annotated[
        KeyType, typer.Option("--type", help="What the mechanism of the badges needs.")
    ] = KeyType.ED25519,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Make a key that the issuer signs with from now on.

    Examples:
      registry issuer key add 018f…
      registry issuer key add 018f… --type P-256
    """
    with opened(session) as registry:
        key = registry.application.add_signing_key(caller(idempotency_key), issuer_id, key_type)
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

    Example:
      registry issuer key retire 018f… z6Mk…
    """
    with opened(session) as registry:
        application = registry.application
        return shown_issuer(application.retire_signing_key(caller(idempotency_key), issuer_id, key))
