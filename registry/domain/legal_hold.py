"""A legal hold: while a claim or an inquiry needs it, nothing of one learner is erased."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from registry.domain.aggregate import Aggregate, Command, ForeignEventError
from registry.domain.errors import InvalidValueError, LegalHoldError, NotHeldError
from registry.domain.events import Event, LegalHoldLifted, LegalHoldPlaced
from registry.domain.instants import instant, parse_instant


class HoldReason(StrEnum):
    """Why a hold is placed; a code, because events are kept for ever."""

    LEGAL_CLAIM = "legal-claim"
    INQUIRY = "inquiry"
    COURT_ORDER = "court-order"
    RESTRICTION_REQUEST = "restriction-request"


class LiftReason(StrEnum):
    """Why a hold is lifted."""

    SETTLED = "settled"
    PLACED_IN_ERROR = "placed-in-error"


class LegalHold(Aggregate):
    """Folds the holds of one learner's reference; the newest one counts."""

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.reason: str | None = None
        self.until: str | None = None
        self.placed_at: str | None = None

    def place(
        self, command: Command, *, issuer_id: str, reason: HoldReason, until: datetime | None
    ) -> None:
        """Forbid erasing until a moment that has yet to come or, without one, until lifted.

        A hold placed on top of another takes its place.
        """
        if until is not None and until <= command.recorded_at:
            raise InvalidValueError(
                f"the end of the hold {instant(until)} is not in the future",
                field="until",
                remedy="name a later moment, or none",
            )
        end = instant(until) if until else None
        self.record(LegalHoldPlaced, command, issuer_id=issuer_id, reason=reason.value, until=end)

    def lift(self, command: Command, *, issuer_id: str, reason: LiftReason) -> None:
        """End the hold; raises NotHeldError where there is none."""
        if not self.holds(command.recorded_at):
            raise NotHeldError(
                "nothing holds this learner's data",
                field="subject_ref",
                remedy="nothing is left to be lifted: the learner can be erased",
            )
        self.record(LegalHoldLifted, command, issuer_id=issuer_id, reason=reason.value)

    def holds(self, now: datetime) -> bool:
        """Return whether a hold is in force."""
        return self.reason is not None and (self.until is None or parse_instant(self.until) > now)

    def check_erasable(self, now: datetime) -> None:
        """Raise LegalHoldError while a hold is in force."""
        if self.holds(now):
            end = f"until {self.until}" if self.until else "without an end"
            raise LegalHoldError(
                f"held {end}, since {self.placed_at}: {self.reason}",
                field="subject_ref",
                remedy="wait for the end of the hold, or lift it once it is settled",
            )

    def when(self, event: Event) -> None:
        """Apply one event."""
        match event:
            case LegalHoldPlaced():
                self.reason, self.until = event.reason, event.until
                self.placed_at = event.recorded_at
            case LegalHoldLifted():
                self.reason = self.until = self.placed_at = None
            case _:
                raise ForeignEventError(f"not an event of a legal hold: {event!r}")
