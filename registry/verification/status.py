"""Tell a credential's status (Bitstring Status List 1.0 §3.2, Validate Algorithm)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.formats import bitstring
from registry.verification.list_cache import VerifiedList
from registry.verification.report import Check, Outcome, shown
from registry.verification.status_lists import StatusError, StatusLists, StatusVerificationError
from registry.verification.structure import Document, as_list, issuer_of, types_of

# Each entry may cost a request to a server of the issuer's choice.
MAXIMUM_ENTRIES = 16

# A status message is needed for each of the 2^size values, so nothing larger fits a document.
_MAXIMUM_SIZE = 16

_NAME = "status"
_WHEN_SET = {
    "revocation": ("revoked", "The issuer has revoked this credential; that is final."),
    "suspension": ("suspended", "The issuer has suspended this credential for the time being."),
}


@dataclass(frozen=True)
class Entry:
    """One well-formed `credentialStatus` entry; `size` is in bits."""

    purpose: str
    list_url: str
    index: int
    size: int


def check_status(document: Document, *, lists: StatusLists, now: datetime) -> Sequence[Check]:
    """Report on every status entry of a credential whose issuer and proofs were accepted."""
    entries = as_list(document.get("credentialStatus"))
    if not entries:
        sentence = "The credential names no status list, so it cannot be withdrawn before its end."
        return [Check(_NAME, Outcome.PASSED, "no-status", sentence, "credentialStatus")]
    if len(entries) > MAXIMUM_ENTRIES:
        sentence = f"The credential has more than {MAXIMUM_ENTRIES} status entries."
        return [Check(_NAME, Outcome.UNKNOWN, "too-many-entries", sentence, "credentialStatus")]
    issuer = issuer_of(document)
    return [_check_entry(entry, issuer=issuer, lists=lists, now=now) for entry in entries]


def status_not_checked(document: Document) -> Sequence[Check]:
    """Report that no list was asked for, since whoever wrote the entries is not known."""
    if "credentialStatus" not in document:
        return []
    sentence = "The status was not looked up, because issuer and signature were not accepted."
    return [Check(_NAME, Outcome.UNKNOWN, "status-not-checked", sentence, "credentialStatus")]


def _check_entry(given: dict[str, Any], *, issuer: str, lists: StatusLists, now: datetime) -> Check:
    if "BitstringStatusListEntry" not in types_of(given):
        sentence = f"Status entries of type {shown(given['type'])} are not supported."
        return Check(_NAME, Outcome.UNKNOWN, "status-type-not-supported", sentence, _where(given))
    untold: StatusError | bitstring.BitstringError
    try:
        entry = parse_entry(given)
        verified = lists.load(entry.list_url, issuer=issuer, now=now)
        return _told(entry, value_in(verified, entry), looked_at=_where(given))
    except StatusError as error:
        untold, code, sentence = error, error.code, str(error)
    except bitstring.BitstringError as error:
        untold, code, sentence = error, _code_of(error), f"The status cannot be told: {error}."
    return Check(_NAME, Outcome.UNKNOWN, code, sentence, _where(given), untold.problem_type)


def parse_entry(given: dict[str, Any]) -> Entry:
    """Return a BitstringStatusListEntry read strictly (§2.1); raises `MalformedValueError`."""
    url = _text(given, "statusListCredential")
    if given.get("id") == url:
        raise bitstring.MalformedValueError("the entry's id is the URL of its list")
    return Entry(
        purpose=_text(given, "statusPurpose"),
        list_url=url,
        index=bitstring.parse_index(given.get("statusListIndex")),
        size=_size(given),
    )


def value_in(verified: VerifiedList, entry: Entry) -> int:
    """Return the value of an entry, 0 when not set (§3.2, steps 6 to 10).

    Raises `StatusVerificationError` for another purpose or size, `ListLengthError`,
    `EntryRangeError`.
    """
    if entry.purpose not in verified.purposes:
        sentence = f"The status list is not one for the purpose {shown(entry.purpose)}."
        raise StatusVerificationError("status-purpose-mismatch", sentence)
    if verified.entry_size not in {None, entry.size}:
        sentence = "The credential and its status list disagree about statusSize."
        raise StatusVerificationError("status-size-mismatch", sentence)
    bitstring.check_length(verified.bits, entry_size=entry.size)
    return bitstring.value(verified.bits, entry.index, entry_size=entry.size)


def _text(given: dict[str, Any], field: str) -> str:
    value = given.get(field)
    if isinstance(value, str) and value:
        return value
    raise bitstring.MalformedValueError(f"{field} is not a text")


def _size(given: dict[str, Any]) -> int:
    """Return statusSize, 1 when absent; a larger one needs a message for each value (§2.1)."""
    size = given.get("statusSize", 1)
    if type(size) is not int or not 1 <= size <= _MAXIMUM_SIZE:
        raise bitstring.MalformedValueError(f"statusSize is not between 1 and {_MAXIMUM_SIZE}")
    if size == 1 and "statusMessage" not in given:
        return size
    if len(as_list(given.get("statusMessage"))) != 2**size:
        raise bitstring.MalformedValueError("statusMessage has not one message for each value")
    return size


def _told(entry: Entry, value: int, *, looked_at: str) -> Check:
    if value and entry.purpose in _WHEN_SET:
        code, sentence = _WHEN_SET[entry.purpose]
        return Check(_NAME, Outcome.FAILED, code, sentence, looked_at)
    state, code = ("set", "status-set") if value else ("not set", "status-not-set")
    sentence = f"The status {shown(entry.purpose)} is {state}."
    return Check(_NAME, Outcome.PASSED, code, sentence, looked_at)


def _code_of(error: bitstring.BitstringError) -> str:
    """Return RANGE_ERROR, the end of the problem's URL, as range-error."""
    return error.problem_type.rpartition("#")[2].lower().replace("_", "-")


def _where(given: dict[str, Any]) -> str:
    return (
        f"{shown(given.get('statusListCredential'))}, entry {shown(given.get('statusListIndex'))}"
    )
