"""What is proved to be older than a compromise: what witnesses had seen before it, no more."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from projections import proofs_of_age
from projections.proofs_of_age import IssuedAt, ProofsOfAge
from registry.domain.events import CredentialIssued
from tests.integration.projections.by_hand import (
    ByHand,
)
from tests.integration.projections.compromised import Scene


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Nothing here depends on the kind of database."""
    return f"sqlite:///{tmp_path}/registry.db"


@pytest.fixture
def scene(by_hand: ByHand) -> Scene:
    return Scene(by_hand)


def test_credential_under_a_checkpoint_cosigned_before_is_proved_older(scene: Scene) -> None:
    scene.cosign(scene.now)
    later = scene.issue()
    scene.by_hand.clock.advance(seconds=60)
    scene.compromise()
    scene.cosign(scene.now + timedelta(seconds=60))
    assert scene.proved(scene.credential)
    assert not scene.proved(later)


def test_checkpoint_cosigned_at_the_very_second_proves_nothing(scene: Scene) -> None:
    scene.cosign(scene.now.replace(microsecond=0))
    scene.compromise(scene.now.replace(microsecond=0))
    assert not scene.proved(scene.credential)


def test_quorum_that_was_complete_only_later_proves_nothing(scene: Scene) -> None:
    """One witness saw it in time; the other was away, and cosigned when it was back."""
    since = scene.now + timedelta(seconds=30)
    scene.cosign(scene.now, "witness.example.org/w1")
    scene.by_hand.clock.advance(seconds=60)
    scene.cosign(scene.now, "witness.example.org/w2")
    scene.compromise(since)
    assert not scene.proved(scene.credential)


def test_signature_of_the_log_alone_proves_nothing(scene: Scene) -> None:
    scene.registry.transparency.run()
    scene.by_hand.clock.advance(seconds=60)
    scene.compromise()
    assert not scene.proved(scene.credential)


def test_nothing_is_proved_where_no_witness_is_trusted(scene: Scene) -> None:
    scene.cosign(scene.now)
    scene.by_hand.clock.advance(seconds=60)
    scene.compromise()
    assert scene.proved(scene.credential)
    assert not scene.proved(scene.credential, with_policy=False)


EITHER_WAY = pytest.mark.parametrize("few", [0, 100], ids=["the whole tree", "its own path"])


@EITHER_WAY
def test_leaf_that_somebody_changed_proves_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(proofs_of_age, "FEW", few)
    other = scene.issue()
    scene.cosign(scene.now)
    scene.by_hand.clock.advance(seconds=60)
    scene.compromise()
    assert scene.proved(scene.credential)
    digest = scene.credential.issuance.document_digest.encode()
    for bundle in (scene.registry.transparency.files.path / "entries").rglob("*"):
        if bundle.is_file():
            bundle.write_bytes(bundle.read_bytes().replace(digest, b"0" * 64))
    assert not scene.proved(scene.credential)
    assert scene.proved(other)


@EITHER_WAY
def test_issuance_is_proved_with_its_own_digest_in_its_own_place(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(proofs_of_age, "FEW", few)
    scene.cosign(scene.now)
    scene.by_hand.clock.advance(seconds=60)
    ages = ProofsOfAge(scene.registry.transparency.folder, scene.policy())
    (event,) = scene.by_hand.events(CredentialIssued)
    position, own_id = scene.by_hand.position_of(event), str(event.originator_id)
    true = IssuedAt(own_id, position, event.document_digest)
    others = [
        replace(true, document_digest="0" * 64),
        replace(true, position=position + 1),
        replace(true, position=position + 10_000),
        replace(true, position=0),
        replace(true, credential_id="00000000-0000-8000-8000-000000000000"),
    ]
    assert ages.proved([true], before=scene.now) == {own_id}
    assert not any(ages.proved([each], before=scene.now) for each in others)


def test_bundle_that_was_cut_off_proves_nothing_and_fails_nothing(scene: Scene) -> None:
    scene.cosign(scene.now)
    scene.by_hand.clock.advance(seconds=60)
    scene.compromise()
    bundle = scene.registry.transparency.files.path / "entries/000"
    bundle.write_bytes(bundle.read_bytes()[:40])
    assert not scene.proved(scene.credential)


def test_key_that_is_not_compromised_is_reported_without_proofs(scene: Scene) -> None:
    scene.cosign(scene.now)
    report = scene.report()
    assert report.since is None
    assert [each.is_proved for each in report.credentials] == [False]
