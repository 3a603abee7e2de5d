"""The credential's life: issued, suspended and reinstated, revoked. Revoked is final."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from registry.domain.aggregate import Aggregate, Command, ForeignEventError
from registry.domain.errors import (
    AlreadySuspendedError,
    EffectiveAtError,
    NoStatusEntryError,
    NotSuspendableError,
    NotSuspendedError,
    RevokedIsFinalError,
)
from registry.domain.events import (
    CredentialDocumentErased,
    CredentialIssued,
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    Event,
)
from registry.domain.instants import instant, parse_instant
from registry.domain.profiles import purposes_of
from registry.domain.reasons import SUPERSEDED, SUSPENSION_ENDED


class Status(StrEnum):
    """The status of a credential as its events left it."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Placement:
    """The entry of a credential: one index in one list, given out once for ever."""

    list_id: str
    index: int


@dataclass(frozen=True)
class Issuance:
    """What is recorded when a credential is issued; identifiers, digests and dates only.

    A generic credential has no achievement, and no placement where it got no entry here.
    """

    issuer_id: str
    profile: str
    subject_ref: str
    document_digest: str
    verification_method: str
    cryptosuite: str
    valid_from: datetime
    achievement_id: str | None = None
    achievement_version: int | None = None
    placement: Placement | None = None
    valid_until: datetime | None = None
    supersedes: str | None = None


@dataclass(frozen=True)
class Grounds:
    """Why a status changes: a reason code, the keyed digest of a private note, and since when.

    `effective_at` is when it became true in the world: not later than it is recorded.
    """

    reason: str
    note_digest: str | None = None
    effective_at: datetime | None = None

    @property
    def effective_text(self) -> str | None:
        """`effective_at` as events carry it."""
        return instant(self.effective_at) if self.effective_at else None

    def check_effective_at(self, command: Command, *, earliest: datetime, of: str) -> None:
        """Raise EffectiveAtError for a moment that is to come, or before the `earliest` of a thing.

        `of` names the thing that did not exist before.
        """
        if self.effective_at is None:
            return
        if self.effective_at > command.recorded_at:
            raise EffectiveAtError(
                f"{self.effective_text} lies in the future",
                field="effective_at",
                remedy="leave it out, or name the earlier moment since when it holds",
            )
        if self.effective_at < earliest:
            raise EffectiveAtError(
                f"the {of} did not exist before {instant(earliest)}",
                field="effective_at",
                remedy="name that moment or a later one",
            )


class Credential(Aggregate):
    """Folds the events of one credential; `vault_digests` names what the vault keeps for it.

    `status_command_id` is the command that gave it its present status.
    """

    issuance: CredentialIssued
    status: Status
    status_command_id: str
    suspended_until: str | None = None
    superseded_by: str | None = None

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.vault_digests: set[str] = set()
        self.erased = False

    def issue(self, command: Command, issuance: Issuance) -> None:
        """Record that the credential was issued."""
        placement = issuance.placement
        self.record(
            CredentialIssued,
            command,
            issuer_id=issuance.issuer_id,
            list_id=placement.list_id if placement else None,
            list_index=placement.index if placement else None,
            achievement_id=issuance.achievement_id,
            achievement_version=issuance.achievement_version,
            profile=str(issuance.profile),
            subject_ref=issuance.subject_ref,
            document_digest=issuance.document_digest,
            verification_method=issuance.verification_method,
            cryptosuite=issuance.cryptosuite,
            valid_from=instant(issuance.valid_from),
            valid_until=instant(issuance.valid_until) if issuance.valid_until else None,
            supersedes=issuance.supersedes,
        )

    def suspend(self, command: Command, grounds: Grounds, *, until: datetime | None = None) -> None:
        """Suspend, for good or until a moment that has yet to come."""
        self.check_not_revoked("suspended")
        self.check_entry("suspension")
        if self.status is Status.SUSPENDED:
            raise AlreadySuspendedError("the credential is suspended already")
        if until is not None and until <= command.recorded_at:
            raise EffectiveAtError(
                f"the end of the suspension {instant(until)} is not in the future",
                field="until",
                remedy="name a later moment, or none",
            )
        details = self._details(command, grounds)
        self.record(
            CredentialSuspended, command, until=instant(until) if until else None, **details
        )

    def reinstate(self, command: Command, grounds: Grounds) -> None:
        """End a suspension."""
        self.check_not_revoked("reinstated")
        if self.status is not Status.SUSPENDED:
            raise NotSuspendedError("the credential is not suspended")
        self.record(CredentialReinstated, command, **self._details(command, grounds))

    def end_suspension(self, command: Command) -> None:
        """Reinstate, since the promised end of the suspension has come.

        The end is not compared with the issuing: the clock may have been ahead then.
        """
        self.record(
            CredentialReinstated,
            command,
            **self._place(),
            reason=SUSPENSION_ENDED,
            effective_at=self.suspended_until,
        )

    def revoke(self, command: Command, grounds: Grounds) -> None:
        """Revoke for ever, from any other status."""
        self.check_not_revoked("revoked again")
        self.check_entry("revocation")
        self.record(CredentialRevoked, command, **self._details(command, grounds))

    def supersede(self, command: Command, *, by: str) -> None:
        """Revoke because the credential with the id `by` takes its place."""
        self.check_not_revoked("superseded")
        self.check_entry("revocation")
        details = self._details(command, Grounds(SUPERSEDED))
        self.record(CredentialRevoked, command, superseded_by=by, **details)

    def erase(self, command: Command, *, erasure_id: str) -> None:
        """Record that the document and its notes are gone, unless that was recorded before.

        The status stays: erasing is not revoking.
        """
        if not self.erased:
            issuance = self.issuance
            self.record(
                CredentialDocumentErased,
                command,
                issuer_id=issuance.issuer_id,
                subject_ref=issuance.subject_ref,
                erasure_id=erasure_id,
            )

    @property
    def purposes(self) -> tuple[str, ...]:
        """The status purposes the credential has an entry for."""
        return purposes_of(self.issuance.profile)

    def check_entry(self, purpose: str) -> None:
        """Raise NotSuspendableError or NoStatusEntryError without an entry for the purpose."""
        if purpose in self.purposes:
            return
        error = NotSuspendableError if purpose == "suspension" else NoStatusEntryError
        raise error(
            f"the credential was issued with the profile {self.issuance.profile}, "
            f"without a {purpose} entry",
            remedy=f"issue a new one with a {purpose} entry",
        )

    def check_not_revoked(self, wanted: str) -> None:
        """Raise RevokedIsFinalError, saying what a revoked credential cannot be."""
        if self.status is Status.REVOKED:
            raise RevokedIsFinalError(
                f"the credential is revoked and cannot be {wanted}",
                remedy="issue a new credential that supersedes it",
            )

    def _details(self, command: Command, grounds: Grounds) -> dict[str, Any]:
        issuance = self.issuance
        earliest = min(parse_instant(issuance.valid_from), parse_instant(issuance.recorded_at))
        grounds.check_effective_at(command, earliest=earliest, of="credential")
        return self._place() | {
            "reason": grounds.reason,
            "note_digest": grounds.note_digest,
            "effective_at": grounds.effective_text,
        }

    def _place(self) -> dict[str, Any]:
        return {
            "issuer_id": self.issuance.issuer_id,
            "list_id": self.issuance.list_id,
            "list_index": self.issuance.list_index,
        }

    def when(self, event: Event) -> None:
        """Apply one event."""
        match event:
            case CredentialIssued():
                self.issuance, self.status = event, Status.ACTIVE
                self.status_command_id = event.command_id
                self.vault_digests.add(event.document_digest)
            case CredentialSuspended():
                self._change_status(event, Status.SUSPENDED)
                self.suspended_until = event.until
            case CredentialReinstated():
                self._change_status(event, Status.ACTIVE)
            case CredentialRevoked():
                self._change_status(event, Status.REVOKED)
                self.superseded_by = event.superseded_by
            case CredentialDocumentErased():
                self.erased = True
            case _:
                raise ForeignEventError(f"not a credential's event: {event!r}")

    def _change_status(
        self, event: CredentialSuspended | CredentialReinstated | CredentialRevoked, status: Status
    ) -> None:
        self.status, self.suspended_until = status, None
        self.status_command_id = event.command_id
        if event.note_digest is not None:
            self.vault_digests.add(event.note_digest)
