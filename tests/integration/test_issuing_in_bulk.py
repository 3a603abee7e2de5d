"""Issuing in bulk: a batch is one save, is checked in part, and costs the same few statements."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from structlog.testing import capture_logs

from registry.badge_writing import CHECKED_OF, WronglyWrittenError
from registry.domain import errors
from registry.domain import events as e
from registry.domain.credential import Status
from registry.domain.instants import instant
from registry.domain.securing import Mechanism
from registry.formats.canonical import Digest
from registry.formats.shapes import WholeWay
from registry.issuing import Issued
from registry.store.vault import Kind
from tests.integration.world import World, keyed
from tests.making import OPERATOR, START, Parts, connect, new_achievement, order

SPARE = 4
"""Statements that a batch may take more: to begin, to find what is superseded, to ask if alive."""


class Forgetful(WholeWay):
    """Forms that stopped telling documents apart: each comes out as the first of its structure."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "first", {})

    def rdfc(self, document: dict[str, Any], *, digest: Digest = "sha256") -> bytes:
        known: dict[tuple[str, ...], bytes] = self.first  # type: ignore[attr-defined]
        if tuple(document) not in known:
            known[tuple(document)] = super().rdfc(document, digest=digest)
        return known[tuple(document)]


class Making:
    """Makes forms that are `Forgetful` as often as they are `wrong`, and counts."""

    def __init__(self) -> None:
        self.wrong, self.made = 1, 0

    def __call__(self) -> WholeWay:
        self.made += 1
        return Forgetful() if self.made <= self.wrong else WholeWay()


@pytest.fixture
def making() -> Making:
    return Making()


@pytest.fixture
def parts(ready_url: str, making: Making) -> Iterator[Parts]:
    parts = connect(ready_url, make_forms=making)
    yield parts
    parts.close()


@pytest.fixture
def world(parts: Parts) -> World:
    world = World(parts)
    world.achievement_id = new_achievement(
        parts.application, world.issuer_id, mechanism=Mechanism.EDDSA_RDFC_2022
    )
    return world


def stored(world: World) -> int:
    start, end = instant(START - timedelta(1)), instant(START + timedelta(9))
    return len(world.parts.vault.stored_between(Kind.DOCUMENTS, start, end, after=None))


def spoil(world: World) -> None:
    """Have the forms met a document, with which they take all others for the same."""
    world.issue(order(world.achievement_id))


def test_batch_that_a_broken_shape_wrote_issues_nothing(world: World) -> None:
    spoil(world)
    with pytest.raises(WronglyWrittenError):
        world.issue(*[order(world.achievement_id, number) for number in range(4)])
    assert len(world.of(e.CredentialIssued)) == stored(world) == 1


def test_broken_shape_is_forgotten_so_that_a_repeat_succeeds(world: World, making: Making) -> None:
    spoil(world)
    one = order(world.achievement_id, 2)
    with pytest.raises(WronglyWrittenError):
        world.issue(one, caller=keyed())
    assert len(world.issue(one, caller=keyed())) == 1
    assert making.made == 2


def test_broken_shape_is_told_loudly_and_names_no_learner(world: World) -> None:
    spoil(world)
    with capture_logs() as entries, pytest.raises(WronglyWrittenError):
        world.issue(order(world.achievement_id, 2))
    [entry] = entries
    assert (entry["log_level"], entry["achievement"]) == ("critical", world.achievement_id)
    assert "learner-2" not in str(entry)


def test_one_of_every_form_in_a_batch_is_checked(world: World, making: Making) -> None:
    """The badge with an end is the only one that was written wrongly."""
    spoil(world)
    making.made = 0
    ends = order(world.achievement_id, valid_until=START + timedelta(days=9))
    with pytest.raises(WronglyWrittenError):
        world.issue(*[order(world.achievement_id)] * 3, ends)


def test_one_badge_in_a_thousand_is_checked() -> None:
    assert CHECKED_OF <= 1_000


def statements(world: World, work: Callable[[], object]) -> int:
    """Return how many statements a work sends to the database."""
    sent: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    engine = world.parts.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(sent)


@pytest.fixture
def quick(world: World, making: Making) -> World:
    """A world with right forms, in which indexes for some hundred credentials are reserved."""
    making.wrong = 0
    world.achievement_id = new_achievement(world.application, world.issuer_id)
    for number in (100, 1):
        world.issue(*[order(world.achievement_id, each) for each in range(number)])
    return world


@pytest.mark.parametrize("key", [None, "rows"])
def test_many_take_as_many_statements_as_few(quick: World, key: str | None) -> None:
    def issuing(count: int) -> Callable[[], object]:
        orders = [order(quick.achievement_id, 1_000 * count + each) for each in range(count)]
        caller = keyed(f"{key}-{count}") if key else OPERATOR
        return lambda: quick.issue(*orders, caller=caller)

    few, many = (statements(quick, issuing(count)) for count in (3, 60))
    assert many <= few + SPARE


def test_repeating_many_takes_as_many_statements_as_repeating_few(quick: World) -> None:
    def repeated(count: int) -> int:
        orders = [order(quick.achievement_id, 1_000 * count + each) for each in range(count)]
        first = quick.issue(*orders, caller=keyed(f"rows-{count}"))
        again: list[Issued] = []
        sent = statements(
            quick, lambda: again.extend(quick.issue(*orders, caller=keyed(f"rows-{count}")))
        )
        assert [each.document for each in first] == [each.document for each in again]
        return sent

    few, many = repeated(3), repeated(60)
    assert many <= few + SPARE


def test_many_supersede_in_one_save(quick: World) -> None:
    old = [str(each.credential.id) for each in quick.issue(*[order(quick.achievement_id)] * 20)]
    successors = [order(quick.achievement_id, supersedes=each) for each in old]
    many = statements(quick, lambda: quick.issue(*successors))
    assert {quick.status(each) for each in old} == {Status.REVOKED}
    assert many <= statements(quick, lambda: quick.issue(order(quick.achievement_id))) + SPARE


def test_two_successors_of_one_credential_are_told_that_revoked_is_final(quick: World) -> None:
    old = quick.issue_one()
    with pytest.raises(errors.RevokedIsFinalError):
        quick.issue(*[order(quick.achievement_id, supersedes=old)] * 2)
    assert quick.status(old) is Status.ACTIVE
