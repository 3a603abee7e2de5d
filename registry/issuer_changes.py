"""What happens to an organisation and its keys: a key compromised, a new name, a successor, an end.

The DID stays whatever happens, so that old documents and lists go on being verified.
"""

from collections.abc import Callable
from datetime import datetime

from registry.commands import Caller
from registry.domain.aggregate import Command
from registry.domain.errors import InvalidValueError, UnknownIssuerError
from registry.domain.instants import instant
from registry.domain.issuer import EndReason, Issuer
from registry.domain.issuer_keys import key_type_of
from registry.issuer_commands import IssuerCommands
from registry.lookups import Lookups
from registry.store.signing import SigningKeys
from registry.streams import Streams


class IssuerChanges:
    """Use cases of operators; each takes the caller first and is durable on return."""

    def __init__(
        self,
        *,
        streams: Streams,
        commands: IssuerCommands,
        lookups: Lookups,
        signing: SigningKeys,
    ) -> None:
        self._streams = streams
        self._commands = commands
        self._lookups = lookups
        self._signing = signing

    def compromise_key(
        self, caller: Caller, issuer_id: str, key: str, *, since: datetime
    ) -> Issuer:
        """Record that others may have held a key from `since` on; return the issuer.

        Where it was the last of its type that signed, the next one is made in the same save: the
        lists it signed must be signed anew at once.
        """

        def record(issuer: Issuer, command: Command) -> None:
            issuer.check_can_be_compromised(command, key=key, since=since)
            if issuer.is_last_of_its_type(key):
                self._add_next(issuer, command, key)
            issuer.compromise_key(command, key=key, since=since)

        body = {"since": instant(since)}
        operation = f"keys/{key}/compromise"
        return self._change(caller, issuer_id, operation, body=body, decide=record)

    def _add_next(self, issuer: Issuer, command: Command, key: str) -> None:
        at = instant(command.recorded_at)
        new = self._signing.create(str(issuer.id), at=at, key_type=key_type_of(key))
        issuer.add_key(command, key=new, verification_method=f"{issuer.did}#{new}")

    def rename(
        self, caller: Caller, issuer_id: str, *, name_pl: str, name_en: str, url: str
    ) -> Issuer:
        """Record another name or another site of the organisation."""
        body = {"name_pl": name_pl, "name_en": name_en, "url": url}
        return self._change(
            caller,
            issuer_id,
            "rename",
            body=body,
            decide=lambda issuer, command: issuer.rename(command, **body),
        )

    def add_alias(self, caller: Caller, issuer_id: str, also_known_as: str) -> Issuer:
        """Record another URI that stands for the very same organisation."""
        body = {"also_known_as": also_known_as}
        return self._change(
            caller,
            issuer_id,
            "aliases",
            body=body,
            decide=lambda issuer, command: issuer.add_alias(command, **body),
        )

    def succeed(
        self, caller: Caller, issuer_id: str, successor_id: str, *, reason: EndReason
    ) -> Issuer:
        """Name another issuer of this registry as the one that carries on."""

        def decide(issuer: Issuer, command: Command) -> None:
            self._check_leads_elsewhere(issuer_id, successor_id)
            issuer.succeed(command, by=successor_id, reason=reason)

        body = {"successor_id": successor_id, "reason": reason.value}
        return self._change(caller, issuer_id, "succeed", body=body, decide=decide)

    def close(
        self, caller: Caller, issuer_id: str, *, custodian_id: str | None, reason: EndReason
    ) -> Issuer:
        """End an issuer's issuing; what it issued, its lists and its documents stay served."""

        def decide(issuer: Issuer, command: Command) -> None:
            if custodian_id is not None and self._found(custodian_id, "custodian_id").closed:
                raise InvalidValueError(
                    "the custodian is closed itself",
                    field="custodian_id",
                    remedy="name an issuer that is open, or none",
                )
            issuer.close(command, custodian_id=custodian_id, reason=reason)

        body = {"custodian_id": custodian_id, "reason": reason.value}
        return self._change(caller, issuer_id, "close", body=body, decide=decide)

    def _check_leads_elsewhere(self, issuer_id: str, successor_id: str) -> None:
        """Refuse a successor whose own successors lead back."""
        following: str | None = successor_id
        passed: set[str] = set()
        # Two that named each other at the same moment already lead round in a circle.
        while following is not None and following not in passed:
            passed.add(following)
            if following == issuer_id:
                raise InvalidValueError(
                    "the successor is succeeded by this very issuer",
                    field="successor_id",
                    remedy="name an issuer whose own successors do not lead back here",
                )
            following = self._found(following, "successor_id").successor_id

    def _found(self, issuer_id: str, field: str) -> Issuer:
        try:
            return self._lookups.issuer(issuer_id)
        except UnknownIssuerError as error:
            raise UnknownIssuerError(error.reason, field=field) from error

    def _change(
        self,
        caller: Caller,
        issuer_id: str,
        operation: str,
        *,
        body: object,
        decide: Callable[[Issuer, Command], None],
    ) -> Issuer:
        operation = f"issuers/{issuer_id}/{operation}"
        command = self._commands.make(caller, issuer_id, operation=operation, body=body)
        return self._streams.carry_out(
            command, lambda: self._lookups.issuer(issuer_id), lambda issuer: decide(issuer, command)
        )
