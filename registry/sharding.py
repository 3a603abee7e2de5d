"""Shards by issuer: several registries, each with its own database, behind one public URL.

An issuer is at home in one shard: the one its last `IssuerPlaced` names, or the shard without a
name where none ever did. It is changed and published there alone. A shard that was split off with a
copy of the database knows the issuers that stayed behind, and its own past of those that left: both
can be read, neither can be changed.
"""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from registry.domain.errors import ConflictError, InvalidValueError
from registry.domain.events import AccreditationSchemeOpened, Event, IssuerEvent

NO_NAME = "-"
"""What stands for the shard without a name where a name has to stand."""

LOOK_SECONDS = 1.0
"""How long a process may not have noticed that another one moved an issuer away."""

_NAME = re.compile("[a-z][a-z0-9-]{0,15}")
_PATHS = frozenset({"checkpoint", "tile"})

MovesOf = Callable[[str, int], tuple[int, str | None]]
"""From an issuer's id and a version of its stream: the newest one, and where it moved since."""


class ElsewhereError(ConflictError):
    """Another shard of this registry answers for this.

    `shard` is its name, None for the one without. Nothing was done, so that whoever asked may ask
    that shard, whatever the request was.
    """

    def __init__(self, reason: str, *, shard: str | None, field: str | None = None) -> None:
        super().__init__(
            reason, field=field, remedy=f"send the same request to the shard {shard or NO_NAME}"
        )
        self.shard = shard
        self.members = {"shard": shard or NO_NAME}


class IssuerElsewhereError(ElsewhereError):
    """The issuer is at home in another shard."""


def check_shard_name(name: str) -> str:
    """Return a name that a shard may have; raises InvalidValueError.

    It stands in paths where numbers of logs stand, so that it does not begin with a digit.
    """
    if not _NAME.fullmatch(name) or name in _PATHS:
        raise InvalidValueError(
            "a shard's name is 1 to 16 lower-case letters, digits and hyphens, begins with a "
            "letter and is neither checkpoint nor tile",
            field="shard",
        )
    return name


def issuer_of(event: Event) -> str | None:
    """Return the issuer whose affair an event is, None where the event does not tell.

    Such are those of a list's counters, which come about only while its issuer issues, and may
    yet be given back by a process that stops after the issuer moved.
    """
    match event:
        case IssuerEvent():
            return str(event.originator_id)
        case AccreditationSchemeOpened():
            return event.accreditor_id
    return getattr(event, "issuer_id", None)


@dataclass
class _Known:
    home: str | None = None
    version: int = 0
    looked_at: float = float("-inf")


class Homes:
    """Knows of each issuer where it is at home, at most a second late; `shard` is this one."""

    def __init__(
        self,
        shard: str | None,
        moves_of: MovesOf,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.shard = shard
        self._moves_of = moves_of
        self._monotonic = monotonic
        self._known: dict[str, _Known] = {}

    def is_here(self, issuer_id: str) -> bool:
        """Return whether an issuer is at home here; so is one that nothing is known of."""
        known = self._looked_up(issuer_id)
        return not known.version or known.home == self.shard

    def check(self, issuer_id: str) -> None:
        """Raise IssuerElsewhereError unless an issuer is at home here."""
        if not self.is_here(issuer_id):
            raise IssuerElsewhereError(
                "the issuer is at home in another shard of this registry",
                field="issuer_id",
                shard=self._known[issuer_id].home,
            )

    def check_events(self, events: Iterable[Event]) -> None:
        """Raise IssuerElsewhereError where an event is the affair of an issuer elsewhere."""
        for issuer_id in {issuer_of(event) for event in events}:
            if issuer_id is not None:
                self.check(issuer_id)

    def forget(self, issuer_id: str) -> None:
        """Look an issuer up at once when it is asked for next: it was placed just now."""
        self._known.pop(issuer_id, None)

    def _looked_up(self, issuer_id: str) -> _Known:
        known = self._known.setdefault(issuer_id, _Known())
        now = self._monotonic()
        if now - known.looked_at >= LOOK_SECONDS:
            version, moved_to = self._moves_of(issuer_id, known.version)
            known = _Known(moved_to or known.home, version, now)
            self._known[issuer_id] = known
        return known
