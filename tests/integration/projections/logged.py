"""What a test asks of a transparency log, computed anew from the stored events."""

from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api import clock, opening
from api.bootstrap import Registry
from projections.transparency.log import TransparencyLog
from projections.transparency.stored_leaves import StoredLeaves
from registry.formats.tlog import tiles
from registry.formats.tlog.checkpoints import Checkpoint, open_checkpoint
from registry.formats.tlog.merkle import leaf_hashes, root_of, verify_consistency
from registry.formats.tlog.notes import NoteSigner
from registry.formats.tlog.verifier_keys import VerifierKey
from tests.integration.projections.by_hand import ByHand


def stored_leaves(registry: Registry) -> list[bytes]:
    """Return every event of the database as a leaf."""
    stored = StoredLeaves(registry.recorder)
    return [each.leaf for page in stored.pages(0, stop=stored.end()) for each in page]


def verifier_key(registry: Registry, key: Ed25519PrivateKey) -> VerifierKey:
    """Return the public half of a key that signs the registry's log."""
    return NoteSigner(registry.transparency.origin, key).verifier_key


def opened(registry: Registry, keys: Sequence[VerifierKey] | None = None) -> Checkpoint:
    """Return the newest checkpoint, its signature verified."""
    note = registry.transparency.checkpoint()
    assert note is not None
    return open_checkpoint(note, keys or registry.transparency.files.keys())


def assert_whole(by_hand: ByHand) -> Checkpoint:
    """Assert that the checkpoint covers exactly the stored events, in entries and tiles alike."""
    log = by_hand.registry.transparency
    leaves, checkpoint = stored_leaves(by_hand.registry), opened(by_hand.registry)
    assert checkpoint.size == len(leaves)
    assert checkpoint.root == root_of(leaf_hashes(leaves))
    assert list(log.files.leaves(0, checkpoint.size)) == leaves
    assert tiles.root(checkpoint.size, log.files.read_tile) == checkpoint.root
    return checkpoint


def assert_extends(by_hand: ByHand, old: Checkpoint) -> None:
    """Assert that the newest checkpoint is consistent with an older one."""
    new, read_tile = opened(by_hand.registry), by_hand.registry.transparency.files.read_tile
    verify_consistency(
        old_size=old.size,
        old_root=old.root,
        new_size=new.size,
        new_root=new.root,
        proof=tiles.consistency_proof(old.size, new.size, read_tile),
    )


def with_seconds(registry: Registry, monotonic: Callable[[], float]) -> TransparencyLog:
    """Return the registry's log in a process whose seconds a test counts."""
    return TransparencyLog(
        database=registry.database,
        recorder=registry.recorder,
        folder=registry.transparency.folder,
        public_url=registry.public_url,
        open_keys=lambda: opening.open_log_keys(registry.settings),
        clock=clock.now,
        monotonic=monotonic,
    )
