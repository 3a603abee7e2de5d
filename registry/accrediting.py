"""Accredit issuers, and say so in credentials: scheme, grant, suspend, reinstate, withdraw.

Each accreditation is an endorsement too, signed by the accreditor, with entries of its own in the
accreditor's status lists. Both are saved together, so that neither says what the other does not.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from registry import endorsing
from registry.accreditations import Accreditations
from registry.commands import Caller
from registry.domain.accreditation import Accreditation, AccreditationScheme, Grant
from registry.domain.aggregate import Aggregate, Command
from registry.domain.credential import Credential, Grounds
from registry.domain.errors import (
    AccreditationStateError,
    ConcurrentChangeError,
    InvalidValueError,
)
from registry.domain.instants import instant
from registry.domain.issuer import Issuer
from registry.domain.standing import Standing
from registry.endorsing import Endorsing, mechanism_of
from registry.generic_issuing import GenericIssuing
from registry.issuer_commands import IssuerCommands
from registry.issuing import Issued
from registry.lookups import Lookups
from registry.premises import still_issuing
from registry.requests import StatusChange
from registry.store.vault import Vault
from registry.streams import Streams

T = TypeVar("T")
A = TypeVar("A", bound=Aggregate)

ATTEMPTS = 5
"""How often a decision is taken anew because somebody else was faster."""

_SCHEMES = "accreditation-schemes"


@dataclass(frozen=True)
class NewScheme:
    """A scheme to open; `url` is where its rules can be read."""

    name_pl: str
    name_en: str
    accreditor_id: str
    url: str


@dataclass(frozen=True)
class NewAccreditation:
    """An accreditation to grant; from now unless `valid_from` says otherwise."""

    issuer_id: str
    scope: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def plain(self) -> dict[str, Any]:
        """Return the request as plain JSON, for the digest that recognises a repeat."""
        return {
            "issuer_id": self.issuer_id,
            "scope": self.scope,
            "valid_from": self.valid_from and instant(self.valid_from),
            "valid_until": self.valid_until and instant(self.valid_until),
        }


Decision = Callable[[Accreditation, Command, Grounds], None]
Sequel = Callable[[Credential, Command, Grounds], None]


class Accrediting:
    """The use cases of operators who keep an accreditor's decisions; durable on return."""

    def __init__(
        self,
        *,
        streams: Streams,
        commands: IssuerCommands,
        lookups: Lookups,
        records: Accreditations,
        generic: GenericIssuing,
        vault: Vault,
    ) -> None:
        self._streams = streams
        self._commands = commands
        self._lookups = lookups
        self._endorsing = Endorsing(lookups=lookups, generic=generic, vault=vault)
        self.records = records

    def open_scheme(self, caller: Caller, new: NewScheme) -> AccreditationScheme:
        """Open a scheme; its accreditor must have a key to sign endorsements with."""
        command = self._commands.make(caller, new.accreditor_id, operation=_SCHEMES, body=vars(new))
        return _persistently(lambda: self._try_to_open(command, new))

    def _try_to_open(self, command: Command, new: NewScheme) -> AccreditationScheme:
        known = self.records.schemes()
        if answered := self._answered(known, command):
            return answered
        accreditor = self._lookups.issuer(new.accreditor_id)
        accreditor.check_open()
        mechanism_of(accreditor)
        scheme = AccreditationScheme(self.records.next_scheme_id())
        scheme.open(command, **vars(new))
        self._streams.store(scheme)
        return scheme

    def grant(self, caller: Caller, scheme_id: str, new: NewAccreditation) -> Accreditation:
        """Accredit an issuer, and issue the endorsement that says so, both or neither."""
        scheme = self.records.scheme(scheme_id)
        operation = f"{_SCHEMES}/{scheme_id}/accreditations"
        accreditor_id = scheme.accreditor_id
        command = self._commands.make(caller, accreditor_id, operation=operation, body=new.plain())
        endorsement_id = self._commands.new_id(caller, accreditor_id, operation=operation)
        return _persistently(lambda: self._try_to_grant(command, scheme, new, endorsement_id))

    def _try_to_grant(
        self,
        command: Command,
        scheme: AccreditationScheme,
        new: NewAccreditation,
        endorsement_id: UUID,
    ) -> Accreditation:
        # Refuses a repeat that names another issuer, whose accreditations do not know the command.
        self._streams.load(Credential(endorsement_id)).answered(command)
        issuer = self._lookups.issuer(new.issuer_id)
        known = self.records.of_issuer(scheme, new.issuer_id)
        if answered := self._answered(known, command):
            return answered
        issuer.check_open()
        _check_new(command, scheme, new, known)
        number = self.records.accreditation_id(scheme, new.issuer_id, len(known))
        accreditation = Accreditation(number)
        grant = Grant(
            scheme_id=str(scheme.id),
            issuer_id=new.issuer_id,
            scope=new.scope,
            valid_from=new.valid_from or command.recorded_at,
            valid_until=new.valid_until,
            endorsement_id=str(endorsement_id),
        )
        accreditation.grant(command, grant)
        endorsement = self._endorsing.endorse(command, scheme, issuer, grant)
        accreditor = self._lookups.issuer(scheme.accreditor_id)
        methods = [endorsement.issuance.verification_method]

        def premise() -> list[Issuer]:
            return [
                still_issuing(self._streams, accreditor, methods),
                still_issuing(self._streams, issuer, ()),
            ]

        self._streams.store(endorsement, accreditation, premise=premise)
        return accreditation

    def suspend(self, caller: Caller, accreditation_id: str, change: StatusChange) -> Accreditation:
        """Let an accreditation not count for now; its endorsement is suspended with it."""
        return self._change(
            caller,
            accreditation_id,
            change,
            operation="suspend",
            decide=Accreditation.suspend,
            follow=endorsing.suspend,
        )

    def reinstate(
        self, caller: Caller, accreditation_id: str, change: StatusChange
    ) -> Accreditation:
        """Let an accreditation count again.

        Raises RevokedIsFinalError where the accreditor revoked its endorsement meanwhile.
        """
        return self._change(
            caller,
            accreditation_id,
            change,
            operation="reinstate",
            decide=Accreditation.reinstate,
            follow=endorsing.reinstate,
        )

    def withdraw(
        self, caller: Caller, accreditation_id: str, change: StatusChange
    ) -> Accreditation:
        """End an accreditation for ever; its endorsement is revoked, no other credential is."""
        return self._change(
            caller,
            accreditation_id,
            change,
            operation="withdraw",
            decide=Accreditation.withdraw,
            follow=endorsing.revoke,
        )

    def endorsement(self, accreditation_id: str) -> Issued:
        """Return the credential that says so; raises DocumentGoneError once it was erased."""
        return self._endorsing.document(self.records.accreditation(accreditation_id))

    def _change(
        self,
        caller: Caller,
        accreditation_id: str,
        change: StatusChange,
        *,
        operation: str,
        decide: Decision,
        follow: Sequel,
    ) -> Accreditation:
        accreditation = self.records.accreditation(accreditation_id)
        accreditor_id = self.records.scheme(accreditation.granted.scheme_id).accreditor_id
        command = self._commands.make(
            caller,
            accreditor_id,
            operation=f"accreditations/{accreditation_id}/{operation}",
            body=change.plain(),
        )

        def attempt() -> Accreditation:
            accreditation = self.records.accreditation(accreditation_id)
            if answered := self._answered([accreditation], command):
                return answered
            accreditation.expect(command)
            self._lookups.issuer(accreditor_id).check_reason(change.reason)
            grounds = Grounds(change.reason, effective_at=change.effective_at)
            decide(accreditation, command, grounds)
            endorsement = self._endorsing.credential(accreditation)
            follow(endorsement, command, grounds)
            self._streams.store(accreditation, endorsement)
            return accreditation

        return _persistently(attempt)

    def _answered(self, known: list[A], command: Command) -> A | None:
        """Return what this very command led to before, as it left it."""
        for each in known:
            if (version := each.answered(command)) is not None:
                self._streams.confirm()
                return self._streams.load_at(type(each)(each.id), version)
        return None


def _persistently(attempt: Callable[[], T]) -> T:
    for _ in range(ATTEMPTS - 1):
        with suppress(ConcurrentChangeError):
            return attempt()
    return attempt()


def _check_new(
    command: Command, scheme: AccreditationScheme, new: NewAccreditation, known: list[Accreditation]
) -> None:
    if new.issuer_id == scheme.accreditor_id:
        raise InvalidValueError(
            "an accreditor does not accredit itself",
            field="issuer_id",
            remedy="accredit it under the scheme of another accreditor",
        )
    over = (Standing.EXPIRED, Standing.WITHDRAWN)
    for each in known:
        same = each.granted.scope == new.scope
        if same and each.standing(command.recorded_at) not in over:
            raise AccreditationStateError(
                f"the issuer has the accreditation {each.id} for this scope",
                remedy="withdraw that one first, or name another scope",
            )
