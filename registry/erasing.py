"""Erase a learner at one issuer: one asks, another confirms; and what forbids it, law or a claim.

Who may erase is the caller's affair. What is erased, and that it stays so, is `erasure_work`'s.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from registry.commands import Caller
from registry.domain.aggregate import Command
from registry.domain.credential import Credential
from registry.domain.erasure import DeclineReason, Erasure, ErasureReason
from registry.domain.errors import (
    AlreadyErasedError,
    RetentionDutyError,
    UnknownErasureError,
    UnknownSubjectError,
)
from registry.domain.instants import instant, parse_instant
from registry.domain.issuer import Issuer
from registry.domain.legal_hold import HoldReason, LegalHold, LiftReason
from registry.erasure_work import ErasureWork
from registry.identifiers import parse_id
from registry.issuer_commands import IssuerCommands
from registry.lookups import Lookups
from registry.store.vault import Known, Vault
from registry.streams import Streams

_ERASURES = "erasures"


class Erasing:
    """The use cases of operators about a learner's data; each takes the caller first."""

    def __init__(
        self,
        *,
        streams: Streams,
        commands: IssuerCommands,
        lookups: Lookups,
        vault: Vault,
        work: ErasureWork,
        clock: Callable[[], datetime],
    ) -> None:
        self._streams = streams
        self._commands = commands
        self._lookups = lookups
        self._vault = vault
        self._clock = clock
        self.work = work

    def request(self, caller: Caller, reference: str, reason: ErasureReason) -> Erasure:
        """Ask that one learner be erased at one issuer.

        Raises UnknownSubjectError, AlreadyErasedError, LegalHoldError or RetentionDutyError.
        """
        return self._request(caller, reference, reason)

    def request_everywhere(
        self, caller: Caller, reference: str, reason: ErasureReason
    ) -> list[Erasure]:
        """Ask that a person be erased at every issuer that knows them by the same identifier.

        Raises as `request` where one of them forbids it, and then asks for none. A repeat is
        answered as the first request was, even once the person is erased.
        """
        asked = self._asked_before(caller)
        if not (reference in asked and self._known(reference).erased):
            new = [each for each in self._references_here(reference) if each not in asked]
            for each in new:
                self.check_erasable(each)
            asked += new
        asked.sort(key=lambda each: each != reference)
        return [self._request(caller, each, reason, everywhere=True) for each in asked]

    def check_erasable(self, reference: str) -> None:
        """Raise as `request` does, and change nothing."""
        self._check_erasable(self._known(reference), self._clock())

    def confirm(self, caller: Caller, erasure_id: str) -> Erasure:
        """Agree with another's request, and erase; raises FourEyesError, and as `request` does.

        On return nothing can be read any more; the state tells whether no file holds it either.
        Where another request for the learner was confirmed before, this one is completed with it.
        """
        self._confirm(caller, erasure_id, Erasure.confirm)
        return self.work.carry_out(erasure_id)

    def erase(self, caller: Caller, reference: str, reason: ErasureReason) -> Erasure:
        """Ask and confirm at once: for who holds the master key. Raises as `request` does."""
        erasure_id = str(self.request(caller, reference, reason).id)
        self._confirm(caller, erasure_id, Erasure.confirm_alone)
        return self.work.carry_out(erasure_id)

    def decline(self, caller: Caller, erasure_id: str, reason: DeclineReason) -> Erasure:
        """Refuse a request; raises ErasureDecidedError."""
        erasure = self.erasure(erasure_id)
        operation = f"erasures/{erasure_id}/decline"
        body = {"reason": reason.value}
        command = self._commands.make(caller, erasure.issuer_id, operation=operation, body=body)
        return self._streams.carry_out(
            command,
            lambda: self.erasure(erasure_id),
            lambda erasure: erasure.decline(command, reason=reason),
        )

    def erasure(self, erasure_id: str) -> Erasure:
        """Return an erasure; raises UnknownErasureError."""
        number = parse_id(erasure_id, UnknownErasureError, field="erasure_id")
        erasure = self._streams.load(Erasure(number))
        if not erasure.version:
            raise UnknownErasureError("there is no such erasure", field="erasure_id")
        return erasure

    def references_of_person(self, reference: str) -> list[str]:
        """Return every issuer's reference of the person one reference stands for, that one first.

        The person is known by one identifier: another address of the same human is another person.
        Raises UnknownSubjectError or AlreadyErasedError.
        """
        known = self._known(reference)
        _check_living(known)
        others = self._vault.references_of(self._vault.person(reference))
        return [reference, *(other for other in others if other != reference)]

    def place_hold(
        self, caller: Caller, reference: str, reason: HoldReason, *, until: datetime | None = None
    ) -> LegalHold:
        """Forbid erasing a learner; raises UnknownSubjectError or AlreadyErasedError."""
        known = self._known(reference)
        body = {"reason": reason.value, "until": until and instant(until)}
        command = self._command(caller, known, f"subjects/{reference}/hold", body)

        def place(hold: LegalHold) -> None:
            if self.work.is_under_way(reference):
                raise AlreadyErasedError("its erasure was confirmed already", field="subject_ref")
            _check_living(self._known(reference))
            hold.place(command, issuer_id=known.issuer_id, reason=reason, until=until)

        with self.work.deciding():
            return self._streams.carry_out(command, lambda: self.hold(reference), place)

    def lift_hold(self, caller: Caller, reference: str, reason: LiftReason) -> LegalHold:
        """Let a learner be erased again; raises UnknownSubjectError or NotHeldError."""
        known = self._known(reference)
        body = {"reason": reason.value}
        command = self._command(caller, known, f"subjects/{reference}/hold/lift", body)
        return self._streams.carry_out(
            command,
            lambda: self.hold(reference),
            lambda hold: hold.lift(command, issuer_id=known.issuer_id, reason=reason),
        )

    def hold(self, reference: str) -> LegalHold:
        """Return what holds a learner's data; raises UnknownSubjectError."""
        return self._streams.load(LegalHold(UUID(self._known(reference).subject_ref)))

    def set_retention_duty(
        self, caller: Caller, issuer_id: str, *, days: int, legal_basis: str
    ) -> Issuer:
        """Let an issuer's documents be kept for `days` from issuance; 0 ends the duty."""
        body = {"days": days, "legal_basis": legal_basis}
        operation = f"issuers/{issuer_id}/retention-duty"
        command = self._commands.make(caller, issuer_id, operation=operation, body=body)
        return self._streams.carry_out(
            command,
            lambda: self._lookups.issuer(issuer_id),
            lambda issuer: issuer.set_retention_duty(command, days=days, legal_basis=legal_basis),
        )

    def _asked_before(self, caller: Caller) -> list[str]:
        """Return whom the caller asked to be erased under this idempotency key."""
        if caller.idempotency_key is None:
            return []
        ids = (self._new_id(caller, issuer_id) for issuer_id in self._vault.issuers())
        erasures = (self._streams.load(Erasure(erasure_id)) for erasure_id in ids)
        return [erasure.subject_ref for erasure in erasures if erasure.version]

    def _request(
        self, caller: Caller, reference: str, reason: ErasureReason, *, everywhere: bool = False
    ) -> Erasure:
        known = self._known(reference)
        body = {"subject_ref": reference, "reason": reason.value, "everywhere": everywhere}
        command = self._command(caller, known, _ERASURES, body)
        erasure_id = self._new_id(caller, known.issuer_id)

        def request(erasure: Erasure) -> None:
            self._check_erasable(known, command.recorded_at)
            erasure.request(
                command, issuer_id=known.issuer_id, subject_ref=reference, reason=reason
            )

        return self._streams.carry_out(
            command, lambda: self._streams.load(Erasure(erasure_id)), request
        )

    def _references_here(self, reference: str) -> list[str]:
        """Return what a person is known by at issuers that this shard answers for."""
        is_here = self._streams.homes.is_here
        known = map(self._known, self.references_of_person(reference))
        return [each.subject_ref for each in known if is_here(each.issuer_id)]

    def _new_id(self, caller: Caller, issuer_id: str) -> UUID:
        return self._commands.new_id(caller, issuer_id, operation=_ERASURES)

    def _confirm(
        self, caller: Caller, erasure_id: str, decision: Callable[[Erasure, Command], None]
    ) -> None:
        """Record the confirmation and put it in the journal before a hold can come between."""
        issuer_id = self.erasure(erasure_id).issuer_id
        operation = f"erasures/{erasure_id}/confirm"
        command = self._commands.make(caller, issuer_id, operation=operation, body={})

        def decide(erasure: Erasure) -> None:
            # What forbids it may have come since it was asked for.
            erasure.check_undecided()
            known = self._known(erasure.subject_ref)
            if not known.erased:
                self._check_erasable(known, command.recorded_at)
            decision(erasure, command)

        with self.work.deciding():
            self._streams.carry_out(command, lambda: self.erasure(erasure_id), decide)
            self.work.write_down(erasure_id)

    def _check_erasable(self, known: Known, now: datetime) -> None:
        _check_living(known)
        self.hold(known.subject_ref).check_erasable(now)
        self._check_retention(known, now)

    def _check_retention(self, known: Known, now: datetime) -> None:
        issuer = self._lookups.issuer(known.issuer_id)
        ids = self._vault.credentials_of(known.subject_ref) if issuer.retention_days else ()
        credentials = [self._streams.load(Credential(UUID(each))) for each in ids]
        # A document may lie there before its credential is recorded, or without it ever being.
        issued = [each.issuance.recorded_at for each in credentials if each.version]
        if not issued:
            return
        end = parse_instant(max(issued)) + timedelta(days=issuer.retention_days)
        if end > now:
            raise RetentionDutyError(
                f"documents are kept until {instant(end)}: {issuer.retention_basis}",
                field="subject_ref",
                remedy="ask again after that moment, or tell the learner why not (GDPR art. 17(3))",
            )

    def _known(self, reference: str) -> Known:
        parse_id(reference, UnknownSubjectError, field="subject_ref")
        return self._vault.known(reference)

    def _command(self, caller: Caller, known: Known, operation: str, body: object) -> Command:
        return self._commands.make(caller, known.issuer_id, operation=operation, body=body)


def _check_living(known: Known) -> None:
    if known.erased:
        raise AlreadyErasedError(
            "nothing is held of this learner any more",
            field="subject_ref",
            remedy="nothing is left to be done; a new issuance makes a new reference",
        )
