"""Which version of a list was valid when, and its bytes even where every file is lost."""

import shutil
from datetime import timedelta

import pytest

from projections.past import past_lists
from projections.past.past_lists import (
    LostListVersionError,
    PastLists,
    PastVersion,
    UnknownListVersionError,
)
from registry.domain.instants import parse_instant
from registry.formats import bitstring
from tests.integration.projections.by_hand import ByHand, list_of
from tests.making import PUBLIC_URL


def version_at(by_hand: ByHand, list_id: str, at: str, **later: float) -> int | None:
    """Return the number of the version that was valid at a time, or so much later."""
    moment = parse_instant(at) + timedelta(**later)
    with by_hand.registry.database.snapshot() as connection:
        found = past_lists.valid_at(connection, list_id, "revocation", moment)
    return found.version if found else None


def numbered(by_hand: ByHand, list_id: str, version: int) -> PastVersion:
    with by_hand.registry.database.snapshot() as connection:
        return past_lists.numbered(connection, list_id, "revocation", version)


def lists(by_hand: ByHand) -> PastLists:
    registry = by_hand.registry
    return PastLists(registry.database.snapshot, registry.history, registry.folder, PUBLIC_URL)


def test_each_time_has_the_version_that_was_valid_then_and_gaps_have_none(by_hand: ByHand) -> None:
    [credential] = by_hand.issue()
    by_hand.settle()
    by_hand.clock.advance(days=3)
    by_hand.revoke(credential)
    by_hand.settle()
    by_hand.registry.catch_up.run()
    list_id = list_of(credential)
    first, second = by_hand.publications(credential)
    assert version_at(by_hand, list_id, first.valid_from, milliseconds=-1) is None
    assert version_at(by_hand, list_id, first.valid_from) == 1
    assert version_at(by_hand, list_id, first.valid_until) == 1
    assert version_at(by_hand, list_id, first.valid_until, microseconds=1) is None
    assert version_at(by_hand, list_id, second.valid_from, microseconds=-1) is None
    assert version_at(by_hand, list_id, second.valid_from) == 2


def test_every_version_is_made_again_where_all_files_are_lost(by_hand: ByHand) -> None:
    credentials = by_hand.issue(3)
    list_id = list_of(credentials[0])
    folder = by_hand.registry.folder
    bodies = {}
    for number, credential in enumerate(credentials, start=1):
        by_hand.revoke(credential)
        by_hand.settle()
        by_hand.registry.catch_up.run()
        bodies[number] = (folder.root / by_hand.names(credential)[0]).read_bytes()
    shutil.rmtree(folder.root)
    for number, body in bodies.items():
        version = numbered(by_hand, list_id, number)
        assert version.is_last == (number == len(bodies))
        assert lists(by_hand).body(version, version.digest) == body
    with pytest.raises(UnknownListVersionError):
        numbered(by_hand, list_id, 4)


def test_version_without_its_file_and_its_compressor_is_lost_and_says_so(
    by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    [credential] = by_hand.issue()
    by_hand.settle()
    by_hand.registry.catch_up.run()
    version = numbered(by_hand, list_of(credential), 1)
    shutil.rmtree(by_hand.registry.folder.root)

    def forgotten(bits: bytes, encoder: str) -> str:
        raise bitstring.UnknownEncoderError(encoder)

    monkeypatch.setattr(bitstring, "encode_with", forgotten)
    with pytest.raises(LostListVersionError) as refusal:
        lists(by_hand).body(version, version.digest)
    assert "compressor" in refusal.value.reason


def test_bytes_that_are_not_those_published_are_not_given_out(by_hand: ByHand) -> None:
    [credential] = by_hand.issue()
    by_hand.settle()
    by_hand.registry.catch_up.run()
    version = numbered(by_hand, list_of(credential), 1)
    shutil.rmtree(by_hand.registry.folder.root)
    with pytest.raises(LostListVersionError):
        lists(by_hand).body(version, "0" * 64)


def test_bytes_made_again_from_a_damaged_view_are_not_given_out(by_hand: ByHand) -> None:
    [credential] = by_hand.issue()
    by_hand.revoke(credential)
    by_hand.settle()
    by_hand.registry.catch_up.run()
    version = numbered(by_hand, list_of(credential), 1)
    shutil.rmtree(by_hand.registry.folder.root)
    by_hand.execute("UPDATE status_intervals_g1 SET list_index = (list_index + 1) % 1000")
    with pytest.raises(LostListVersionError) as refusal:
        lists(by_hand).body(version, version.digest)
    assert "another digest" in refusal.value.reason
