"""What callers of the write side ask for: values, checked where they are used."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.domain.achievement import Profile
from registry.domain.definition import DefinitionError, parse_definition, to_plain
from registry.domain.errors import InvalidValueError
from registry.domain.instants import instant
from registry.domain.text import Language
from registry.formats.data_integrity import Cryptosuite


@dataclass(frozen=True)
class Organisation:
    """An issuer to register; `country` is ISO 3166-1 alpha-2, `did_method` "web" or "key"."""

    name_pl: str
    name_en: str
    country: str
    url: str
    did_method: str = "web"


@dataclass(frozen=True)
class NewAchievement:
    """An achievement to define: the definition in plain JSON and how its badges are made."""

    definition: dict[str, Any]
    language: Language = Language.PL
    cryptosuite: Cryptosuite = Cryptosuite.EDDSA_RDFC_2022
    profile: Profile = Profile.DEFAULT


@dataclass(frozen=True)
class StatusChange:
    """Why and since when a status changes; `note` goes to the vault, its keyed digest to history.

    `until` is the promised end of a suspension.
    """

    reason: str
    note: str | None = None
    effective_at: datetime | None = None
    until: datetime | None = None

    def plain(self) -> dict[str, Any]:
        """Return the change as plain JSON, for the digest that recognises a repeat."""
        return {
            "reason": self.reason,
            "note": self.note,
            "effective_at": self.effective_at and instant(self.effective_at),
            "until": self.until and instant(self.until),
        }


def checked_definition(definition: dict[str, Any]) -> dict[str, Any]:
    """Return the definition in its plain form; raises InvalidValueError naming every fault."""
    try:
        return to_plain(parse_definition(definition))
    except DefinitionError as error:
        first = error.problems[0]
        raise InvalidValueError(
            "; ".join(f"{problem.field}: {problem.reason}" for problem in error.problems),
            field=f"definition{first.field}",
            remedy=first.remedy,
        ) from error
