"""What callers of the write side ask for: values, checked where they are used."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.domain.achievement import Profile
from registry.domain.definition import DefinitionError, parse_definition, to_plain
from registry.domain.errors import InvalidValueError
from registry.domain.instants import instant
from registry.domain.issuer_keys import check_sole_key
from registry.domain.securing import KeyType, Mechanism
from registry.domain.text import Language


@dataclass(frozen=True)
class Organisation:
    """An issuer to register; `country` is ISO 3166-1 alpha-2, `did_method` "web" or "key".

    `key_type` is that of a did:key issuer's only key.
    """

    name_pl: str
    name_en: str
    country: str
    url: str
    did_method: str = "web"
    key_type: KeyType = KeyType.ED25519

    def plain(self) -> dict[str, Any]:
        """Return the request as plain JSON, for the digest that recognises a repeat.

        What has its default is left out where earlier requests did not have it.
        """
        return _without_default(vars(self), "key_type", KeyType.ED25519)

    def check(self) -> None:
        """Raise InvalidValueError where the parts do not go together."""
        if self.did_method == "key":
            check_sole_key(self.key_type)
        elif self.key_type is not KeyType.ED25519:
            raise InvalidValueError(
                "only a did:key issuer is registered with a key",
                field="key_type",
                remedy="leave it out, then add keys of any type to the issuer",
            )


@dataclass(frozen=True)
class NewAchievement:
    """An achievement to define: the definition in plain JSON and how its badges are made.

    `cryptosuite` is any securing mechanism; the field has the name that events gave it.
    """

    definition: dict[str, Any]
    language: Language = Language.PL
    cryptosuite: Mechanism = Mechanism.EDDSA_RDFC_2022
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


@dataclass(frozen=True)
class CredentialOrder:
    """A credential to secure as it was sent.

    `credential_id` is the name that a status change finds it by, the credential's `id` unless
    given; `previous_proof` names the proof, or the proofs, of the credential that the new one
    stands on (VC Data Integrity 1.0 §2.1.2).
    """

    credential: dict[str, Any]
    credential_id: str | None = None
    previous_proof: str | list[str] | None = None

    @property
    def name(self) -> str | None:
        """What the issuer calls the credential, if it has a name."""
        own = self.credential.get("id")
        return self.credential_id or (own if isinstance(own, str) else None)


@dataclass(frozen=True)
class StatusOrder:
    """A status to set or to clear in a generic credential, which `credential_id` names.

    `list_url` and `index` are those of the credential's entry; they tell which is meant where
    several credentials bear the name.
    """

    credential_id: str
    purpose: str
    value: bool
    list_url: str | None = None
    index: str | None = None


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


def _without_default(body: dict[str, Any], name: str, default: object) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name or value != default}
