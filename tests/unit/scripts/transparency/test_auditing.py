"""An auditor's checks of a log that was tampered with in each of the ways there are."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from projections.transparency.cosigned import CosignedCheckpoints
from registry.domain.errors import InvalidValueError
from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.cosignatures import sign_cosignature
from registry.formats.tlog.notes import Note
from registry.formats.tlog.policies import Policy
from scripts.transparency.auditing import (
    check_entries,
    check_growth,
    kept,
    newest_signed,
    prove_leaf,
    signed,
    tree_of_size,
)
from scripts.transparency.sources import LogInFolder
from scripts.transparency.steps import StepFailedError
from tests.small_log import SmallLog
from tests.witness import new_witness, policy_of


@dataclass
class Audited:
    log: SmallLog
    source: LogInFolder
    old: Checkpoint
    new: Checkpoint

    @property
    def policy(self) -> Policy:
        return Policy.parse(policy_of([self.log.key], []))


def checkpoint_in(note: bytes) -> Checkpoint:
    return Checkpoint.parse(Note.parse(note).text)


@pytest.fixture
def audited(tmp_path: Path) -> Audited:
    log = SmallLog(tmp_path)
    old, new = log.grow(300), log.grow(300)
    return Audited(log, LogInFolder(tmp_path), checkpoint_in(old), checkpoint_in(new))


def test_log_that_grew_is_proved_to_have(audited: Audited) -> None:
    growth = check_growth(audited.source, audited.old, audited.new)

    assert (growth.old.size, growth.new.size) == (300, 600)
    assert growth.proof


def test_log_that_was_rewritten_is_refused(audited: Audited, tmp_path: Path) -> None:
    fork = SmallLog(tmp_path / "fork", "other ", audited.log.signer)
    kept_before = checkpoint_in(fork.grow(300))

    with pytest.raises(StepFailedError, match="rewritten"):
        check_growth(audited.source, kept_before, audited.new)


def test_log_that_was_cut_short_is_refused(audited: Audited) -> None:
    with pytest.raises(StepFailedError, match="had 600 leaves and has 300"):
        check_growth(audited.source, audited.new, audited.old)


def test_two_logs_are_not_one(audited: Audited) -> None:
    other = Checkpoint("other.example/log", audited.old.size, audited.old.root)

    with pytest.raises(StepFailedError, match="two logs"):
        check_growth(audited.source, other, audited.new)


def test_changed_tile_is_found(audited: Audited) -> None:
    tile = audited.log.files.path / "tile" / "0" / "001"
    tile.write_bytes(bytes(32) + tile.read_bytes()[32:])

    with pytest.raises(StepFailedError, match="rewritten"):
        check_growth(audited.source, audited.old, audited.new)


def test_every_entry_is_hashed(audited: Audited) -> None:
    reached: list[int] = []

    check_entries(audited.source, audited.new, on_leaf=reached.append)

    assert reached == [256, 512, 600]


def test_changed_entry_is_found(audited: Audited) -> None:
    bundle = audited.log.files.path / "entries" / "001"
    bundle.write_bytes(bundle.read_bytes().replace(b"leaf 300", b"leaf 3oo"))

    with pytest.raises(StepFailedError, match="not the leaves of the tree"):
        check_entries(audited.source, audited.new, on_leaf=lambda _: None)


def test_leaf_is_proved_under_the_newest_checkpoint(audited: Audited) -> None:
    note = audited.source.checkpoint()

    proof = prove_leaf(audited.source, 299, note)

    assert (proof.index, proof.extra, proof.checkpoint) == (299, b"leaf 299", note)


def test_leaf_beyond_the_checkpoint_is_refused(audited: Audited) -> None:
    with pytest.raises(InvalidValueError):
        prove_leaf(audited.source, 600, audited.source.checkpoint())


def test_tree_of_a_size_is_what_was_signed_then(audited: Audited) -> None:
    assert tree_of_size(audited.source, audited.new, 300) == audited.old
    with pytest.raises(InvalidValueError):
        tree_of_size(audited.source, audited.new, 601)


def test_checkpoint_by_another_key_is_refused(audited: Audited, tmp_path: Path) -> None:
    stranger = SmallLog(tmp_path / "stranger").grow()

    with pytest.raises(StepFailedError):
        signed(stranger, audited.policy)
    with pytest.raises(StepFailedError):
        kept(stranger, audited.policy)


def test_newest_checkpoint_that_was_cosigned_is_taken(audited: Audited, tmp_path: Path) -> None:
    witness = new_witness(tmp_path, "w1", logs=[audited.log.key])
    policy = Policy.parse(policy_of([audited.log.key], [witness]))
    with pytest.raises(StepFailedError, match="no quorum"):
        newest_signed(audited.source, policy)
    note = Note.parse(audited.source.checkpoint())
    cosignature = sign_cosignature(
        note.text, name=witness.name, private_key=witness.keys[0], at=1_800_000_000
    )
    CosignedCheckpoints(audited.log.files.path, policy).add(note.to_bytes(), [cosignature])
    audited.log.grow()

    newest = newest_signed(audited.source, policy)

    assert checkpoint_in(newest) == audited.new


def test_kept_checkpoint_needs_no_witness(audited: Audited) -> None:
    assert kept(audited.source.checkpoint(), audited.policy) == audited.new
