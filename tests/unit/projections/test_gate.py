"""The gate lets pass what the events say, and nothing else."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from projections import gate
from projections.gate import Candidate, Change, GateRefusedError
from registry.domain.events import (
    EVENT_CLASSES,
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    Event,
)
from registry.formats import bitstring

SIZE = 131_072
LAST = SIZE - 1
LIST = "5d8a6c8e-6c1c-5d0e-9b57-0f6f7c1f2a3b"


def encoded(*indexes: int, size: int = SIZE) -> str:
    """Encode a list, with these bits set, as the press does."""
    bits = bytearray(size // 8)
    for index in indexes:
        bits[index // 8] |= 0x80 >> index % 8
    return bitstring.encode(bytes(bits)).text


def candidate(*indexes: int, version: int = 2, **details: Any) -> Candidate:
    given = {
        "position": 10 * version,
        "signed_at": f"2026-11-22T18:00:0{version}.000Z",
        "purpose": "revocation",
        "size": SIZE,
        "encoded_list": encoded(*indexes),
    }
    return Candidate(version=version, **{**given, **details})


def change(index: int, bit: int = 1, purpose: str = "revocation") -> Change:
    return Change(position=15, list_id=LIST, purpose=purpose, index=index, bit=bit)


def check(
    checked: Candidate,
    since: Iterable[Change] = (),
    *,
    previous: Candidate | None = None,
    **subject: Any,
) -> None:
    document = {
        "credentialSubject": {
            "statusPurpose": checked.purpose,
            "encodedList": checked.encoded_list,
            **subject,
        }
    }
    gate.check(checked, document, previous=previous, since=since)


EARLIER = candidate(3, version=1)


def test_first_version_of_an_empty_list_passes() -> None:
    check(candidate(version=1))


@pytest.mark.parametrize("index", [0, 7, 8, 65_535, LAST])
def test_version_with_exactly_the_bits_of_the_changes_passes(index: int) -> None:
    check(candidate(3, index), [change(index)], previous=EARLIER)


def test_version_signed_again_without_a_change_passes() -> None:
    check(candidate(3, position=EARLIER.position), previous=EARLIER)


def test_later_change_of_one_entry_wins() -> None:
    earlier = candidate(3, version=1, purpose="suspension")
    changes = [change(3, 0, "suspension"), change(4, 1, "suspension"), change(3, 1, "suspension")]
    check(candidate(3, 4, purpose="suspension"), changes, previous=earlier)


@pytest.mark.parametrize(
    ("bits", "entry"),
    [((3, 4, 0), 0), ((3, 4, LAST), LAST), ((3,), 4), ((3, 5), 4), ((4,), 3)],
    ids=["first flipped", "last flipped", "change left out", "other bit set", "cleared"],
)
def test_bit_that_differs_from_the_events_is_refused_by_its_number(
    bits: tuple[int, ...], entry: int
) -> None:
    with pytest.raises(GateRefusedError, match=f"^entry {entry} differs from its events$"):
        check(candidate(*bits), [change(4)], previous=EARLIER)


def test_revoked_bit_is_never_cleared_even_by_a_change_that_says_so() -> None:
    with pytest.raises(GateRefusedError, match="a revoked entry would read valid again"):
        check(candidate(), [change(3, 0)], previous=EARLIER)


def test_suspended_bit_is_cleared_by_a_change_that_says_so() -> None:
    earlier = candidate(3, version=1, purpose="suspension")
    check(candidate(purpose="suspension"), [change(3, 0, "suspension")], previous=earlier)


def test_first_version_is_held_against_every_change_there_was() -> None:
    check(candidate(5, version=1), [change(5)])
    with pytest.raises(GateRefusedError, match="entry 5 differs"):
        check(candidate(version=1), [change(5)])


def test_version_after_lost_bytes_is_held_against_every_change_there_was() -> None:
    lost = replace(EARLIER, encoded_list=None)
    check(candidate(3, 4), [change(3), change(4)], previous=lost)
    with pytest.raises(GateRefusedError, match="entry 3 differs"):
        check(candidate(4), [change(3), change(4)], previous=lost)


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"version": 1}, "version 1 follows 1"),
        ({"version": 0}, "version 0 follows 1"),
        ({"position": 9}, "position 9 is below 10"),
        ({"signed_at": EARLIER.signed_at}, "not after"),
        ({"signed_at": "2026-11-22T17:59:59.999Z"}, "not after"),
        ({"size": 2 * SIZE, "encoded_list": encoded(3, size=2 * SIZE)}, "size of a list"),
    ],
    ids=["same version", "lower version", "lower position", "same time", "earlier", "size"],
)
def test_order_that_is_broken_is_refused(details: dict[str, Any], reason: str) -> None:
    good = candidate(3)
    check(good, previous=EARLIER)
    with pytest.raises(GateRefusedError, match=reason):
        check(replace(good, **details), previous=EARLIER)


def test_document_for_another_purpose_is_refused() -> None:
    with pytest.raises(GateRefusedError, match="another purpose"):
        check(candidate(3), previous=EARLIER, statusPurpose="suspension")


def test_document_that_holds_another_list_than_was_checked_is_refused() -> None:
    with pytest.raises(GateRefusedError, match="another list"):
        check(candidate(3), previous=EARLIER, encodedList=encoded())


def test_list_too_small_to_hide_in_is_refused() -> None:
    small = candidate(size=SIZE - 8)
    with pytest.raises(GateRefusedError, match="131064 entries are fewer than 131072"):
        check(small)


def test_list_of_another_length_than_it_says_is_refused() -> None:
    with pytest.raises(GateRefusedError, match="the list has 262144 entries, not 131072"):
        check(candidate(version=1, encoded_list=encoded(size=2 * SIZE)))


@pytest.mark.parametrize(
    ("event_class", "expected"),
    [
        (CredentialSuspended, change(77, 1, "suspension")),
        (CredentialReinstated, change(77, 0, "suspension")),
        (CredentialRevoked, change(77, 1, "revocation")),
    ],
)
def test_status_event_is_read_as_the_bit_it_leaves(
    event_class: type[Event], expected: Change
) -> None:
    assert list(gate.changes(_event(event_class), 15)) == [expected]
    assert event_class.TOPIC in gate.WATCHED


@pytest.mark.parametrize("event_class", EVENT_CLASSES, ids=lambda each: each.__name__)
def test_no_other_event_changes_a_bit(event_class: type[Event]) -> None:
    watched = event_class.TOPIC in gate.WATCHED
    assert bool(list(gate.changes(_event(event_class), 15))) == watched


def _event(event_class: type[Event]) -> Event:
    event = object.__new__(event_class)
    vars(event).update(originator_id=UUID(int=1), list_id=LIST, list_index=77)
    return event
