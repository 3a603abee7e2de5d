"""A mass change as verifiers see it: one new version of each list it touches, and right bits."""

import pytest

from registry.domain.credential import Credential
from registry.jobs.status_changes_terms import Operation, Terms
from tests.integration.projections.by_hand import ByHand
from tests.making import OPERATOR


@pytest.fixture
def credentials(by_hand: ByHand, monkeypatch: pytest.MonkeyPatch) -> list[Credential]:
    """Published credentials; from now on a page of the history is two events."""
    found = by_hand.issue(7)
    by_hand.settle()
    monkeypatch.setattr("projections.history.PAGE", 2)
    return found


def change(by_hand: ByHand, operation: Operation, credentials: list[Credential]) -> None:
    """Change many at once, and leave it to be folded."""
    registry = by_hand.registry
    ids = ({"line": line, "id": str(each.id)} for line, each in enumerate(credentials, start=1))
    terms = Terms(operation, "other", wait=False, selection={"file": "csv"})
    issuer_id = credentials[0].issuance.issuer_id
    job = registry.status_orders.order(OPERATOR, issuer_id, terms, ids)
    while registry.jobs.worker.tick():
        pass
    assert registry.jobs.store.read(job.job_id).accepted == len(credentials)


def fold_and_publish(by_hand: ByHand, *, seconds: float) -> None:
    """Look at what is to be published after each page."""
    while by_hand.registry.catch_up.step():
        by_hand.clock.advance(seconds=seconds)
        by_hand.registry.publisher.tick()
    by_hand.clock.advance(seconds=1)
    by_hand.registry.publisher.tick()


def test_mass_change_is_one_version_of_its_list(
    by_hand: ByHand, credentials: list[Credential]
) -> None:
    change(by_hand, Operation.REVOKE, credentials)

    fold_and_publish(by_hand, seconds=1)

    assert [by_hand.bit(each) for each in credentials] == [1] * 7
    assert len(by_hand.publications(credentials[0])) == 2
    assert len(by_hand.publications(credentials[0], "suspension")) == 1


def test_list_does_not_wait_for_ever_for_the_rest_of_a_save(
    by_hand: ByHand, credentials: list[Credential]
) -> None:
    change(by_hand, Operation.REVOKE, credentials)

    fold_and_publish(by_hand, seconds=11)

    assert [by_hand.bit(each) for each in credentials] == [1] * 7
    assert len(by_hand.publications(credentials[0])) > 2


def test_suspensions_that_are_taken_back_leave_no_bit(
    by_hand: ByHand, credentials: list[Credential]
) -> None:
    change(by_hand, Operation.SUSPEND, credentials)
    fold_and_publish(by_hand, seconds=1)
    assert [by_hand.bit(each, "suspension") for each in credentials] == [1] * 7

    change(by_hand, Operation.REINSTATE, credentials)
    fold_and_publish(by_hand, seconds=1)

    assert [by_hand.bit(each, "suspension") for each in credentials] == [0] * 7
    assert len(by_hand.publications(credentials[0], "suspension")) == 3


def test_what_is_published_after_a_mass_change_is_what_a_replay_makes(
    by_hand: ByHand, credentials: list[Credential]
) -> None:
    change(by_hand, Operation.SUSPEND, credentials[:4])
    change(by_hand, Operation.REVOKE, credentials[2:])
    fold_and_publish(by_hand, seconds=1)

    assert by_hand.replay().verify().identical
