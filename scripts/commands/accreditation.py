"""Accredit issuers: schemes, grants, and what becomes of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from api.accreditation_answers import (
    NewAccreditationBody,
    NewSchemeBody,
    accreditation_answer,
    accreditation_row,
    scheme_answer,
    scheme_row,
    touched,
)
from api.answers import credential_row_answer
from api.bootstrap import Registry
from api.values import BothLanguages
from projections import queries, standings
from registry.accrediting import Accrediting, NewAccreditation, NewScheme
from registry.commands import Caller
from registry.domain.accreditation import Accreditation
from registry.domain.instants import instant
from registry.requests import StatusChange
from scripts.answers import Answer, Session, facts, say, table
from scripts.arguments import (
    EffectiveAtOption,
    IdempotencyKeyOption,
    ValidFromOption,
    ValidUntilOption,
    VersionOption,
    command,
    group,
)
from scripts.local import caller, opened
from scripts.pages import every

AccreditationArgument = Annotated[
    str, typer.Argument(metavar="ACCREDITATION", help="The accreditation's id.")
]
ReasonOption = Annotated[
    str, typer.Option(help="A code of the accreditor's; `registry issuer show ISSUER` lists them.")
]


@dataclass(frozen=True)
class Decision:
    """What is decided about an accreditation that was granted."""

    accreditation_id: AccreditationArgument
    reason: ReasonOption
    effective_at: EffectiveAtOption = None
    if_version: VersionOption = None
    idempotency_key: IdempotencyKeyOption = None


Change = Callable[[Accrediting, Caller, str, StatusChange], Accreditation]


def add_to(app: typer.Typer) -> None:
    """Add `accreditation`."""
    accreditation = group(app, "accreditation", about="Say who is accredited to issue.")
    scheme = group(accreditation, "scheme", about="Under whose rules issuers are accredited.")
    command(scheme, "add")(add_scheme)
    command(scheme, "list")(list_schemes)
    command(accreditation, "grant")(grant)
    command(accreditation, "suspend")(suspend)
    command(accreditation, "reinstate")(reinstate)
    command(accreditation, "withdraw")(withdraw)
    command(accreditation, "list")(list_all)
    command(accreditation, "touched")(list_touched)


def add_scheme(
    session: Session,
    accreditor_id: Annotated[
        str, typer.Option("--accreditor", metavar="ISSUER", help="The issuer who decides.")
    ],
    name_pl: Annotated[str, typer.Option(help="The name in Polish.")],
    name_en: Annotated[str, typer.Option(help="The name in English.")],
    url: Annotated[str, typer.Option(help="Where its rules are read, https.")],
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    r"""Open a scheme; its accreditor needs a signing key.

    Example:
      registry accreditation scheme add --accreditor 018f… --name-pl "Komisja Przykładowa" \
        --name-en "Example Commission" --url https://commission.example.org
    """
    name = BothLanguages(pl=name_pl, en=name_en)
    body = NewSchemeBody(name=name, accreditor_id=accreditor_id, url=url)
    wanted = NewScheme(body.name.pl, body.name.en, body.accreditor_id, body.url)
    with opened(session) as registry:
        scheme = registry.application.accrediting.open_scheme(caller(idempotency_key), wanted)
    return _facts(scheme_answer(scheme).model_dump(mode="json"))


def list_schemes(session: Session) -> Answer:
    """List every scheme.

    Example:
      registry accreditation scheme list
    """
    with opened(session) as registry, registry.database.reading() as connection:
        found = [scheme_row(row) for row in standings.schemes(connection)]
    shown = [(each.scheme_id, each.name.en, each.accreditor_id) for each in found]
    document = [each.model_dump(mode="json") for each in found]
    return Answer(document, table(("scheme", "name", "accreditor"), shown))


def grant(
    session: Session,
    scheme_id: Annotated[str, typer.Argument(metavar="SCHEME", help="The scheme's id.")],
    issuer_id: Annotated[str, typer.Argument(metavar="ISSUER", help="Who is accredited.")],
    scope: Annotated[str, typer.Option(help="For what; for people to read.")],
    valid_from: ValidFromOption = None,
    valid_until: ValidUntilOption = None,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Accredit an issuer, and sign the endorsement.

    Example:
      registry accreditation grant 018f… 018e… --scope "Computer science"
    """
    body = NewAccreditationBody(issuer_id=issuer_id, scope=scope)
    wanted = NewAccreditation(body.issuer_id, body.scope, valid_from, valid_until)
    with opened(session) as registry:
        accrediting = registry.application.accrediting
        granted = accrediting.grant(caller(idempotency_key), scheme_id, wanted)
        return _shown(granted, registry)


def suspend(session: Session, decision: Decision) -> Answer:
    """Let an accreditation, and its endorsement, not count for now.

    Example:
      registry accreditation suspend 018f… --reason under-review
    """
    return _change(session, Accrediting.suspend, decision)


def reinstate(session: Session, decision: Decision) -> Answer:
    """Let an accreditation, and its endorsement, count again.

    Example:
      registry accreditation reinstate 018f… --reason review-completed
    """
    return _change(session, Accrediting.reinstate, decision)


def withdraw(session: Session, decision: Decision) -> Answer:
    """End an accreditation for ever.

    What was issued keeps its status; `touched` lists it.

    Example:
      registry accreditation withdraw 018f… --reason misconduct --effective-at 2026-10-01T00:00:00Z
    """
    return _change(session, Accrediting.withdraw, decision)


def list_all(
    session: Session,
    issuer_id: Annotated[
        str | None, typer.Option("--issuer", metavar="ISSUER", help="Of this issuer alone.")
    ] = None,
) -> Answer:
    """List accreditations, newest first.

    Example:
      registry accreditation list --issuer 018f…
    """
    with opened(session) as registry:
        rows = every(
            lambda window: standings.page(
                registry.database, window, issuer_id=issuer_id, scheme_id=None
            )
        )
        found = [accreditation_row(row, public_url=registry.public_url) for row in rows]
    shown = [
        (each.accreditation_id, each.issuer_id, each.standing, each.valid_until, each.scope)
        for each in found
    ]
    document = [each.model_dump(mode="json") for each in found]
    return Answer(document, table(("accreditation", "issuer", "standing", "until", "scope"), shown))


def list_touched(session: Session, accreditation_id: AccreditationArgument) -> Answer:
    """List what was issued since it was lost.

    That is since its suspension or withdrawal took effect. Nothing was changed about these
    credentials.

    Example:
      registry accreditation touched 018f… --json
    """
    with opened(session) as registry:
        accrediting = registry.application.accrediting
        wanted = touched(accrediting.records.accreditation(accreditation_id))
        rows = every(lambda window: queries.credentials(registry.database, wanted, window))
        found = [credential_row_answer(row, public_url=registry.public_url) for row in rows]
    shown = [(each.credential_id, each.issued_at, each.status) for each in found]
    document = [each.model_dump(mode="json") for each in found]
    return Answer(document, table(("credential", "issued", "status"), shown))


def _change(session: Session, change: Change, decision: Decision) -> Answer:
    who = caller(decision.idempotency_key, expected_version=decision.if_version)
    details = StatusChange(decision.reason, effective_at=decision.effective_at)
    with opened(session) as registry:
        accrediting = registry.application.accrediting
        changed = change(accrediting, who, decision.accreditation_id, details)
        if changed.is_suspended or changed.is_withdrawn:
            _say_touched(changed, registry)
        return _shown(changed, registry)


def _say_touched(accreditation: Accreditation, registry: Registry) -> None:
    since = instant(accreditation.lost_at())
    issuer_id = accreditation.granted.issuer_id
    number = standings.count_issued(registry.database, issuer_id=issuer_id, since=since)
    say(
        f"Credentials issued since {since}, none of which was changed: {number}. "
        f"List them: registry accreditation touched {accreditation.id}"
    )


def _shown(accreditation: Accreditation, registry: Registry) -> Answer:
    answer = accreditation_answer(accreditation, public_url=registry.public_url)
    return _facts(answer.model_dump(mode="json"))


def _facts(document: dict[str, Any]) -> Answer:
    shown = dict(document)
    if "name" in shown:
        shown["name"] = f"{document['name']['pl']} / {document['name']['en']}"
    if "changes" in shown:
        changes = [f"{each['kind']} {each['effective_at']}" for each in document["changes"]]
        shown["changes"] = ", ".join(changes) or "none"
    return Answer(document, facts(shown))
