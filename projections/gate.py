"""The gate: nothing is published that a second, independent reading of the events does not confirm.

It shares no code with the encoder, the signing or the status arrays: it inflates and decodes with
the standard library, sets bits in plain bytes, and folds the status events by itself.
"""

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from registry.domain.events import (
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    Event,
)

MINIMUM_ENTRIES = 131_072
WATCHED = (CredentialSuspended.TOPIC, CredentialReinstated.TOPIC, CredentialRevoked.TOPIC)
"""Topics of the events that may change a bit."""


class GateRefusedError(Exception):
    """A list was not published because it differs from what the events say."""


@dataclass(frozen=True)
class Candidate:
    """A version about to be published, or the one before it: what the gate compares.

    `signed_at` is the proof's time as text of a fixed form, so that texts compare as times do.
    An `encoded_list` of None stands for an earlier version whose bytes were lost: the check then
    needs every change since the list was opened.
    """

    version: int
    position: int
    signed_at: str
    purpose: str
    size: int
    encoded_list: str | None


@dataclass(frozen=True)
class Change:
    """One status event as it bears on one list and purpose: the bit it leaves at an index."""

    position: int
    list_id: str
    purpose: str
    index: int
    bit: int


def changes(event: Event, position: int) -> Iterable[Change]:
    """Return what a status event changes."""
    match event:
        case CredentialSuspended():
            yield Change(position, event.list_id, "suspension", event.list_index, 1)
        case CredentialReinstated():
            yield Change(position, event.list_id, "suspension", event.list_index, 0)
        case CredentialRevoked():
            yield Change(position, event.list_id, "revocation", event.list_index, 1)
        case _:
            return


def check(
    candidate: Candidate,
    document: dict[str, Any],
    *,
    previous: Candidate | None,
    since: Iterable[Change],
) -> None:
    """Raise GateRefusedError unless `document` may follow `previous`.

    `since` are this list's changes after `previous.position` (all of them for the first
    version, and where the bytes of the previous one were lost) up to `candidate.position`.
    """
    if previous is not None:
        _check_order(candidate, previous)
    if candidate.size < MINIMUM_ENTRIES:
        raise GateRefusedError(f"{candidate.size} entries are fewer than {MINIMUM_ENTRIES}")
    subject = document["credentialSubject"]
    if subject["encodedList"] != candidate.encoded_list:
        raise GateRefusedError("the document holds another list than the one checked")
    if subject["statusPurpose"] != candidate.purpose:
        raise GateRefusedError("the document is for another purpose")
    _check_bits(candidate, previous, since)


def check_secured(body: bytes, document: dict[str, Any]) -> None:
    """Raise GateRefusedError unless the bytes to be served hold exactly the document checked.

    They are the document with an embedded proof, or a compact JWS of which it is the payload.
    """
    try:
        found = _with_proof(body) if body.startswith(b"{") else _jws_payload(body)
    except (ValueError, KeyError) as error:
        raise GateRefusedError("a signed form of the list cannot be read again") from error
    if found != document:
        raise GateRefusedError("a signed form holds another document than the one checked")


def _with_proof(body: bytes) -> Any:
    document = json.loads(body)
    del document["proof"]
    return document


def _jws_payload(body: bytes) -> Any:
    header, payload, signature = (_base64url(part) for part in body.decode("ascii").split("."))
    if json.loads(header)["typ"] != "vc+jwt" or not signature:
        raise GateRefusedError("a signed form is no secured credential")
    return json.loads(payload)


def _base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _check_order(candidate: Candidate, previous: Candidate) -> None:
    if candidate.version <= previous.version:
        raise GateRefusedError(f"version {candidate.version} follows {previous.version}")
    if candidate.signed_at <= previous.signed_at:
        raise GateRefusedError(f"signed at {candidate.signed_at}, not after {previous.signed_at}")
    if candidate.position < previous.position:
        raise GateRefusedError(f"position {candidate.position} is below {previous.position}")
    if candidate.size != previous.size:
        raise GateRefusedError("the size of a list never changes")


def _check_bits(candidate: Candidate, previous: Candidate | None, since: Iterable[Change]) -> None:
    before = _bits(previous) if previous is not None else bytes(candidate.size // 8)
    expected = bytearray(before)
    for change in since:
        mask = 0x80 >> change.index % 8
        if change.bit:
            expected[change.index // 8] |= mask
        else:
            expected[change.index // 8] &= ~mask
    found = _bits(candidate)
    if found != expected:
        raise GateRefusedError(
            f"entry {_first_difference(found, expected)} differs from its events"
        )
    if candidate.purpose == "revocation" and _number(before) & ~_number(found):
        raise GateRefusedError("a revoked entry would read valid again")


def _bits(candidate: Candidate) -> bytes:
    """Return the list's bytes, entry 0 the most significant bit of byte 0; zeros where lost."""
    if candidate.encoded_list is None:
        return bytes(candidate.size // 8)
    compressed = _base64url(candidate.encoded_list.removeprefix("u"))
    data = zlib.decompress(compressed, zlib.MAX_WBITS | 16)
    if len(data) * 8 != candidate.size:
        raise GateRefusedError(f"the list has {len(data) * 8} entries, not {candidate.size}")
    return data


def _number(data: bytes | bytearray) -> int:
    return int.from_bytes(data, "big")


def _first_difference(found: bytes, expected: bytes | bytearray) -> int:
    return len(found) * 8 - (_number(found) ^ _number(expected)).bit_length()
