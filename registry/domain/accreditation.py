"""Accreditation: a scheme with its accreditor, and what the accreditor decided about an issuer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from registry.domain.aggregate import Aggregate, Command, ForeignEventError
from registry.domain.credential import Grounds
from registry.domain.errors import (
    AccreditationStateError,
    AccreditationWithdrawnError,
    EffectiveAtError,
    InvalidValueError,
)
from registry.domain.events import (
    AccreditationChange,
    AccreditationGranted,
    AccreditationReinstated,
    AccreditationSchemeOpened,
    AccreditationSuspended,
    AccreditationWithdrawn,
    Event,
)
from registry.domain.instants import instant, parse_instant
from registry.domain.standing import Change, Kind, Standing, Term


class AccreditationScheme(Aggregate):
    """Folds the events of one scheme."""

    name_pl: str
    name_en: str
    accreditor_id: str
    url: str

    def open(
        self, command: Command, *, name_pl: str, name_en: str, accreditor_id: str, url: str
    ) -> None:
        """Let an accreditor decide under this scheme who may issue."""
        self.record(
            AccreditationSchemeOpened,
            command,
            name_pl=name_pl,
            name_en=name_en,
            accreditor_id=accreditor_id,
            url=url,
        )

    def when(self, event: Event) -> None:
        """Apply one event."""
        match event:
            case AccreditationSchemeOpened():
                self.name_pl, self.name_en = event.name_pl, event.name_en
                self.accreditor_id, self.url = event.accreditor_id, event.url
            case _:
                raise ForeignEventError(f"not a scheme's event: {event!r}")


@dataclass(frozen=True)
class Grant:
    """What an accreditation is granted for; `endorsement_id` is the credential that says so."""

    scheme_id: str
    issuer_id: str
    scope: str
    valid_from: datetime
    valid_until: datetime | None = None
    endorsement_id: str | None = None


class Accreditation(Aggregate):
    """Folds the events of one accreditation; withdrawn is final."""

    granted: AccreditationGranted

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.changes: list[Change] = []

    def grant(self, command: Command, grant: Grant) -> None:
        """Accredit an issuer; raises InvalidValueError for an end that is not after the start."""
        until = grant.valid_until
        if until is not None and until <= max(grant.valid_from, command.recorded_at):
            raise InvalidValueError(
                f"the end {instant(until)} is not after the start, or is past already",
                field="valid_until",
                remedy="name a later moment, or none",
            )
        self.record(
            AccreditationGranted,
            command,
            scheme_id=grant.scheme_id,
            issuer_id=grant.issuer_id,
            scope=grant.scope,
            valid_from=instant(grant.valid_from),
            valid_until=instant(until) if until else None,
            endorsement_id=grant.endorsement_id,
        )

    def suspend(self, command: Command, grounds: Grounds) -> None:
        """Let it not count for now."""
        self._check_not_withdrawn("suspended")
        if self.is_suspended:
            raise AccreditationStateError(
                "the accreditation is suspended already",
                remedy="nothing is left to be done; to end it for ever, withdraw it",
            )
        self._check_order(grounds)
        self._change(AccreditationSuspended, command, grounds)

    def reinstate(self, command: Command, grounds: Grounds) -> None:
        """Let it count again."""
        self._check_not_withdrawn("reinstated")
        if not self.is_suspended:
            raise AccreditationStateError(
                "the accreditation is not suspended",
                remedy="nothing is left to be done; its standing says whether it counts",
            )
        self._check_order(grounds)
        self._change(AccreditationReinstated, command, grounds)

    def withdraw(self, command: Command, grounds: Grounds) -> None:
        """End it for ever, perhaps since an earlier moment."""
        self._check_not_withdrawn("withdrawn again")
        self._change(AccreditationWithdrawn, command, grounds)

    @property
    def is_suspended(self) -> bool:
        """Whether its last change is a suspension."""
        return self._last is Kind.SUSPENDED

    @property
    def is_withdrawn(self) -> bool:
        """Whether it ended for ever."""
        return self._last is Kind.WITHDRAWN

    @property
    def term(self) -> Term:
        """What counts when an issuer's standing is told."""
        until = self.granted.valid_until
        return Term(
            valid_from=parse_instant(self.granted.valid_from),
            valid_until=parse_instant(until) if until else None,
            granted_at=parse_instant(self.granted.recorded_at),
            changes=tuple(self.changes),
        )

    def standing(self, moment: datetime) -> Standing:
        """Return what it makes of its issuer at a moment, as is known now."""
        return self.term.standing(moment) or Standing.NOT_ACCREDITED

    def lost_at(self) -> datetime:
        """Return since when it no longer counts; raises AccreditationStateError where it may."""
        if self._last not in (Kind.SUSPENDED, Kind.WITHDRAWN):
            raise AccreditationStateError(
                "the accreditation is neither suspended nor withdrawn",
                remedy="ask once it is; then what was issued since is listed",
            )
        # What is withdrawn while it is suspended counts for nothing since the suspension.
        lost = [each for each in self.changes[-2:] if each.kind is not Kind.REINSTATED]
        return min(each.effective_at for each in lost)

    @property
    def _last(self) -> Kind | None:
        return self.changes[-1].kind if self.changes else None

    def _check_not_withdrawn(self, wanted: str) -> None:
        if self.is_withdrawn:
            raise AccreditationWithdrawnError(
                f"the accreditation is withdrawn and cannot be {wanted}",
                remedy="grant a new one",
            )

    def _check_order(self, grounds: Grounds) -> None:
        """Raise EffectiveAtError for an effect before that of the change before this one."""
        if grounds.effective_at is None or not self.changes:
            return
        last = self.changes[-1]
        if grounds.effective_at < last.effective_at:
            raise EffectiveAtError(
                f"the accreditation was {last.kind} as of {instant(last.effective_at)}, later",
                field="effective_at",
                remedy="name a moment after that",
            )

    def _change(
        self, event_class: type[AccreditationChange], command: Command, grounds: Grounds
    ) -> None:
        earliest = min(self.term.valid_from, self.term.granted_at)
        grounds.check_effective_at(command, earliest=earliest, of="accreditation")
        details: dict[str, Any] = {
            "scheme_id": self.granted.scheme_id,
            "issuer_id": self.granted.issuer_id,
            "reason": grounds.reason,
            "effective_at": grounds.effective_text,
        }
        self.record(event_class, command, **details)

    def when(self, event: Event) -> None:
        """Apply one event."""
        match event:
            case AccreditationGranted():
                self.granted = event
            case AccreditationSuspended() | AccreditationReinstated() | AccreditationWithdrawn():
                self.changes.append(change_of(event))
            case _:
                raise ForeignEventError(f"not an accreditation's event: {event!r}")


_KINDS: dict[type[AccreditationChange], Kind] = {
    AccreditationSuspended: Kind.SUSPENDED,
    AccreditationReinstated: Kind.REINSTATED,
    AccreditationWithdrawn: Kind.WITHDRAWN,
}


def change_of(event: AccreditationChange) -> Change:
    """Return the change that an event records."""
    recorded_at = parse_instant(event.recorded_at)
    effective_at = parse_instant(event.effective_at) if event.effective_at else recorded_at
    return Change(_KINDS[type(event)], recorded_at, effective_at, event.reason)
