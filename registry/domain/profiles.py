"""How credentials carry their status: profiles of achievements and of generic issuing."""

from dataclasses import dataclass

from registry.domain.achievement import Profile
from registry.domain.errors import InvalidValueError
from registry.domain.securing import Mechanism

PURPOSES = ("revocation", "suspension")
"""The status purposes a list can have, in the order that entries stand in."""

GENERIC = "generic"
"""How the names of generic profiles begin, and the whole name of the one without entries."""


@dataclass(frozen=True)
class GenericProfile:
    """How an issuer's generic credentials are secured, and for which purposes they get entries.

    No purposes: no entries are added.
    """

    mechanism: Mechanism
    purposes: tuple[str, ...] = PURPOSES

    def check(self) -> None:
        """Raise InvalidValueError for a purpose that is unknown."""
        if unknown := set(self.purposes) - set(PURPOSES):
            raise InvalidValueError(
                f"no list has the purpose {min(unknown)!r}",
                field="purposes",
                remedy="name some of: " + ", ".join(PURPOSES),
            )

    @property
    def name(self) -> str:
        """The name that events keep in their field `profile`."""
        chosen = [purpose for purpose in PURPOSES if purpose in self.purposes]
        return "+".join([GENERIC, *chosen])


def purposes_of(profile: str) -> tuple[str, ...]:
    """Return the status purposes of a profile by the name that events keep."""
    first, *purposes = profile.split("+")
    return tuple(purposes) if first == GENERIC else Profile(profile).purposes
