"""Hold what was published against the events: status lists and DID documents."""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

from registry.domain.events import (
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    IssuerAliasAdded,
    SigningKeyAdded,
    SigningKeyCompromised,
    StatusListPublished,
)
from registry.formats import bitstring, jws
from registry.formats.strict_json import loads
from registry.formats.tlog.leaves import EventLeaf

MAX_LIST_BYTES: Final = 32 * 1024 * 1024
_DID_NAME: Final = re.compile(r"did/([1-9][0-9]{0,8})\.json")
BITS: Final = {
    ("revocation", CredentialRevoked.TOPIC): 1,
    ("suspension", CredentialSuspended.TOPIC): 1,
    ("suspension", CredentialReinstated.TOPIC): 0,
}
"""What an event makes of the entry in the list for a purpose."""


class StatementError(ValueError):
    """A document is not the one that was published, or says what the events do not make."""


def check_list(
    name: str, body: bytes, leaf: EventLeaf, *, history: Sequence[tuple[EventLeaf, int]]
) -> None:
    """Raise StatementError unless a list is what its event published, and its entry right.

    `history` are the credential's events with their positions. The entry is what those make that
    the version states to have been folded into it.
    """
    published, issued = leaf.event, history[0][0].event
    digests = [form["digest"] for form in published["representations"]]
    if leaf.topic != StatusListPublished.TOPIC or sha256(body).hexdigest() not in digests:
        raise StatementError(f"{name} has other bytes than those that were published")
    subject = _document(body)["credentialSubject"]
    of_list = published["list_id"], published["purpose"]
    if of_list != (issued["list_id"], subject["statusPurpose"]):
        raise StatementError(f"{name} is not the credential's list for that purpose")
    bits = bitstring.decode(subject["encodedList"])
    if bitstring.value(bits, issued["list_index"]) != due_bit(published, history):
        raise StatementError(f"{name} shows another status than the events make")


def due_bit(published: dict[str, Any], history: Sequence[tuple[EventLeaf, int]]) -> int:
    """Return the entry that the events up to a version's position make."""
    bit = 0
    for leaf, position in history:
        if position <= published["position"]:
            bit = BITS.get((published["purpose"], leaf.topic), bit)
    return bit


def check_keys(name: str, document: dict[str, Any], issuer: Sequence[EventLeaf]) -> None:
    """Raise StatementError unless a DID document is what the issuer's events make.

    Its name says of how many of them. Keys of the document are compared in their Multikey form.
    """
    match = _DID_NAME.fullmatch(name)
    if match is None or int(match[1]) > len(issuer):
        raise StatementError(f"{name} does not name a number of the issuer's events")
    events = issuer[: int(match[1])]
    found = {method.get("publicKeyMultibase") for method in document["verificationMethod"]}
    if found - {None} != set(keys_after(events)):
        raise StatementError(f"{name} has other keys than the events make")
    said = document["id"], document.get("alsoKnownAs", [])
    if said != (issuer[0].event["did"], aliases_after(events)):
        raise StatementError(f"{name} is about another issuer, or names it otherwise")


def keys_after(events: Sequence[EventLeaf]) -> list[str]:
    """Return the keys (Multikey) of the DID document that an issuer's first events make, in order.

    Retired keys stay in it, compromised ones do not.
    """
    lost = {each.event["key"] for each in events if each.topic == SigningKeyCompromised.TOPIC}
    added = [each.event["key"] for each in events if each.topic == SigningKeyAdded.TOPIC]
    return [key for key in added if key not in lost]


def aliases_after(events: Sequence[EventLeaf]) -> list[str]:
    """Return the other names of an issuer after its first events, oldest first."""
    return [each.event["also_known_as"] for each in events if each.topic == IssuerAliasAdded.TOPIC]


def _document(body: bytes) -> dict[str, Any]:
    """Return the list that a form of it holds."""
    text = body if body.startswith(b"{") else jws.parse(body.decode("ascii")).payload
    document: dict[str, Any] = loads(text, max_bytes=MAX_LIST_BYTES)
    return document
