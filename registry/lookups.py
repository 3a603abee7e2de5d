"""Find what callers name: issuers, achievements and credentials, each from its stream."""

from collections.abc import Iterable

from registry.domain.achievement import Achievement
from registry.domain.credential import Credential
from registry.domain.errors import (
    UnknownAchievementError,
    UnknownCredentialError,
    UnknownIssuerError,
)
from registry.domain.issuer import Issuer
from registry.identifiers import parse_id, read_id
from registry.streams import Streams


class Lookups:
    """Reads aggregates; what is another issuer's is as unknown as what is not there."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def check_here(self, issuer_id: str) -> None:
        """Raise IssuerElsewhereError for an issuer that another shard answers for."""
        self._streams.homes.check(issuer_id)

    def issuer(self, issuer_id: str) -> Issuer:
        """Return an issuer; raises UnknownIssuerError."""
        issuer = self._streams.load(
            Issuer(parse_id(issuer_id, UnknownIssuerError, field="issuer_id"))
        )
        if not issuer.version:
            raise UnknownIssuerError("there is no such issuer", field="issuer_id")
        return issuer

    def achievement(self, issuer_id: str, achievement_id: str) -> Achievement:
        """Return an achievement of this issuer; raises UnknownAchievementError."""
        achievement = self.any_achievement(achievement_id)
        if achievement.issuer_id != issuer_id:
            raise UnknownAchievementError("there is no such achievement", field="achievement_id")
        return achievement

    def any_achievement(self, achievement_id: str) -> Achievement:
        """Return an achievement of whichever issuer; raises UnknownAchievementError."""
        number = parse_id(achievement_id, UnknownAchievementError, field="achievement_id")
        achievement = self._streams.load(Achievement(number))
        if not achievement.version:
            raise UnknownAchievementError("there is no such achievement", field="achievement_id")
        return achievement

    def credential(
        self, issuer_id: str, credential_id: str, *, field: str = "credential_id"
    ) -> Credential:
        """Return a credential of this issuer; raises UnknownCredentialError naming `field`."""
        credential = self.any_credential(credential_id, field=field)
        if credential.issuance.issuer_id != issuer_id:
            raise UnknownCredentialError("there is no such credential", field=field)
        return credential

    def credentials(self, credential_ids: Iterable[str | None]) -> dict[str, Credential]:
        """Return those credentials that there are, of whichever issuers, by their ids.

        What is no id, or None, is passed over.
        """
        numbers = {number for each in credential_ids if each and (number := read_id(each))}
        found = self._streams.load_many(Credential, list(numbers))
        return {str(number): credential for number, credential in found.items()}

    def any_credential(self, credential_id: str, *, field: str = "credential_id") -> Credential:
        """Return a credential of whichever issuer; raises UnknownCredentialError."""
        number = parse_id(credential_id, UnknownCredentialError, field=field)
        credential = self._streams.load(Credential(number))
        if not credential.version:
            raise UnknownCredentialError("there is no such credential", field=field)
        return credential
