"""Tell a credential's status (Bitstring Status List 1.0 §3.2, Validate Algorithm)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from registry.formats import bitstring
from registry.formats.one_or_many import values_of
from registry.verification.checks import failed, passed, unknown
from registry.verification.list_cache import VerifiedList
from registry.verification.report import Check, CheckError, shown
from registry.verification.status_lists import NAME, Asker, StatusLists
from registry.verification.structure import Document, types_of

# Each entry may cost a request to a server of the issuer's choice.
MAXIMUM_ENTRIES: Final = 16

_FIELD: Final = "credentialStatus"
_HEXADECIMAL: Final = re.compile(r"0x([0-9A-Fa-f]{1,16})")

# Bitstring Status List 1.0 §2.1: only these take validity away; the others inform.
_INVALIDATING: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {"revocation": ("revoked", "not-revoked"), "suspension": ("suspended", "not-suspended")}
)


@dataclass(frozen=True)
class Entry:
    """One well-formed `credentialStatus` entry; `size` is in bits, `messages` by value."""

    purpose: str
    list_url: str
    index: int
    size: int
    messages: Mapping[int, str] = field(default_factory=dict)


def check_status(
    document: Document, *, lists: StatusLists, asker: Asker, now: datetime
) -> Sequence[Check]:
    """Report on every status entry of a credential whose issuer and proofs were accepted."""
    entries = values_of(document.get(_FIELD))
    if not entries:
        return [passed(NAME, "no-status", looked_at=_FIELD)]
    if len(entries) > MAXIMUM_ENTRIES:
        error = unknown(NAME, "too-many-entries", looked_at=_FIELD, most=MAXIMUM_ENTRIES)
        return [error.check]
    return [
        check
        for entry in entries
        for check in _check_entry(entry, lists=lists, asker=asker, now=now)
    ]


def status_not_checked(document: Document) -> Sequence[Check]:
    """Report that no list was asked for, since whoever wrote the entries is not known."""
    if _FIELD not in document:
        return []
    return [unknown(NAME, "status-not-checked", looked_at=_FIELD).check]


def _check_entry(
    given: dict[str, Any], *, lists: StatusLists, asker: Asker, now: datetime
) -> Sequence[Check]:
    where = where_of(given)
    if "BitstringStatusListEntry" not in types_of(given):
        code, kind = "status-type-not-supported", given.get("type")
        return [unknown(NAME, code, looked_at=where, type=kind).check]
    try:
        entry = parse_entry(given)
        verified = lists.load(entry.list_url, asker=asker, now=now)
        value = value_in(verified, entry)
    except CheckError as error:
        return [replace(error.check, looked_at=where)]
    told = [_told(entry, value, looked_at=where), *_message(entry, value, looked_at=where)]
    return [*told, *_signer(verified, asker)]


def parse_entry(given: dict[str, Any]) -> Entry:
    """Return a BitstringStatusListEntry read strictly (§2.1); raises `CheckError`."""
    url = _text(given, "statusListCredential")
    if given.get("id") == url:
        raise unknown(NAME, "status-entry-id-is-its-list", looked_at=_FIELD)
    size = _size(given)
    return Entry(
        purpose=_text(given, "statusPurpose"),
        list_url=url,
        index=_index(given),
        size=size,
        messages=_messages(given, size),
    )


def value_in(verified: VerifiedList, entry: Entry) -> int:
    """Return the value of an entry, 0 when not set (§3.2, steps 6 to 10).

    Raises `CheckError` for another purpose or size, a list too short, an index outside it.
    """
    if entry.purpose not in verified.purposes:
        code = "status-purpose-mismatch"
        raise unknown(NAME, code, looked_at=_FIELD, purpose=entry.purpose)
    if verified.entry_size not in {None, entry.size}:
        raise unknown(NAME, "status-size-mismatch", looked_at=_FIELD)
    try:
        bitstring.check_length(verified.bits, entry_size=entry.size)
        return bitstring.value(verified.bits, entry.index, entry_size=entry.size)
    except bitstring.ListLengthError as error:
        raise unknown(NAME, "status-list-length", looked_at=_FIELD) from error
    except bitstring.EntryRangeError as error:
        raise _out_of_range(entry.index) from error


def _text(given: dict[str, Any], field_name: str) -> str:
    value = given.get(field_name)
    if isinstance(value, str) and value:
        return value
    raise _malformed(field_name)


def _index(given: dict[str, Any]) -> int:
    """Return the index, which is a string: a JSON number breaks a MUST, and others refuse it."""
    index = given.get("statusListIndex")
    try:
        return bitstring.parse_index(index)
    except bitstring.EntryRangeError as error:
        raise _out_of_range(index) from error
    except bitstring.MalformedValueError as error:
        raise _malformed("statusListIndex") from error


def _size(given: dict[str, Any]) -> int:
    """Return statusSize, 1 when absent."""
    size = given.get("statusSize", 1)
    if type(size) is not int or not 1 <= size <= bitstring.MAX_ENTRY_BITS:
        raise _malformed("statusSize")
    return size


def _messages(given: dict[str, Any], size: int) -> Mapping[int, str]:
    """Return the message of each value, which an entry of several bits must have (§2.1).

    They go by their `status`, not by their place: the graph that is signed keeps no order.
    """
    if size == 1 and "statusMessage" not in given:
        return {}
    told = values_of(given.get("statusMessage"))
    messages = dict(map(_status_message, told))
    if len(told) != 2**size or messages.keys() != set(range(2**size)):
        raise _malformed("statusMessage")
    return messages


def _status_message(given: Any) -> tuple[int, str]:
    if isinstance(given, dict):
        status, message = given.get("status"), given.get("message")
        match = _HEXADECIMAL.fullmatch(status) if isinstance(status, str) else None
        if match and isinstance(message, str):
            return int(match[1], 16), message
    raise _malformed("statusMessage")


def _told(entry: Entry, value: int, *, looked_at: str) -> Check:
    purpose = entry.purpose
    if purpose in _INVALIDATING:
        is_set, is_not = _INVALIDATING[purpose]
        if value:
            return failed(NAME, is_set, looked_at=looked_at).check
        return passed(NAME, is_not, looked_at=looked_at)
    if not value:
        return passed(NAME, "status-not-set", looked_at=looked_at, purpose=purpose)
    if purpose == "refresh":
        return passed(NAME, "status-refresh", looked_at=looked_at)
    return passed(NAME, "status-set", looked_at=looked_at, purpose=purpose)


def _message(entry: Entry, value: int, *, looked_at: str) -> Sequence[Check]:
    if value not in entry.messages:
        return []
    message, purpose = entry.messages[value], entry.purpose
    code = "status-message"
    return [passed(NAME, code, looked_at=looked_at, purpose=purpose, message=message)]


def _signer(verified: VerifiedList, asker: Asker) -> Sequence[Check]:
    if verified.issuer == asker.issuer:
        return []
    code, signer = "status-list-signed-by-another", verified.issuer
    return [passed(NAME, code, looked_at=verified.url, signer=signer)]


def _malformed(field_name: str) -> CheckError:
    return unknown(NAME, "status-entry-malformed", looked_at=_FIELD, field=field_name)


def _out_of_range(index: object) -> CheckError:
    return unknown(NAME, "status-index-out-of-range", looked_at=_FIELD, index=index)


def where_of(given: dict[str, Any]) -> str:
    """Return what checks of an entry say that they looked at."""
    return (
        f"{shown(given.get('statusListCredential'))}, entry {shown(given.get('statusListIndex'))}"
    )
