"""Find accreditations from their streams, and decide by them who may issue.

The ids of schemes, and of the accreditations of one issuer, are derived from a running number, so
that all of them are found without a view, which may be behind, and so that two who grant at once
collide in the event store.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import count
from uuid import NAMESPACE_URL, UUID, uuid5

from registry.domain.accreditation import Accreditation, AccreditationScheme
from registry.domain.aggregate import Aggregate
from registry.domain.errors import (
    NotAccreditedError,
    UnknownAccreditationError,
    UnknownSchemeError,
)
from registry.domain.instants import instant
from registry.domain.standing import Standing, standing_at
from registry.identifiers import parse_id
from registry.streams import Streams


class Accreditations:
    """Reads schemes and accreditations as they are now.

    Each of several shards that share the public URL gives its schemes ids of its own. `shards`
    names all of them: one that was split off knows the schemes of the one it came from.
    """

    def __init__(self, streams: Streams, *, public_url: str, shards: Sequence[str] = ()) -> None:
        self._streams = streams
        self._public_url = public_url
        self._own = streams.homes.shard
        self._shards = dict.fromkeys([None, *shards, self._own])

    def scheme_id(self, number: int, *, shard: str | None = None) -> UUID:
        """Return the id of scheme `number`, from 0, of a shard."""
        path = f"shards/{shard}/accreditation-schemes" if shard else "accreditation-schemes"
        return uuid5(NAMESPACE_URL, f"{self._public_url}/{path}/{number}")

    def next_scheme_id(self) -> UUID:
        """Return the id that the next scheme opened here has."""
        return self.scheme_id(len(list(self._schemes_of(self._own))), shard=self._own)

    def accreditation_id(self, scheme: AccreditationScheme, issuer_id: str, number: int) -> UUID:
        """Return the id of accreditation `number`, from 0, of an issuer under a scheme."""
        return uuid5(scheme.id, f"{issuer_id}/{number}")

    def schemes(self) -> list[AccreditationScheme]:
        """Return every scheme, those of each shard oldest first."""
        return [scheme for shard in self._shards for scheme in self._schemes_of(shard)]

    def of_issuer(self, scheme: AccreditationScheme, issuer_id: str) -> list[Accreditation]:
        """Return every accreditation of an issuer under one scheme, oldest first."""
        return list(self._of_issuer(scheme, issuer_id))

    def scheme(self, scheme_id: str) -> AccreditationScheme:
        """Return a scheme; raises UnknownSchemeError."""
        number = parse_id(scheme_id, UnknownSchemeError, field="scheme_id")
        scheme = self._streams.load(AccreditationScheme(number))
        if not scheme.version:
            raise UnknownSchemeError("there is no such scheme", field="scheme_id")
        return scheme

    def accreditation(self, accreditation_id: str) -> Accreditation:
        """Return an accreditation; raises UnknownAccreditationError."""
        field = "accreditation_id"
        number = parse_id(accreditation_id, UnknownAccreditationError, field=field)
        accreditation = self._streams.load(Accreditation(number))
        if not accreditation.version:
            raise UnknownAccreditationError("there is no such accreditation", field=field)
        return accreditation

    def _schemes_of(self, shard: str | None) -> Iterator[AccreditationScheme]:
        for number in count():
            scheme_id = self.scheme_id(number, shard=shard)
            scheme = self._streams.load(AccreditationScheme(scheme_id))
            if not scheme.version:
                return
            yield scheme

    def _of_issuer(self, scheme: AccreditationScheme, issuer_id: str) -> Iterator[Accreditation]:
        for number in count():
            accreditation_id = self.accreditation_id(scheme, issuer_id, number)
            accreditation = self._streams.load(Accreditation(accreditation_id))
            if not accreditation.version:
                return
            yield accreditation


class IssuingRule:
    """Decides whether an issuer may issue; `enforced` counts for nothing until a scheme exists."""

    def __init__(
        self, accreditations: Accreditations, *, enforced: bool, clock: Callable[[], datetime]
    ) -> None:
        self._accreditations = accreditations
        self.enforced = enforced
        self._clock = clock

    def check(self, issuer_id: str) -> Sequence[Aggregate]:
        """Return what allows an issuer to issue, as it was read.

        Raises NotAccreditedError for an issuer none of whose accreditations counts now.
        """
        if not self.enforced:
            return ()
        schemes = self._accreditations.schemes()
        following = AccreditationScheme(self._accreditations.next_scheme_id())
        accreditations = [
            accreditation
            for scheme in schemes
            for accreditation in self._accreditations.of_issuer(scheme, issuer_id)
        ]
        now = self._clock()
        standing = standing_at([each.term for each in accreditations], now)
        if schemes and standing is not Standing.ACCREDITED:
            raise NotAccreditedError(
                f"the issuer's standing is {standing} at {instant(now)}",
                remedy="an operator grants or reinstates its accreditation under a scheme; "
                "what was issued keeps its status",
            )
        # Until there is a first scheme anybody may issue, so that its opening is watched for.
        return (following, *accreditations)
