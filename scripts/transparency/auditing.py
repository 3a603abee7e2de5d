"""What an auditor checks of a log: its signatures, that it only grew, that its leaves are its."""

from collections.abc import Callable
from dataclasses import dataclass

from registry.domain.errors import InvalidValueError
from registry.formats.tlog.checkpoints import Checkpoint, CheckpointError, open_checkpoint
from registry.formats.tlog.entry_bundles import EntryBundleError, decode_entries
from registry.formats.tlog.merkle import (
    ConsistencyError,
    Frontier,
    InclusionError,
    leaf_hash,
    leaf_hashes,
    verify_consistency,
    verify_inclusion,
)
from registry.formats.tlog.notes import Note, NoteError
from registry.formats.tlog.policies import Policy, PolicyNotMetError, PolicyVerdict
from registry.formats.tlog.proofs import Proof
from registry.formats.tlog.tiles import (
    TILE_WIDTH,
    TileError,
    consistency_proof,
    inclusion_proof,
    root,
)
from scripts.transparency.sources import LogSource
from scripts.transparency.steps import StepFailedError

OnLeaf = Callable[[int], None]


@dataclass(frozen=True)
class Growth:
    """That one tree begins with another, and the proof of it."""

    old: Checkpoint
    new: Checkpoint
    proof: list[bytes]


def signed(note: bytes, policy: Policy) -> PolicyVerdict:
    """Return who signed a checkpoint; raises StepFailedError unless the policy is satisfied."""
    try:
        return policy.check(note)
    except PolicyNotMetError as error:
        raise StepFailedError("signatures", str(error)) from error


def newest_signed(source: LogSource, policy: Policy) -> bytes:
    """Return the newest checkpoint that satisfies the policy; raises StepFailedError.

    The very newest may not be cosigned yet; one that the log itself did not sign is no good.
    """
    failure = StepFailedError("signatures", "there is no checkpoint")
    for note in source.checkpoints(policy):
        try:
            signed(note, policy)
        except StepFailedError as error:
            failure = error
            _signed_by_log(note, policy, step="signatures")
        else:
            return note
    raise failure


def kept(note: bytes, policy: Policy) -> Checkpoint:
    """Return a checkpoint that was kept from earlier; raises StepFailedError unless it is signed.

    Witnesses need not have cosigned it: what the log signed it has to stand by.
    """
    return _signed_by_log(note, policy, step="checkpoint")


def _signed_by_log(note: bytes, policy: Policy, *, step: str) -> Checkpoint:
    try:
        return open_checkpoint(note, [log.key for log in policy.logs])
    except (NoteError, CheckpointError) as error:
        raise StepFailedError(step, str(error)) from error


def check_growth(source: LogSource, old: Checkpoint, new: Checkpoint) -> Growth:
    """Return the proof that the log only grew; raises StepFailedError where it did not."""
    if old.origin != new.origin:
        raise StepFailedError("growth", f"{old.origin} and {new.origin} are two logs")
    if old.size > new.size:
        raise StepFailedError("growth", f"the log had {old.size} leaves and has {new.size}")
    try:
        proof = consistency_proof(old.size, new.size, source.read_tile)
        verify_consistency(
            old_size=old.size,
            old_root=old.root,
            new_size=new.size,
            new_root=new.root,
            proof=proof,
        )
    except (ConsistencyError, TileError) as error:
        raise StepFailedError("growth", f"it was rewritten: {error}") from error
    return Growth(old, new, proof)


def tree_of_size(source: LogSource, newest: Checkpoint, size: int) -> Checkpoint:
    """Return what the log was at a size, as its tiles say; raises InvalidValueError."""
    if not 0 <= size <= newest.size:
        raise InvalidValueError(
            f"the log has {newest.size} leaves, not {size}",
            field="--size",
            remedy=f"give a size up to {newest.size}",
        )
    return Checkpoint(newest.origin, size, root(size, source.read_tile))


def check_entries(source: LogSource, checkpoint: Checkpoint, *, on_leaf: OnLeaf) -> None:
    """Hash every entry; raises StepFailedError unless they are the leaves of the tree."""
    frontier = Frontier.empty()
    for number in range(-(-checkpoint.size // TILE_WIDTH)):
        width = min(TILE_WIDTH, checkpoint.size - number * TILE_WIDTH)
        entries = _entries(source.read_bundle(number, width))
        if len(entries) != width:
            raise StepFailedError("entries", f"bundle {number} has {len(entries)}, not {width}")
        frontier = frontier.append_all(leaf_hashes(entries))
        on_leaf(frontier.size)
    if frontier.root() != checkpoint.root:
        raise StepFailedError("entries", "the entries are not the leaves of the tree")


def prove_leaf(source: LogSource, index: int, note: bytes) -> Proof:
    """Return the proof of a leaf, with the leaf; raises StepFailedError or InvalidValueError."""
    checkpoint = Checkpoint.parse(Note.parse(note).text)
    if not 0 <= index < checkpoint.size:
        raise InvalidValueError(
            f"the log has {checkpoint.size} leaves",
            field="--leaf",
            remedy="leaves are counted from 0",
        )
    number, offset = divmod(index, TILE_WIDTH)
    width = min(TILE_WIDTH, checkpoint.size - number * TILE_WIDTH)
    leaf = _entries(source.read_bundle(number, width))[offset]
    try:
        path = inclusion_proof(index, checkpoint.size, source.read_tile)
        verify_inclusion(
            leaf_hash=leaf_hash(leaf),
            index=index,
            size=checkpoint.size,
            proof=path,
            root=checkpoint.root,
        )
    except (InclusionError, TileError) as error:
        raise StepFailedError("tree", str(error)) from error
    return Proof(index, tuple(path), note, leaf)


def _entries(bundle: bytes) -> list[bytes]:
    try:
        return decode_entries(bundle)
    except EntryBundleError as error:
        raise StepFailedError("entries", str(error)) from error
