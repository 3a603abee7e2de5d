"""Find what callers name: issuers, achievements and credentials, each from its stream."""

from registry.domain.achievement import Achievement
from registry.domain.credential import Credential
from registry.domain.errors import (
    UnknownAchievementError,
    UnknownCredentialError,
    UnknownIssuerError,
)
from registry.domain.issuer import Issuer
from registry.identifiers import parse_id
from registry.streams import Streams


class Lookups:
    """Reads aggregates; what is another issuer's is as unknown as what is not there."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

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

    def any_credential(self, credential_id: str, *, field: str = "credential_id") -> Credential:
        """Return a credential of whichever issuer; raises UnknownCredentialError."""
        number = parse_id(credential_id, UnknownCredentialError, field=field)
        credential = self._streams.load(Credential(number))
        if not credential.version:
            raise UnknownCredentialError("there is no such credential", field=field)
        return credential
