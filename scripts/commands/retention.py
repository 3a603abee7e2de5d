"""How long the law makes an issuer keep what it issued."""

from typing import Annotated

import typer

from api.erasures import RetentionDuty
from scripts.answers import Answer, Session
from scripts.arguments import IdempotencyKeyOption, command
from scripts.commands.issuer_changes import IssuerArgument, shown_issuer
from scripts.local import caller, opened


def add_to(issuer: typer.Typer) -> None:
    """Add `retention` to the commands about an issuer."""
    command(issuer, "retention")(retention)


def retention(
    session: Session,
    issuer_id: IssuerArgument,
    days: Annotated[int, typer.Option(min=0, help="From the issuance of each; 0 ends the duty.")],
    basis: Annotated[str, typer.Option(help="The provision, as a refused learner is told it.")],
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Set how long a law makes it keep documents.

    Nobody whose document is younger is erased; the refusal tells the date and the provision.

    Example:
      registry issuer retention 018f… --days 18250 --basis "kategoria archiwalna B50"
    """
    duty = RetentionDuty(days=days, legal_basis=basis)
    with opened(session) as registry:
        issuer = registry.erasing.set_retention_duty(
            caller(idempotency_key), issuer_id, days=duty.days, legal_basis=duty.legal_basis
        )
    return shown_issuer(issuer)
