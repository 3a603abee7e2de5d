"""How the learner is identified in a credential, saying no more than recognition needs.

The subject's id is a pairwise `urn:uuid:` (random, one per issuer and person, so that nothing
links a person across issuers) or a `did:key` of the holder's. Beside it stand any number of
salted hashes (Open Badges 3.0 `IdentityObject`), by which a person who shows an e-mail address
or a student number is recognised. This is Annex I's "identification of the learner".

The learner's name is NOT in the document. A name identifies nobody uniquely, cannot be taken
back once the file is shared, and outlives erasure; whoever checks the credential has the person
before them and compares the hash or has the holder sign. For the same reason two identity types
of Open Badges are refused: `name`, and `nationalIdentityNumber`, whose few possible values
(PESEL: a date, a serial, a check digit) can all be tried against a hash whose salt is beside it.
Short student numbers share that weakness: prefer e-mail addresses.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

_URN_UUID = "urn:uuid:"
_DID_KEY = re.compile(r"did:key:z[1-9A-HJ-NP-Za-km-z]{40,200}")
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)*")
_SALT = re.compile(r"[!-~]{16,128}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST_EMAIL_BYTES = 254
_LONGEST_IDENTIFIER_CHARACTERS = 255


class SubjectError(ValueError):
    """The learner cannot be identified this way."""


class SubjectIdError(SubjectError):
    """The subject's id is neither a canonical urn:uuid nor a did:key."""


class IdentifierError(SubjectError):
    """The identifier is not one of its type."""


class SaltError(SubjectError):
    """The salt is not 16 to 128 visible ASCII characters."""


class IdentityType(StrEnum):
    """The Open Badges 3.0 `identityType` values a learner may be recognised by."""

    EMAIL_ADDRESS = "emailAddress"
    IDENTIFIER = "identifier"
    USER_NAME = "userName"
    ACCOUNT_ID = "accountId"
    SYSTEM_ID = "systemId"
    SOURCED_ID = "sourcedId"
    SIS_SOURCED_ID = "sisSourcedId"
    LTI_USER_ID = "ltiUserId"


@dataclass(frozen=True)
class HashedIdentity:
    """A salted hash of an identifier (Open Badges 3.0, class IdentityObject)."""

    identity_type: IdentityType
    identity_hash: str
    salt: str

    def as_object(self) -> dict[str, object]:
        return {
            "type": "IdentityObject",
            "hashed": True,
            "identityHash": self.identity_hash,
            "identityType": str(self.identity_type),
            "salt": self.salt,
        }


@dataclass(frozen=True)
class Subject:
    """The learner in a credential: `id` is a `urn:uuid:` or `did:key`; raises `SubjectIdError`."""

    id: str
    identities: tuple[HashedIdentity, ...] = ()

    def __post_init__(self) -> None:
        if not (_is_urn_uuid(self.id) or _DID_KEY.fullmatch(self.id)):
            raise SubjectIdError("give urn:uuid: with a lower-case UUID, or a did:key")


def pairwise_subject(ref: UUID, *, identities: tuple[HashedIdentity, ...] = ()) -> Subject:
    """Identify the learner by the issuer's own random reference."""
    return Subject(f"{_URN_UUID}{ref}", identities)


def normalise_email(address: str) -> str:
    """Return the form of an address that is hashed: trimmed, NFC, lower case throughout.

    RFC 5321 lets a server tell letter case apart before the "@"; none that people use does,
    and people write their address both ways. Dots and "+tags" are kept: they do tell mailboxes
    apart. An internationalised domain stays in Unicode. Raises `IdentifierError`.
    """
    plain = unicodedata.normalize("NFC", address.strip()).lower()
    if _CONTROL.search(plain) or not _EMAIL.fullmatch(plain):
        raise IdentifierError("this is not an e-mail address")
    if len(plain.encode()) > _LONGEST_EMAIL_BYTES:
        raise IdentifierError(f"an e-mail address has at most {_LONGEST_EMAIL_BYTES} bytes")
    return plain


def normalise_identifier(identifier: str) -> str:
    """Return the form of any other identifier that is hashed: trimmed, NFC, case kept."""
    plain = unicodedata.normalize("NFC", identifier.strip())
    if not plain or len(plain) > _LONGEST_IDENTIFIER_CHARACTERS or _CONTROL.search(plain):
        raise IdentifierError(
            f"an identifier has 1 to {_LONGEST_IDENTIFIER_CHARACTERS} printable characters"
        )
    return plain


def hash_identity(identifier: str, *, identity_type: IdentityType, salt: str) -> HashedIdentity:
    """Hash an identifier: "sha256$" and the hex SHA-256 of its UTF-8 followed by the salt's.

    `salt` is 16 to 128 visible ASCII characters, random, fresh for every credential: a salt
    used twice links the credentials. Raises `IdentifierError` or `SaltError`.
    """
    if not _SALT.fullmatch(salt):
        raise SaltError("give 16 to 128 visible ASCII characters of randomness")
    is_email = identity_type is IdentityType.EMAIL_ADDRESS
    plain = normalise_email(identifier) if is_email else normalise_identifier(identifier)
    digest = hashlib.sha256((plain + salt).encode()).hexdigest()
    return HashedIdentity(identity_type, f"sha256${digest}", salt)


def _is_urn_uuid(candidate: str) -> bool:
    try:
        return candidate == f"{_URN_UUID}{UUID(candidate.removeprefix(_URN_UUID))}"
    except ValueError:
        return False
