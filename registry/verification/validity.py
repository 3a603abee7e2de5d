"""Check the period a credential says it is valid for (VCDM 2.0 §4.9)."""

from dataclasses import dataclass
from datetime import datetime

from registry.verification.instants import InstantError, is_over, is_to_come, parse_instant
from registry.verification.report import Check, Outcome, shown
from registry.verification.structure import Document


class PeriodError(ValueError):
    """A validity period cannot be read; `field` names what is wrong."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Period:
    """From when until when, both included; None where the document sets no bound."""

    start: datetime | None
    end: datetime | None


def period_of(document: Document) -> Period:
    """Return validFrom and validUntil; raises `PeriodError`."""
    period = Period(_instant(document, "validFrom"), _instant(document, "validUntil"))
    if period.start and period.end and period.end < period.start:
        raise PeriodError("validUntil is before validFrom.", field="validUntil")
    return period


def check_validity(document: Document, *, now: datetime) -> Check:
    """Report whether `now` lies in the period, give or take 60 seconds."""
    try:
        period = period_of(document)
    except PeriodError as error:
        return _check(
            Outcome.FAILED, "malformed-period", sentence=str(error), looked_at=error.field
        )
    if is_over(period.end, now=now):
        sentence = f"The credential was valid until {document['validUntil']}."
        return _check(Outcome.FAILED, "expired", sentence=sentence, looked_at="validUntil")
    if is_to_come(period.start, now=now):
        sentence = f"The credential will be valid from {document['validFrom']}."
        return _check(Outcome.FAILED, "not-yet-valid", sentence=sentence, looked_at="validFrom")
    sentence = "The credential is within its validity period."
    return _check(Outcome.PASSED, "in-period", sentence=sentence, looked_at="validFrom, validUntil")


def _instant(document: Document, field: str) -> datetime | None:
    if field not in document:
        return None
    try:
        return parse_instant(document[field])
    except InstantError as error:
        message = (
            f"{field} must be a date and time with a time zone, such as 2026-01-31T12:00:00Z, "
            f"but is {shown(document[field])}."
        )
        raise PeriodError(message, field=field) from error


def _check(outcome: Outcome, code: str, *, sentence: str, looked_at: str) -> Check:
    return Check("validity", outcome, code, sentence, looked_at)
