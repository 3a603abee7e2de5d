"""Prove that credentials are older than a moment: what witnesses had seen of the log before it.

A date in an event says nothing, for whoever holds the issuer's key may write any. What counts is
that a credential's issuance, with its document's digest, stands under a checkpoint which a quorum
of witnesses cosigned, each with a time before that moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from projections.transparency.cosigned import CosignedCheckpoints
from projections.transparency.errors import FloorDamagedError, LogContradictedError
from projections.transparency.floor import LogFiles, LogFolder, checkpoint_in
from projections.transparency.receipts import prove
from projections.transparency.runs import Runs
from registry.domain.events import CredentialIssued
from registry.formats.tlog.entry_bundles import EntryBundleError
from registry.formats.tlog.leaves import EventLeaf, LeafError, read_leaf
from registry.formats.tlog.merkle import Frontier, leaf_hashes
from registry.formats.tlog.policies import Policy

FEW = 100
"""Up to this many issuances are proved one by one, more by making the whole tree anew."""

_LEAVES_AT_ONCE = 8_192
_UNREADABLE = (FloorDamagedError, LogContradictedError, EntryBundleError, LeafError)


@dataclass(frozen=True)
class IssuedAt:
    """An issuance as the history has it: where it stands, and the digest of what was signed."""

    credential_id: str
    position: int
    document_digest: str


@dataclass(frozen=True)
class SeenTree:
    """One log as far as witnesses had seen it: the largest checkpoint cosigned in time."""

    files: LogFiles
    runs: Runs
    checkpoint: bytes
    size: int
    root: bytes

    def index_of(self, position: int) -> int | None:
        """Return which leaf of the tree the event at a position should be, or None."""
        index = self.runs.index_of(position)
        return index if index is not None and index < self.size else None


class ProofsOfAge:
    """Looks for proofs in the log's folder; without a policy nobody's word counts."""

    def __init__(self, folder: LogFolder, policy: Policy | None) -> None:
        self._folder = folder
        self._policy = policy

    def proved(self, issuances: Sequence[IssuedAt], *, before: datetime) -> set[str]:
        """Return the ids of the credentials that are proved to be older than a moment."""
        return {found for tree in self._seen_before(before) for found in _in(tree, issuances)}

    def _seen_before(self, moment: datetime) -> Iterable[SeenTree]:
        logs = map(self._folder.log, self._folder.numbers())
        found = (self._seen(files, int(moment.timestamp())) for files in logs)
        return (tree for tree in found if tree is not None)

    def _seen(self, files: LogFiles, before: int) -> SeenTree | None:
        policy, seen = self._policy, None
        if policy is None:
            return None
        cosigned = CosignedCheckpoints(files.path, policy)
        for checkpoint in cosigned.all():
            verdict = cosigned.verdict(checkpoint)
            if verdict is not None and policy.quorum_before(verdict.cosignatures, before):
                tree = checkpoint_in(checkpoint)
                seen = SeenTree(files, Runs(files.runs()), checkpoint, tree.size, tree.root)
        return seen


def _in(tree: SeenTree, issuances: Iterable[IssuedAt]) -> set[str]:
    """Return the credentials whose issuances stand in a tree."""
    places = ((tree.index_of(each.position), each) for each in issuances)
    wanted = {index: each for index, each in places if index is not None}
    found = _among_all(tree, wanted) if len(wanted) > FEW else None
    if found is not None:
        return found
    return {each.credential_id for index, each in wanted.items() if _is_at(tree, index, each)}


def _among_all(tree: SeenTree, wanted: Mapping[int, IssuedAt]) -> set[str] | None:
    """Make the tree anew of all its leaves, and look at those that are wanted on the way.

    None where the leaves do not make the tree: then each must be proved by its own path.
    """
    frontier, found = Frontier.empty(), set()
    try:
        for start in range(0, tree.size, _LEAVES_AT_ONCE):
            stop = min(start + _LEAVES_AT_ONCE, tree.size)
            leaves = list(tree.files.leaves(start, stop))
            frontier = frontier.append_all(leaf_hashes(leaves))
            found |= _matching(leaves, start, wanted)
    except _UNREADABLE:
        return None
    return found if frontier.root() == tree.root else None


def _matching(leaves: Iterable[bytes], start: int, wanted: Mapping[int, IssuedAt]) -> set[str]:
    pairs = ((wanted.get(index), leaf) for index, leaf in enumerate(leaves, start))
    return {each.credential_id for each, leaf in pairs if each is not None and _says(leaf, each)}


def _is_at(tree: SeenTree, index: int, issuance: IssuedAt) -> bool:
    try:
        return _says(prove(tree.files, index, tree.checkpoint).extra or b"", issuance)
    except _UNREADABLE:
        return False  # What cannot be proved is not proved, for whatever reason.


def _says(leaf: bytes, issuance: IssuedAt) -> bool:
    """Return whether a leaf is the very issuance: of this credential, with this digest."""
    event = read_leaf(leaf)
    return isinstance(event, EventLeaf) and (
        (event.stream, event.topic) == (issuance.credential_id, CredentialIssued.TOPIC)
        and event.event.get("document_digest") == issuance.document_digest
    )
