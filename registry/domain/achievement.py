"""The achievement: a micro-credential's definition, in versions."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from registry.domain.aggregate import Aggregate, Command, ForeignEventError
from registry.domain.errors import AchievementWithdrawnError, UnknownAchievementError
from registry.domain.events import (
    AchievementDefined,
    AchievementRevised,
    AchievementWithdrawn,
    Event,
)


class Profile(StrEnum):
    """How a credential of this achievement carries its status.

    DEFAULT has two entries, revocation and suspension. OB_STRICT has the revocation entry alone,
    because the JSON Schema of Open Badges 3.0 allows a single one; it cannot be suspended.
    """

    DEFAULT = "default"
    OB_STRICT = "ob-strict"

    @property
    def purposes(self) -> tuple[str, ...]:
        """The status purposes of the lists such a credential points to."""
        return ("revocation",) if self is Profile.OB_STRICT else ("revocation", "suspension")


class Achievement(Aggregate):
    """Folds the events of one achievement."""

    issuer_id: str
    language: str
    cryptosuite: str
    profile: Profile

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.definitions: list[dict[str, Any]] = []
        self.withdrawn = False

    @property
    def latest(self) -> int:
        """The number of the newest version of the definition, from 1."""
        return len(self.definitions)

    def definition(self, number: int) -> dict[str, Any]:
        """Return version `number` of the definition; raises UnknownAchievementError."""
        if not 1 <= number <= self.latest:
            raise UnknownAchievementError(f"the achievement has no version {number}")
        return self.definitions[number - 1]

    def define(
        self,
        command: Command,
        *,
        issuer_id: str,
        definition: dict[str, Any],
        language: str,
        cryptosuite: str,
        profile: Profile,
    ) -> None:
        """Record version 1 of the definition (a plain form that `parse_definition` accepted)."""
        self.record(
            AchievementDefined,
            command,
            issuer_id=issuer_id,
            definition=definition,
            language=language,
            cryptosuite=cryptosuite,
            profile=profile.value,
        )

    def revise(self, command: Command, *, definition: dict[str, Any]) -> None:
        """Record the next version; what was issued under earlier ones keeps theirs."""
        self.check_open()
        self.record(AchievementRevised, command, issuer_id=self.issuer_id, definition=definition)

    def withdraw(self, command: Command) -> None:
        """Issue nothing more for this achievement."""
        self.check_open()
        self.record(AchievementWithdrawn, command, issuer_id=self.issuer_id)

    def check_open(self) -> None:
        """Raise AchievementWithdrawnError where the achievement was withdrawn."""
        if self.withdrawn:
            raise AchievementWithdrawnError(
                "the achievement was withdrawn", remedy="define a new achievement"
            )

    def when(self, event: Event) -> None:
        """Apply one event."""
        match event:
            case AchievementDefined():
                self.issuer_id, self.language = event.issuer_id, event.language
                self.cryptosuite, self.profile = event.cryptosuite, Profile(event.profile)
                self.definitions.append(event.definition)
            case AchievementRevised():
                self.definitions.append(event.definition)
            case AchievementWithdrawn():
                self.withdrawn = True
            case _:
                raise ForeignEventError(f"not an achievement's event: {event!r}")
