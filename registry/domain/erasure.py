"""An erasure: one asks, another confirms, then nothing of one learner at one issuer is left."""

from enum import StrEnum

from registry.domain.aggregate import Aggregate, Command, ForeignEventError
from registry.domain.errors import ErasureDecidedError, FourEyesError
from registry.domain.events import (
    ErasureCompleted,
    ErasureConfirmed,
    ErasureDeclined,
    ErasureRequested,
    Event,
)


class ErasureReason(StrEnum):
    """Why a learner is erased; a code, because events are kept for ever (GDPR art. 17(1))."""

    LEARNER_REQUEST = "learner-request"
    NO_LONGER_NEEDED = "no-longer-needed"
    UNLAWFUL = "unlawful"
    LEGAL_OBLIGATION = "legal-obligation"


class DeclineReason(StrEnum):
    """Why an erasure is declined (GDPR art. 12(6) and 17(3))."""

    IDENTITY_NOT_PROVED = "identity-not-proved"
    DUTY_TO_KEEP = "duty-to-keep"
    LEGAL_CLAIM = "legal-claim"
    ASKED_IN_ERROR = "asked-in-error"


class ErasureState(StrEnum):
    """How far an erasure has come; `pending` until no file holds the destroyed key any longer."""

    REQUESTED = "requested"
    PENDING = "pending"
    DECLINED = "declined"
    COMPLETED = "completed"


class Erasure(Aggregate):
    """Folds the events of one erasure."""

    issuer_id: str
    subject_ref: str
    reason: str
    state: ErasureState
    requested_at: str
    requested_by: str
    decided_at: str | None = None
    completed_at: str | None = None

    def request(
        self, command: Command, *, issuer_id: str, subject_ref: str, reason: ErasureReason
    ) -> None:
        """Ask for the erasure."""
        self.record(
            ErasureRequested,
            command,
            issuer_id=issuer_id,
            subject_ref=subject_ref,
            reason=reason.value,
        )

    def confirm(self, command: Command) -> None:
        """Agree; raises FourEyesError for who asked, ErasureDecidedError for a second decision."""
        self.check_undecided()
        if command.actor == self.requested_by:
            raise FourEyesError(
                "the erasure was asked for with the same key",
                remedy="let another operator confirm it, or decline it",
            )
        self.record(ErasureConfirmed, command, issuer_id=self.issuer_id)

    def confirm_alone(self, command: Command) -> None:
        """Agree, whoever asked: for who holds the master key, and so needs nobody's leave."""
        self.check_undecided()
        self.record(ErasureConfirmed, command, issuer_id=self.issuer_id)

    def decline(self, command: Command, *, reason: DeclineReason) -> None:
        """Do not agree; raises ErasureDecidedError. Who asked may take it back this way."""
        self.check_undecided()
        self.record(ErasureDeclined, command, issuer_id=self.issuer_id, reason=reason.value)

    def complete(self, command: Command) -> None:
        """Record that no file holds the destroyed key, unless that was recorded before."""
        if self.state is ErasureState.PENDING:
            self.record(ErasureCompleted, command, issuer_id=self.issuer_id)

    def check_undecided(self) -> None:
        """Raise ErasureDecidedError unless a decision is still to come."""
        if self.state is not ErasureState.REQUESTED:
            raise ErasureDecidedError(
                f"the erasure is {self.state} and was decided at {self.decided_at}",
                field="erasure_id",
                remedy="ask for the erasure anew, if it was declined and is wanted after all",
            )

    def when(self, event: Event) -> None:
        """Apply one event."""
        match event:
            case ErasureRequested():
                self.issuer_id, self.subject_ref = event.issuer_id, event.subject_ref
                self.reason, self.state = event.reason, ErasureState.REQUESTED
                self.requested_at, self.requested_by = event.recorded_at, event.actor
            case ErasureConfirmed():
                self.state, self.decided_at = ErasureState.PENDING, event.recorded_at
            case ErasureDeclined():
                self.state, self.decided_at = ErasureState.DECLINED, event.recorded_at
            case ErasureCompleted():
                self.state, self.completed_at = ErasureState.COMPLETED, event.recorded_at
            case _:
                raise ForeignEventError(f"not an erasure's event: {event!r}")
