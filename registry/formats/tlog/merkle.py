"""Hash leaves into a Merkle tree and check proofs about it (RFC 6962 §2.1, RFC 9162 §2.1).

Every hash is 32 bytes of SHA-256. Leaves and inner nodes are hashed with different first bytes,
so that no inner node can be passed off as a leaf.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32
# RFC 6962 §2.1: the hash of an empty tree is the hash of nothing.
EMPTY_ROOT: Final = sha256(b"").digest()


class MerkleProofError(ValueError):
    """A proof about a Merkle tree does not prove what it claims."""


class InclusionError(MerkleProofError):
    """The proof does not lead from the leaf to the root."""


class ConsistencyError(MerkleProofError):
    """The proof does not show that the newer tree begins with the older one."""


class FrontierError(ValueError):
    """Stored bytes are not the right edge of a tree of that size."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256 of 0x00 and its bytes."""
    return sha256(b"\0" + leaf).digest()


def leaf_hashes(leaves: Iterable[bytes]) -> list[bytes]:
    """Return the hashes of many leaves, in their order."""
    return [sha256(b"\0" + leaf).digest() for leaf in leaves]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256 of 0x01 and its children's hashes."""
    return sha256(b"\1" + left + right).digest()


def parents(hashes: Sequence[bytes]) -> list[bytes]:
    """Return the hashes one height up; `hashes` begin with a left child and are even in number."""
    return [
        sha256(b"\1" + left + right).digest()
        for left, right in zip(hashes[::2], hashes[1::2], strict=True)
    ]


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root of the tree with these leaf hashes (RFC 6962 §2.1)."""
    return Frontier.empty().append_all(hashes).root()


@dataclass(frozen=True)
class Frontier:
    """The right edge of a tree: all that is needed to append to it and to know its root.

    `peaks` are the roots of the complete subtrees that the leaves fall into, one for each bit of
    `size` that is set, the largest first.
    """

    size: int
    peaks: tuple[bytes, ...]

    @classmethod
    def empty(cls) -> "Frontier":
        """Return the frontier of the tree without leaves."""
        return cls(0, ())

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> "Frontier":
        """Return the frontier that `to_bytes` wrote, or raise FrontierError."""
        if size < 0 or len(data) != size.bit_count() * HASH_BYTES:
            raise FrontierError(f"{len(data)} bytes cannot be the frontier of {size} leaves")
        starts = range(0, len(data), HASH_BYTES)
        return cls(size, tuple(data[start : start + HASH_BYTES] for start in starts))

    def to_bytes(self) -> bytes:
        """Return the peaks one after another, 32 bytes each."""
        return b"".join(self.peaks)

    def append_all(self, leaf_hashes: Iterable[bytes]) -> "Frontier":
        """Return the frontier after appending leaves by their hashes."""
        row, waiting, kept = list(leaf_hashes), list(self.peaks), list[bytes]()
        size, height = self.size + len(row), 0
        while row:
            # A peak of this height is the left sibling of the first new node of this height.
            if self.size >> height & 1:
                row.insert(0, waiting.pop())
            if len(row) % 2:
                kept.append(row.pop())
            row, height = parents(row), height + 1
        return Frontier(size, (*waiting, *reversed(kept)))

    def root(self) -> bytes:
        """Return the root of the tree (RFC 6962 §2.1)."""
        if not self.peaks:
            return EMPTY_ROOT
        *larger, root = self.peaks
        for peak in reversed(larger):
            root = node_hash(peak, root)
        return root


def verify_inclusion(
    *, leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise InclusionError unless the leaf has that index in the tree (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        raise InclusionError(f"no leaf {index} in a tree of {size}")
    node, last, found = index, size - 1, leaf_hash
    for sibling in proof:
        if not last:
            raise InclusionError("the proof is too long")
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise InclusionError("the proof is too short")
    if found != root:
        raise InclusionError("the proof leads to another root")


def verify_consistency(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise ConsistencyError unless the new tree begins with the old one (RFC 9162 §2.1.4.2).

    Nothing is to be proved about an empty tree, nor about a tree and itself: the proof is empty
    then (C2SP tlog-witness).
    """
    if not 0 <= old_size <= new_size:
        raise ConsistencyError(f"a tree of {new_size} cannot extend one of {old_size}")
    if old_size == new_size and old_root != new_root:
        raise ConsistencyError("two trees of one size have different roots")
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise ConsistencyError("the old root is not that of an empty tree")
    if old_size in {0, new_size}:
        if proof:
            raise ConsistencyError("the proof is too long")
        return
    if _roots(old_size, old_root, new_size, proof) != (old_root, new_root):
        raise ConsistencyError("the proof leads to other roots")


def _roots(
    old_size: int, old_root: bytes, new_size: int, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """Return the roots of both trees that a proof leads to (RFC 9162 §2.1.4.2, steps 2 to 6)."""
    # The root of an old tree that is one complete subtree is known, so proofs leave it out.
    is_complete = old_size & (old_size - 1) == 0
    path = [old_root, *proof] if is_complete else list(proof)
    if not path:
        raise ConsistencyError("the proof is too short")
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        if not last:
            raise ConsistencyError("the proof is too long")
        if node & 1 or node == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, step)
        node, last = node >> 1, last >> 1
    if last:
        raise ConsistencyError("the proof is too short")
    return old, new
