"""A status list: blocks of counters, each given to one worker, for ever."""

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from registry.domain.achievement import Profile
from registry.domain.aggregate import ForeignEventError
from registry.domain.errors import ConflictError, StatusListFullError
from registry.domain.events import (
    CredentialRevoked,
    Event,
    IndexesReserved,
    IndexesReturned,
    StatusListClosed,
    StatusListHistoryClosed,
    StatusListHistoryOpened,
    StatusListOpened,
    StatusListRetired,
)
from registry.domain.profiles import GenericProfile, purposes_of
from registry.domain.securing import Mechanism
from registry.domain.status_list import Range, Shelf, StatusList, publication_id
from tests.given import STREAM, Given, command, event, recorded

ISSUER = "0b8a6e4c-8f7e-4f52-9e43-0f6f0a8f5b11"
SHELF = Shelf(ISSUER, "eddsa-rdfc-2022", Profile.DEFAULT)
SIZE = 100
MECHANISM = Mechanism.VC_JWT_ES256


def opened(size: int = SIZE) -> Event:
    return event(
        StatusListOpened,
        1,
        issuer_id=ISSUER,
        cryptosuite="eddsa-rdfc-2022",
        profile="default",
        purposes=["revocation", "suspension"],
        size=size,
        sequence=3,
    )


def reserved(number: int, first: int, count: int) -> Event:
    return event(IndexesReserved, number, first=first, count=count)


def returned(number: int, first: int, count: int) -> Event:
    return event(IndexesReturned, number, first=first, count=count)


def closed(number: int) -> Event:
    return event(StatusListClosed, number)


def given(*history: Event) -> Given[StatusList]:
    return Given(StatusList, *history)


def reserve(count: int) -> Any:
    return lambda status_list: status_list.reserve(command(), count=count)


def test_opening_records_the_shelf_and_the_size() -> None:
    expected = recorded(
        StatusListOpened,
        1,
        issuer_id=ISSUER,
        cryptosuite="eddsa-rdfc-2022",
        profile="default",
        purposes=["revocation", "suspension"],
        size=SIZE,
        sequence=3,
    )
    status_list = (
        given()
        .when(lambda each: each.open(command(), shelf=SHELF, sequence=3, size=SIZE))
        .then(expected)
    )
    assert (status_list.shelf, status_list.remaining) == (SHELF, SIZE)


def test_strict_shelf_opens_a_list_for_revocation_alone() -> None:
    shelf = Shelf(ISSUER, "eddsa-rdfc-2022", Profile.OB_STRICT)
    status_list = StatusList(STREAM)
    status_list.open(command(), shelf=shelf, sequence=0, size=SIZE)
    assert status_list.purposes == ["revocation"]


def test_block_is_reserved_from_the_frontier() -> None:
    history = opened(), reserved(2, 0, 16)
    status_list = (
        given(*history).when(reserve(64)).then(recorded(IndexesReserved, 3, first=16, count=64))
    )
    assert status_list.remaining == 20


def test_last_block_is_as_long_as_what_is_left() -> None:
    history = opened(), reserved(2, 0, 90)
    given(*history).when(reserve(64)).then(recorded(IndexesReserved, 3, first=90, count=10))


def test_full_list_gives_out_nothing() -> None:
    given(opened(), reserved(2, 0, SIZE)).when(reserve(1)).then_refused(StatusListFullError)


def test_returned_block_is_given_out_before_the_frontier() -> None:
    history = opened(), reserved(2, 0, 16), returned(3, 10, 6)
    given(*history).when(reserve(64)).then(recorded(IndexesReserved, 4, first=10, count=6))


def test_rest_of_a_returned_block_is_given_out_next() -> None:
    history = opened(), reserved(2, 0, 16), returned(3, 4, 12), reserved(4, 4, 5)
    given(*history).when(reserve(64)).then(recorded(IndexesReserved, 5, first=9, count=7))


def test_returned_counters_make_a_full_list_open_again() -> None:
    history = opened(), reserved(2, 0, SIZE), returned(3, 98, 2)
    given(*history).when(reserve(64)).then(recorded(IndexesReserved, 4, first=98, count=2))


def test_unspent_block_is_given_back() -> None:
    status_list = (
        given(opened(), reserved(2, 0, 16))
        .when(lambda each: each.give_back(command(), Range(10, 6)))
        .then(recorded(IndexesReturned, 3, first=10, count=6))
    )
    assert status_list.remaining == 90


@pytest.mark.parametrize(
    "history",
    [(opened(), reserved(2, 0, 16)), (opened(), reserved(2, 0, SIZE), closed(3))],
    ids=["nothing unspent", "closed"],
)
def test_nothing_is_given_back_without_use(history: tuple[Event, ...]) -> None:
    count = 0 if len(history) == 2 else 6
    given(*history).when(lambda each: each.give_back(command(), Range(10, count))).then()


def test_full_list_is_closed_once() -> None:
    full = opened(), reserved(2, 0, SIZE)
    given(*full).when(lambda each: each.close(command())).then(recorded(StatusListClosed, 3))
    given(*full, closed(3)).when(lambda each: each.close(command())).then()


def test_list_with_indexes_left_is_not_closed() -> None:
    given(opened(), reserved(2, 0, 99)).when(lambda each: each.close(command())).then_refused(
        ConflictError
    )


def test_closed_list_gives_out_nothing() -> None:
    history = opened(), reserved(2, 0, SIZE), closed(3)
    given(*history).when(reserve(1)).then_refused(StatusListFullError)


def test_closed_list_is_retired_once() -> None:
    history = opened(), reserved(2, 0, SIZE), closed(3)
    given(*history).when(lambda each: each.retire(command())).then(recorded(StatusListRetired, 4))
    given(*history, event(StatusListRetired, 4)).when(lambda each: each.retire(command())).then()


def test_list_that_is_being_filled_is_not_retired() -> None:
    given(opened()).when(lambda each: each.retire(command())).then_refused(ConflictError)


def test_event_of_another_aggregate_is_not_a_lists() -> None:
    other = event(CredentialRevoked, 2, issuer_id="1", list_id="1", list_index=1, reason="fraud")
    with pytest.raises(ForeignEventError, match="not a status list's event"):
        given(opened(), other)


def test_list_ids_differ_by_shelf_and_sequence_and_never_change() -> None:
    shelves = [
        Shelf(issuer, suite, profile)
        for issuer in (ISSUER, str(STREAM))
        for suite in ("eddsa-rdfc-2022", "eddsa-jcs-2022")
        for profile in Profile
    ]
    ids = {shelf.list_id(number) for shelf in shelves for number in range(3)}
    assert len(ids) == 24
    assert str(SHELF.list_id(0)) == "757ea1f7-3ec9-5cf0-be75-6adc8243cd33"


def test_each_purpose_of_a_list_has_a_publication_stream_of_its_own() -> None:
    assert publication_id(str(STREAM), "revocation") != publication_id(str(STREAM), "suspension")


Request = tuple[str, int]


@for_all(
    st.lists(st.tuples(st.sampled_from(["reserve", "give back"]), st.integers(1, 40)), max_size=40)
)
def test_no_counter_belongs_to_two_workers(requests: list[Request]) -> None:
    """Whatever is reserved and given back, each counter is held by one worker at most."""
    status_list = StatusList(STREAM)
    status_list.open(command(), shelf=SHELF, sequence=0, size=SIZE)
    held: list[Range] = []
    for what, count in requests:
        if what == "reserve" and status_list.remaining:
            held.append(status_list.reserve(command(), count=count))
        elif what == "give back" and held:
            block = held.pop(count % len(held))
            spent = count % (block.count + 1)
            status_list.give_back(command(), Range(block.first + spent, block.count - spent))
            held.append(Range(block.first, spent))
        counters = [c for block in held for c in range(block.first, block.first + block.count)]
        assert len(counters) == len(set(counters)) == SIZE - status_list.remaining
        assert set(counters) <= set(range(SIZE))


def test_list_for_generic_credentials_has_the_purposes_of_their_profile() -> None:
    shelf = Shelf(ISSUER, "vc-jwt-es256", GenericProfile(MECHANISM, ("suspension",)).name)
    status_list = (
        given()
        .when(lambda status_list: status_list.open(command(), shelf=shelf, sequence=0, size=SIZE))
        .then(
            recorded(
                StatusListOpened,
                1,
                issuer_id=ISSUER,
                cryptosuite="vc-jwt-es256",
                profile="generic+suspension",
                purposes=["suspension"],
                size=SIZE,
                sequence=0,
            )
        )
    )
    assert status_list.shelf == shelf


def test_purposes_of_a_generic_profile_stand_in_one_order() -> None:
    backwards = GenericProfile(MECHANISM, ("suspension", "revocation"))
    assert purposes_of(backwards.name) == ("revocation", "suspension")
    assert purposes_of(GenericProfile(MECHANISM, ()).name) == ()


@pytest.mark.parametrize("profile", Profile)
def test_purposes_of_an_achievements_profile_are_its_own(profile: Profile) -> None:
    assert purposes_of(profile.value) == profile.purposes


def test_ids_of_lists_never_change() -> None:
    assert str(SHELF.list_id(0)) == "757ea1f7-3ec9-5cf0-be75-6adc8243cd33"


def test_history_is_opened_once_and_closed_once() -> None:
    public = event(StatusListHistoryOpened, 2)
    given(opened()).when(lambda each: each.open_history(command())).then(
        recorded(StatusListHistoryOpened, 2)
    )
    given(opened(), public).when(lambda each: each.open_history(command())).then()
    given(opened(), public).when(lambda each: each.close_history(command())).then(
        recorded(StatusListHistoryClosed, 3)
    )
    given(opened()).when(lambda each: each.close_history(command())).then()
