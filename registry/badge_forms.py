"""Write the badges of a batch: what they have in common once, the rest for each learner.

Of a badge's 15 KB some 600 bytes are the learner's own. Documents share the part they have in
common as objects, and their JCS form is put together from members already written: RFC 8785 §3.2.3
sorts the members of an object, and changes nothing else about them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from registry.domain.instants import document_instant
from registry.domain.securing import Mechanism
from registry.formats import data_integrity
from registry.formats.canonical import jcs
from registry.formats.securing import (
    SecuringError,
    cryptosuite_of,
    secure_credential,
)
from registry.formats.shapes import Forms
from registry.formats.signer import Signer
from registry.issuance import Badge, entries, unsigned_document

_SUBJECT: Final = "credentialSubject"
_OWN: Final = frozenset({"id", "validFrom", "validUntil", "credentialStatus", _SUBJECT})
_OWN_OF_SUBJECT: Final = frozenset({"id", "identifier"})


@dataclass(frozen=True)
class Unsigned:
    """A badge that is to be signed, by whom and when."""

    badge: Badge
    signer: Signer
    created: datetime


@dataclass(frozen=True)
class Likeness:
    """Badges of one batch that are alike in this differ in what is the learner's own alone."""

    achievement_id: str
    grade: str | None
    has_end: bool
    identities: int


def likeness(badge: Badge) -> Likeness:
    """Return what a badge has to share with another to be of one form with it."""
    return Likeness(
        str(badge.achievement.id),
        badge.grade,
        badge.valid_until is not None,
        len(badge.subject.identities),
    )


class BadgeForm:
    """What alike badges have in common, taken from the `first` of them."""

    def __init__(self, first: Badge, *, public_url: str) -> None:
        document = unsigned_document(first, public_url=public_url)
        self._public_url = public_url
        self._common = _without(document, _OWN)
        self._of_subject = _without(document[_SUBJECT], _OWN_OF_SUBJECT)
        self._written = _members(self._common)
        self._written_of_subject = _members(self._of_subject)

    def secured(self, unsigned: Unsigned, forms: Forms) -> bytes:
        """Return a badge as it is handed out, secured by the achievement's mechanism.

        Raises as `secure_credential` does.
        """
        badge = unsigned.badge
        mechanism = badge.mechanism
        own, of_subject = self._own(badge), _own_of_subject(badge)
        document = self._common | own | {_SUBJECT: self._of_subject | of_subject}
        if mechanism.is_jwt:
            return _jwt(document, mechanism, unsigned, forms)
        proof = _proof(document, mechanism, unsigned, forms)
        subject = _object({**self._written_of_subject, **_members(of_subject)})
        return _object(
            {**self._written, **_members(own), _SUBJECT: subject, **_members({"proof": proof})}
        )

    def _own(self, badge: Badge) -> dict[str, Any]:
        """Return the members of the document that are the learner's own."""
        end = badge.valid_until
        ends = {} if end is None else {"validUntil": document_instant(end)}
        return {
            "id": f"urn:uuid:{badge.credential_id}",
            "validFrom": document_instant(badge.valid_from),
            "credentialStatus": self._status(badge),
        } | ends

    def _status(self, badge: Badge) -> object:
        purposes = badge.achievement.profile.purposes
        found = entries(self._public_url, badge.placement, purposes=purposes)
        return found[0] if len(found) == 1 else found


def _own_of_subject(badge: Badge) -> dict[str, Any]:
    """Return the members of the subject that are the learner's own."""
    identities = [each.as_object() for each in badge.subject.identities]
    return {"id": badge.subject.id} | ({"identifier": identities} if identities else {})


def _jwt(document: dict[str, Any], mechanism: Mechanism, unsigned: Unsigned, forms: Forms) -> bytes:
    return secure_credential(
        document,
        mechanism=mechanism,
        signer=unsigned.signer,
        created=document_instant(unsigned.created),
        shapes=forms,
    ).body


def _proof(document: dict[str, Any], mechanism: Mechanism, unsigned: Unsigned, forms: Forms) -> Any:
    """Return the array of the one proof that secures a document."""
    signer, cryptosuite = unsigned.signer, cryptosuite_of(mechanism)
    if cryptosuite is None or signer.key_type is not mechanism.key_type:
        raise SecuringError(f"{mechanism} needs a key of type {mechanism.key_type}")
    secured = data_integrity.secure(
        document,
        cryptosuite=cryptosuite,
        signer=signer,
        created=document_instant(unsigned.created),
        shapes=forms,
    )
    return secured["proof"]


def _without(members: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in names}


def _members(members: Mapping[str, Any]) -> dict[str, bytes]:
    return {name: jcs(value) for name, value in members.items()}


def _object(members: Mapping[str, bytes]) -> bytes:
    """Return the JCS form of an object whose members are written; their names are ASCII."""
    written = [b'"%b":%b' % (name.encode("ascii"), members[name]) for name in sorted(members)]
    return b"{%b}" % b",".join(written)
