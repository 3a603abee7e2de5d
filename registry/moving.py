"""Move issuers to another shard: what forbids it, and the event that says so.

From that event on nothing of them is changed or published here. The shard they go to is made of a
copy of this database that is taken afterwards, since a stream, a list's index or a key cannot be
put into a registry with a history of its own: its log would have to begin anew, and whoever
compares positions, versions or checkpoints would find them contradicted (docs/shards.md).
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from registry.commands import Caller
from registry.domain.errors import ConflictError, InvalidValueError
from registry.domain.issuer import Issuer
from registry.issuer_commands import IssuerCommands
from registry.lookups import Lookups
from registry.streams import Streams


class IssuerBusyError(ConflictError):
    """The issuer has work under way, which would be cut in two."""


class TiedIssuersError(ConflictError):
    """The issuer is tied to another one, which would stay in another shard."""


@dataclass(frozen=True)
class Tie:
    """Two issuers of which one decides for the other, `other` at home in a shard of its own."""

    issuer_id: str
    other_id: str
    other_home: str | None
    reason: str


class Moving:
    """The use case of operators.

    `ties_of` gives the ties of issuers to any others, `work_of` says what of an issuer's is under
    way; both are told by views that hold every event.
    """

    def __init__(
        self,
        *,
        streams: Streams,
        commands: IssuerCommands,
        lookups: Lookups,
        shards: Collection[str],
        ties_of: Callable[[Collection[str]], Iterable[Tie]],
        work_of: Callable[[str], Iterable[str]],
    ) -> None:
        self._streams = streams
        self._commands = commands
        self._lookups = lookups
        self._shards = shards
        self._ties_of = ties_of
        self._work_of = work_of

    def move(self, caller: Caller, issuer_ids: Sequence[str], *, to: str) -> list[Issuer]:
        """Record that issuers are at home in another shard from now on, all or none.

        Raises IssuerElsewhereError, IssuerBusyError, TiedIssuersError or InvalidValueError.
        """
        issuers = self.movable(caller, issuer_ids, to=to)
        self._streams.store(*issuers)
        for issuer in issuers:
            self._streams.homes.forget(str(issuer.id))
        return issuers

    def movable(self, caller: Caller, issuer_ids: Sequence[str], *, to: str) -> list[Issuer]:
        """Return issuers as the move would leave them, and record nothing; raises as `move`."""
        self._check_destination(to)
        issuers = [self._placed(caller, issuer_id, to) for issuer_id in dict.fromkeys(issuer_ids)]
        self._check_ties({str(issuer.id) for issuer in issuers}, to)
        return issuers

    def _check_destination(self, to: str) -> None:
        if to == self._streams.homes.shard or to not in self._shards:
            raise InvalidValueError(
                f"{to} is not the name of another shard",
                field="to",
                remedy="name one that stands in the setting shards, or put it there first",
            )

    def _placed(self, caller: Caller, issuer_id: str, to: str) -> Issuer:
        issuer = self._lookups.issuer(issuer_id)
        operation, body = f"issuers/{issuer_id}/move", {"to": to}
        command = self._commands.make(caller, issuer_id, operation=operation, body=body)
        if under_way := list(self._work_of(issuer_id)):
            raise IssuerBusyError(
                f"of the issuer {issuer_id} there is under way: {', '.join(under_way)}",
                field="issuer_id",
                remedy="wait for the end, or cancel it, then repeat",
            )
        issuer.place(command, shard=to)
        return issuer

    def _check_ties(self, moving: Collection[str], to: str) -> None:
        for tie in self._ties_of(moving):
            if tie.other_id not in moving and tie.other_home != to:
                raise TiedIssuersError(
                    f"of {tie.issuer_id} and {tie.other_id}, {tie.reason}",
                    field="issuer_id",
                    remedy="move both in one command, or end what ties them",
                )
