"""From an order to a signed document: what is issued, to whom, for how long, under which entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from registry.domain.achievement import Achievement
from registry.domain.credential import Placement
from registry.domain.definition import (
    AchievementDefinition,
    missing_mandatory_elements,
    parse_definition,
)
from registry.domain.errors import IncompleteDefinitionError, InvalidValueError
from registry.domain.instants import document_instant, instant
from registry.domain.issuer import Issuer
from registry.domain.securing import Mechanism
from registry.domain.subject import (
    IdentityType,
    Subject,
    SubjectError,
    hash_identity,
    normalise_email,
    normalise_identifier,
    pairwise_subject,
)
from registry.domain.text import Text
from registry.formats import open_badge, status_list_credential
from registry.store.vault import Person

DID = "did"


@dataclass(frozen=True)
class Learner:
    """Who receives a credential: by an identifier of some type, or by a `did:key` they proved.

    `name` is kept in the vault alone, for the issuer; it does not stand in the document.
    """

    identity_type: IdentityType | None = None
    identifier: str | None = None
    did: str | None = None
    name: str | None = None

    def person(self) -> Person:
        """Return the learner as the vault knows them; raises InvalidValueError."""
        if (self.did is None) == (self.identifier is None):
            raise InvalidValueError(
                "name the learner by an identifier or by a did, one of the two", field="learner"
            )
        if self.did is not None:
            return Person(DID, self.subject("", salt="").id, self.name)
        return Person(str(self.identity_type), self._normal_identifier(), self.name)

    def _normal_identifier(self) -> str:
        is_email = self.identity_type is IdentityType.EMAIL_ADDRESS
        try:
            normal = normalise_email if is_email else normalise_identifier
            return normal(self.identifier or "")
        except SubjectError as error:
            raise InvalidValueError(str(error), field="learner.identifier") from error

    def subject(self, reference: str, *, salt: str) -> Subject:
        """Return the learner as the document names them; raises InvalidValueError."""
        try:
            if self.did is not None:
                return Subject(self.did)
            identity = hash_identity(
                self.identifier or "",
                identity_type=self.identity_type or IdentityType.IDENTIFIER,
                salt=salt,
            )
            return pairwise_subject(UUID(reference), identities=(identity,))
        except SubjectError as error:
            raise InvalidValueError(str(error), field="learner") from error


@dataclass(frozen=True)
class Order:
    """One credential to issue; `valid_from` defaults to now, no `valid_until` means no end."""

    achievement_id: str
    learner: Learner
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    grade: str | None = None
    supersedes: str | None = None

    def plain(self) -> dict[str, Any]:
        """Return the order as plain JSON, for the digest that recognises a repeat."""
        return {
            "achievement_id": self.achievement_id,
            "learner": vars(self.learner),
            "valid_from": self.valid_from and instant(self.valid_from),
            "valid_until": self.valid_until and instant(self.valid_until),
            "grade": self.grade,
            "supersedes": self.supersedes,
        }

    def start(self, now: datetime) -> datetime:
        """Return the start of validity."""
        return self.valid_from or now

    def check_period(self, now: datetime) -> None:
        """Raise InvalidValueError for an end that is not after the start."""
        start = self.start(now)
        if self.valid_until is not None and self.valid_until <= start:
            raise InvalidValueError(
                f"{instant(self.valid_until)} is not after {instant(start)}", field="valid_until"
            )


@dataclass(frozen=True)
class Badge:
    """Everything a document is made of, except the proof."""

    credential_id: str
    issuer: Issuer
    achievement: Achievement
    definition: AchievementDefinition
    subject: Subject
    placement: Placement
    valid_from: datetime
    valid_until: datetime | None
    grade: str | None

    @property
    def mechanism(self) -> Mechanism:
        """How the achievement's badges are secured."""
        return Mechanism(self.achievement.cryptosuite)


def complete_definition(achievement: Achievement) -> AchievementDefinition:
    """Return the newest definition; raises IncompleteDefinitionError naming what is missing."""
    definition = parse_definition(achievement.definition(achievement.latest))
    missing = missing_mandatory_elements(definition)
    if missing:
        raise IncompleteDefinitionError(
            "the definition lacks: " + "; ".join(missing),
            field="definition",
            remedy="revise the achievement, then issue again",
        )
    return definition


def unsigned_document(badge: Badge, *, public_url: str) -> dict[str, Any]:
    """Return the badge without its proof."""
    return open_badge.build_credential(
        credential_id=f"urn:uuid:{badge.credential_id}",
        issuer=open_badge.IssuerProfile(
            id=badge.issuer.did,
            name=Text(pl=badge.issuer.name_pl, en=badge.issuer.name_en),
            url=badge.issuer.url,
            country_code=badge.issuer.country,
        ),
        achievement_id=achievement_url(public_url, str(badge.achievement.id)),
        achievement_version=str(badge.achievement.latest),
        definition=badge.definition,
        subject=badge.subject,
        valid_from=document_instant(badge.valid_from),
        valid_until=document_instant(badge.valid_until) if badge.valid_until else None,
        grade=badge.grade,
        status=entries(public_url, badge.placement, purposes=badge.achievement.profile.purposes),
        language=badge.achievement.language,
    )


def achievement_url(public_url: str, achievement_id: str) -> str:
    """Return the id of an achievement in documents, where its definition can be read."""
    return f"{public_url}/achievements/{achievement_id}"


def list_url(public_url: str, list_id: str, purpose: str) -> str:
    """Return where the list of one purpose is published."""
    return f"{public_url}/status-lists/{list_id}/{purpose}"


def entries(
    public_url: str, placement: Placement, *, purposes: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the `credentialStatus` entries of one placement, one a purpose."""
    return [
        status_list_credential.entry(
            list_url(public_url, placement.list_id, purpose), purpose=purpose, index=placement.index
        )
        for purpose in purposes
    ]
