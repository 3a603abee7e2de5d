"""Find what callers name: issuers, achievements and credentials, each from its stream."""

from collections.abc import Iterable
from uuid import UUID

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
        """Raise IssuerElsewhereError for an issuer that another shard answers for.

        Raises UnknownIssuerError for what can be no issuer's id.
        """
        self._streams.homes.check(str(_issuer_number(issuer_id)))

    def issuer(self, issuer_id: str) -> Issuer:
        """Return an issuer; raises UnknownIssuerError."""
        return _existing_issuer(self._streams.load(Issuer(_issuer_number(issuer_id))))

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
        return _of_issuer(self.any_credential(credential_id, field=field), issuer_id, field=field)

    def credential_and_issuer(
        self, issuer_id: str, credential_id: str
    ) -> tuple[Credential, Issuer]:
        """Return a credential of this issuer, and the issuer as it was at the same moment.

        Raises UnknownCredentialError or UnknownIssuerError.
        """
        credential, issuer = self._streams.load_both(
            Credential(_credential_number(credential_id)), Issuer(_issuer_number(issuer_id))
        )
        return _of_issuer(credential, issuer_id), _existing_issuer(issuer)

    def credentials(self, credential_ids: Iterable[str | None]) -> dict[str, Credential]:
        """Return those credentials that there are, of whichever issuers, by their ids.

        What is no id, or None, is passed over.
        """
        numbers = {number for each in credential_ids if each and (number := read_id(each))}
        found = self._streams.load_many(Credential, list(numbers))
        return {str(number): credential for number, credential in found.items()}

    def any_credential(self, credential_id: str, *, field: str = "credential_id") -> Credential:
        """Return a credential of whichever issuer; raises UnknownCredentialError."""
        credential = self._streams.load(Credential(_credential_number(credential_id, field=field)))
        return _existing_credential(credential, field=field)


def _issuer_number(issuer_id: str) -> UUID:
    return parse_id(issuer_id, UnknownIssuerError, field="issuer_id")


def _existing_issuer(issuer: Issuer) -> Issuer:
    if not issuer.version:
        raise UnknownIssuerError("there is no such issuer", field="issuer_id")
    return issuer


def _credential_number(credential_id: str, *, field: str = "credential_id") -> UUID:
    return parse_id(credential_id, UnknownCredentialError, field=field)


def _existing_credential(credential: Credential, *, field: str = "credential_id") -> Credential:
    if not credential.version:
        raise UnknownCredentialError("there is no such credential", field=field)
    return credential


def _of_issuer(
    credential: Credential, issuer_id: str, *, field: str = "credential_id"
) -> Credential:
    """Return the credential; raises UnknownCredentialError where it is another issuer's."""
    if _existing_credential(credential, field=field).issuance.issuer_id != issuer_id:
        raise UnknownCredentialError("there is no such credential", field=field)
    return credential
