"""Status entries and status lists as Bitstring Status List v1.0 §2 requires them."""

import re
from collections.abc import Iterator
from typing import Any, Final

from registry.formats import bitstring
from registry.formats.one_or_many import as_list
from registry.formats.vcdm.problem import Document, Problem
from registry.formats.vcdm.values import is_url, numbered, objects, shown, types_of

_HEXADECIMAL: Final = re.compile(r"0x[0-9A-Fa-f]+")


def entries(document: Document) -> Iterator[Problem]:
    """Report the members a BitstringStatusListEntry has wrong or lacks (§2.1)."""
    for path, entry in objects(document, "credentialStatus"):
        if "BitstringStatusListEntry" in types_of(entry):
            yield from _entry(entry, path)


def _entry(entry: Document, path: str) -> Iterator[Problem]:
    yield from _purpose(entry, path)
    yield from _index(entry, path)
    yield from _list_url(entry, path)
    yield from _size(entry, path)
    yield from _messages(entry, path)
    for field, url in numbered(entry, "statusReference"):
        if not is_url(url):
            reason = f"{shown(url)} is not a URL."
            yield Problem(f"{path}.{field}", reason, "Give one URL, or several in an array.")


def _purpose(entry: Document, path: str) -> Iterator[Problem]:
    given = entry.get("statusPurpose")
    if not isinstance(given, str) or not given:
        reason = f"{shown(given)} is not one text."
        remedy = "Name one purpose, such as revocation or suspension."
        yield Problem(f"{path}.statusPurpose", reason, remedy)


def _index(entry: Document, path: str) -> Iterator[Problem]:
    given = entry.get("statusListIndex")
    try:
        bitstring.parse_index(given)
    except bitstring.BitstringError as error:
        reason = f"{shown(given)} is not the place of an entry in a list."
        remedy = 'Write a whole number of at least 0 as a text, such as "94567".'
        yield Problem(f"{path}.statusListIndex", reason, remedy, error.problem_type)


def _list_url(entry: Document, path: str) -> Iterator[Problem]:
    given = entry.get("statusListCredential")
    if not is_url(given):
        reason = f"{shown(given)} is not one absolute URL."
        yield Problem(f"{path}.statusListCredential", reason, "Give the URL of the status list.")
    elif entry.get("id") == given:
        reason = "it is the URL of the list itself."
        remedy = "Give the entry an id of its own, or leave the id out."
        yield Problem(f"{path}.id", reason, remedy)


def _size(entry: Document, path: str) -> Iterator[Problem]:
    size, most = entry.get("statusSize", 1), bitstring.MAX_ENTRY_BITS
    if not _is_whole(size, at_least=1) or size > most:
        reason = f"{shown(size)} is not a number of bits."
        remedy = f"Write a whole number from 1 to {most}, or leave it out for 1."
        yield Problem(f"{path}.statusSize", reason, remedy)
    elif size > 1 and "statusMessage" not in entry:
        reason = "it is missing, and entries of more than one bit need it."
        yield Problem(f"{path}.statusMessage", reason, "Say what each value means.")


def _messages(entry: Document, path: str) -> Iterator[Problem]:
    if "statusMessage" not in entry:
        return
    given, size = entry["statusMessage"], entry.get("statusSize", 1)
    if not isinstance(given, list):
        reason = f"{shown(given)} is not an array."
        yield Problem(f"{path}.statusMessage", reason, "Write one object for each value.")
        return
    if _is_whole(size, at_least=1) and size <= bitstring.MAX_ENTRY_BITS and len(given) != 2**size:
        reason = f"it has {len(given)} messages where an entry has {2**size} values."
        yield Problem(f"{path}.statusMessage", reason, "Write one object for each value.")
    for place, message in enumerate(given):
        yield from _message(message, f"{path}.statusMessage[{place}]")


def _message(message: Any, path: str) -> Iterator[Problem]:
    if not isinstance(message, dict):
        yield Problem(path, f"{shown(message)} is not an object.", "Write status and message.")
        return
    value = message.get("status")
    if not isinstance(value, str) or not _HEXADECIMAL.fullmatch(value):
        reason = f"{shown(value)} is not a hexadecimal number."
        yield Problem(f"{path}.status", reason, 'Write the value as in "0x1".')
    if not isinstance(message.get("message"), str):
        reason = f"{shown(message.get('message'))} is not a text."
        yield Problem(f"{path}.message", reason, "Say what the value means.")


def lists(document: Document) -> Iterator[Problem]:
    """Report the members a BitstringStatusListCredential has wrong or lacks (§2.2)."""
    if "BitstringStatusListCredential" not in types_of(document):
        return
    subject = document.get("credentialSubject")
    if not isinstance(subject, dict):
        remedy = "Write the list as one object."
        yield Problem("credentialSubject", "it is not one object.", remedy)
        return
    yield from _list_purposes(subject)
    yield from _list_members(subject)


def _list_purposes(subject: Document) -> Iterator[Problem]:
    purposes = as_list(subject.get("statusPurpose", []))
    if not purposes or not all(isinstance(purpose, str) and purpose for purpose in purposes):
        reason = f"{shown(subject.get('statusPurpose'))} is not one text or several."
        yield Problem("credentialSubject.statusPurpose", reason, "Name the list's purpose.")
    if "message" in purposes:
        for name in ("statusSize", "statusMessages"):
            if name not in subject:
                reason = "it is missing, and a list of messages needs it."
                yield Problem(f"credentialSubject.{name}", reason, "Describe the messages.")


def _list_members(subject: Document) -> Iterator[Problem]:
    if "BitstringStatusList" not in types_of(subject):
        reason = f"{shown(subject.get('type'))} does not name BitstringStatusList."
        yield Problem("credentialSubject.type", reason, "Name the type BitstringStatusList.")
    if "ttl" in subject and not _is_whole(subject["ttl"], at_least=0):
        reason = f"{shown(subject['ttl'])} is not a whole number of milliseconds."
        yield Problem("credentialSubject.ttl", reason, "Write milliseconds, or leave it out.")
    yield from _encoded_list(subject)


def _encoded_list(subject: Document) -> Iterator[Problem]:
    field, given = "credentialSubject.encodedList", subject.get("encodedList")
    if not isinstance(given, str):
        reason = f"{shown(given)} is not a text."
        yield Problem(field, reason, "Write the compressed list in Multibase base64url.")
        return
    try:
        bitstring.decode(given)
    except bitstring.BitstringError as error:
        remedy = "Compress at least 131,072 bits with gzip, and write base64url after a u."
        yield Problem(field, f"{error}.", remedy, error.problem_type)


def _is_whole(value: Any, *, at_least: int) -> bool:
    """Say whether a value is a JSON integer, not a boolean, and large enough."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= at_least
