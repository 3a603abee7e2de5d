"""Two shards over one history, as after a split: each does what is due for its own alone.

On SQLite; tests/e2e/test_split_shard.py has a split on both databases.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.bootstrap import Registry
from api.parts import build_base, build_scheduler
from projections import progress
from projections.claims import Claims
from registry.accrediting import NewAccreditation, NewScheme
from registry.csv_import import Form
from registry.domain.credential import Credential, Status
from registry.domain.erasure import ErasureReason, ErasureState
from registry.domain.errors import InvalidValueError
from registry.domain.events import IndexesReturned, IssuerPlaced
from registry.domain.issuer import EndReason
from registry.domain.job import Kind, NewJob
from registry.jobs.issuing_terms import IssuingTerms
from registry.jobs.status_changes_terms import Operation, Terms
from registry.moving import IssuerBusyError, TiedIssuersError
from registry.sharding import IssuerElsewhereError
from tests.integration.projections.by_hand import ByHand, open_registry
from tests.making import OPERATOR, Clock, new_issuer


@dataclass
class Shards:
    """A shard without a name, and the one it was split into, `b`, with the very same history."""

    first: ByHand
    b: ByHand

    def move(self, *issuer_ids: str) -> None:
        self.first.registry.catch_up.run()
        self.first.registry.moving.move(OPERATOR, issuer_ids, to="b")
        for issuer_id in issuer_ids:
            # What a process finds that is started afterwards.
            for shard in (self.first, self.b):
                shard.registry.application._streams.homes.forget(issuer_id)
        self.b.registry.catch_up.run()

    def scheduled(self, shard: ByHand) -> int:
        """Do what is due in a shard."""
        base = build_base(shard.registry.settings)
        try:
            return build_scheduler(base, shard.registry.housekeeping).tick()
        finally:
            base.database.close()


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'registry.db'}"


@pytest.fixture
def shards(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Shards]:
    opened: list[Registry] = []

    def start(**settings: Any) -> ByHand:
        opened.append(open_registry(tmp_path, database_url, shards=["b", "c"], **settings))
        return ByHand(opened[-1], clock)

    yield Shards(start(), start(shard="b"))
    for registry in opened:
        registry.close()


@pytest.fixture
def credential(shards: Shards) -> Credential:
    """A credential of an issuer that is at home in the shard without a name, published."""
    (credential,) = shards.first.issue()
    shards.first.settle()
    return credential


def issuer_of(credential: Credential) -> str:
    return credential.issuance.issuer_id


def test_new_issuer_of_a_shard_is_at_home_in_it(shards: Shards) -> None:
    new_issuer(shards.first.registry.application)
    assert shards.first.events(IssuerPlaced) == []
    issuer_id = new_issuer(shards.b.registry.application)
    (placed,) = shards.b.events(IssuerPlaced)
    assert (str(placed.originator_id), placed.shard) == (issuer_id, "b")


def test_lists_of_a_moved_issuer_are_published_where_it_is_and_from_there_on(
    shards: Shards, credential: Credential
) -> None:
    shards.first.revoke(credential)
    before = shards.first.current(credential).version
    shards.move(issuer_of(credential))
    assert shards.first.settle() == 0
    assert shards.first.current(credential).version == before
    assert shards.first.registry.publisher.alarms == {}
    assert shards.b.settle() == 1
    assert shards.b.current(credential).version == before + 1
    assert shards.b.bit(credential, "revocation") == 1


def test_lists_that_grow_old_are_renewed_by_the_shard_they_belong_to(
    shards: Shards, credential: Credential
) -> None:
    shards.move(issuer_of(credential))
    shards.b.clock.advance(days=1)
    assert shards.first.settle() == 0
    assert shards.b.settle() == 2


def test_lists_are_watched_where_they_are_published(shards: Shards, credential: Credential) -> None:
    shards.move(issuer_of(credential))
    shards.first.registry.catch_up.run()
    database = shards.first.registry.database
    assert progress.list_states(database) == []
    assert len(progress.list_states(database, shard="b")) == 2


def test_issuer_that_stays_is_not_published_by_the_copy(
    shards: Shards, credential: Credential
) -> None:
    shards.first.revoke(credential)
    assert shards.b.settle() == 0
    assert shards.first.settle() == 1


def test_publisher_whose_view_lags_publishes_nothing_of_an_issuer_that_moved(
    shards: Shards, credential: Credential
) -> None:
    shards.first.revoke(credential)
    shards.first.registry.catch_up.run()
    registry, issuer_id = shards.first.registry, issuer_of(credential)
    registry.moving.move(OPERATOR, [issuer_id], to="b")
    before = shards.first.current(credential)
    shards.first.clock.advance(seconds=1)
    assert registry.publisher.tick() == 0
    assert shards.first.current(credential) == before
    (alarm,) = registry.publisher.alarms.values()
    assert alarm.reason == "the issuer is at home in another shard of this registry"


def test_suspension_ends_in_the_shard_the_issuer_is_at_home_in(
    shards: Shards, credential: Credential
) -> None:
    clock = shards.first.clock
    shards.first.suspend(credential, until=clock.now.replace(hour=23))
    shards.move(issuer_of(credential))
    clock.advance(days=1)
    assert shards.scheduled(shards.first) == 0
    assert not shards.first.registry.housekeeping.end_suspension(str(credential.id))
    assert shards.scheduled(shards.b) == 1
    found = shards.b.registry.application.any_credential(str(credential.id))
    assert found.status is Status.ACTIVE


def test_suspensions_of_issuers_elsewhere_keep_no_other_waiting(
    shards: Shards, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.scheduler.BATCH", 1)
    clock = shards.first.clock
    (staying,) = shards.first.issue(number=2)
    shards.first.suspend(credential, until=clock.now.replace(hour=22))
    shards.first.suspend(staying, until=clock.now.replace(hour=23))
    shards.move(issuer_of(credential))
    clock.advance(days=1)
    assert shards.scheduled(shards.first) == 1


def test_erasure_is_completed_in_the_shard_the_issuer_is_at_home_in(
    shards: Shards, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards.move(issuer_of(credential))
    reason, erasing = ErasureReason.LEARNER_REQUEST, shards.b.registry.erasing
    with monkeypatch.context() as busy:
        busy.setattr("registry.store.settling.settle_quickly", lambda _: "a reader")
        erasure = erasing.erase(OPERATOR, credential.issuance.subject_ref, reason)
    assert erasure.state is ErasureState.PENDING
    monkeypatch.setattr("registry.store.settling.settle_quickly", lambda _: None)
    shards.b.registry.catch_up.run()
    assert shards.first.registry.erasing.work.tick() == 0
    assert shards.b.registry.erasing.work.tick() == 1


def test_save_of_an_issuer_elsewhere_stores_nothing(shards: Shards, credential: Credential) -> None:
    shards.move(issuer_of(credential))
    before = shards.first.registry.history.end()
    with pytest.raises(IssuerElsewhereError) as refused:
        shards.first.revoke(credential)
    assert refused.value.shard == "b"
    assert shards.first.registry.history.end() == before


def test_jobs_for_an_issuer_elsewhere_are_refused_before_a_row_is_read(
    shards: Shards, credential: Credential
) -> None:
    issuer_id, registry = issuer_of(credential), shards.first.registry
    achievement_id = credential.issuance.achievement_id or ""
    shards.move(issuer_id)
    unread: Any = map(int, ["not read"])
    with pytest.raises(IssuerElsewhereError):
        registry.issuing_jobs.receive(
            OPERATOR, issuer_id, IssuingTerms(achievement_id), form=Form.CSV, chunks=unread
        )
    terms = Terms(Operation.REVOKE, "other", selection={"file": "csv"})
    with pytest.raises(IssuerElsewhereError):
        registry.status_orders.order(OPERATOR, issuer_id, terms, unread)
    assert registry.jobs.store.newest(limit=1) == []


def test_indexes_are_given_back_after_the_issuer_moved(
    shards: Shards, credential: Credential
) -> None:
    shards.move(issuer_of(credential))
    shards.first.registry.application.stop()
    (returned,) = shards.first.events(IndexesReturned)
    assert str(returned.originator_id) == credential.issuance.list_id


def test_moved_issuer_is_not_moved_again_from_where_it_left(
    shards: Shards, credential: Credential
) -> None:
    shards.move(issuer_of(credential))
    with pytest.raises(IssuerElsewhereError):
        shards.first.registry.moving.move(OPERATOR, [issuer_of(credential)], to="c")


def test_issuer_moves_to_a_shard_that_the_settings_name(
    shards: Shards, credential: Credential
) -> None:
    with pytest.raises(InvalidValueError, match="not the name of another shard"):
        shards.first.registry.moving.move(OPERATOR, [issuer_of(credential)], to="d")


def test_issuer_does_not_move_to_where_it_is(shards: Shards) -> None:
    issuer_id = new_issuer(shards.b.registry.application)
    with pytest.raises(InvalidValueError, match="not the name of another shard"):
        shards.b.registry.moving.move(OPERATOR, [issuer_id], to="b")


def test_issuer_with_a_job_under_way_does_not_move(shards: Shards, credential: Credential) -> None:
    job = NewJob("018f", Kind.ISSUING, issuer_of(credential), "operator", "digest", {})
    shards.first.registry.jobs.store.create(job, at=shards.first.clock())
    with pytest.raises(IssuerBusyError, match="job 018f"):
        shards.move(issuer_of(credential))


def test_closed_issuer_and_its_custodian_move_together_or_not_at_all(
    shards: Shards, credential: Credential
) -> None:
    application = shards.first.registry.application
    closed, custodian = issuer_of(credential), new_issuer(application, 2)
    application.issuer_changes.close(
        OPERATOR, closed, custodian_id=custodian, reason=EndReason.MERGED
    )
    for alone in (closed, custodian):
        with pytest.raises(TiedIssuersError):
            shards.move(alone)
    shards.move(closed, custodian)
    assert len(shards.b.events(IssuerPlaced)) == 2


def test_accredited_issuer_and_its_accreditor_move_together_or_not_at_all(
    shards: Shards, credential: Credential
) -> None:
    application = shards.first.registry.application
    accredited, accreditor = issuer_of(credential), new_issuer(application, 2)
    scheme = application.accrediting.open_scheme(
        OPERATOR, NewScheme("Program", "Scheme", accreditor, "https://scheme.example")
    )
    application.accrediting.grant(OPERATOR, str(scheme.id), NewAccreditation(accredited, "courses"))
    for alone in (accredited, accreditor):
        with pytest.raises(TiedIssuersError):
            shards.move(alone)
    shards.move(accredited, accreditor)
    known = shards.b.registry.application.accrediting.records.schemes()
    assert [each.id for each in known] == [scheme.id]


def test_schemes_of_two_shards_have_ids_of_their_own(shards: Shards) -> None:
    ids = set()
    for shard in (shards.first, shards.b):
        application = shard.registry.application
        accreditor = new_issuer(application)
        new = NewScheme("Program", "Scheme", accreditor, "https://scheme.example")
        ids.add(application.accrediting.open_scheme(OPERATOR, new).id)
    assert len(ids) == 2


def test_each_shard_says_whom_it_has_once_it_publishes(
    shards: Shards, credential: Credential
) -> None:
    issuer_id = issuer_of(credential)
    claims = Claims(shards.first.registry.folder.root)
    assert claims.of_others("b") == {issuer_id}
    shards.move(issuer_id)
    shards.first.settle()
    assert claims.of_others("b") == frozenset()
    assert claims.of_others(None) == frozenset()
    shards.b.settle()
    assert claims.of_others(None) == {issuer_id}
