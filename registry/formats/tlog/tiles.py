"""Lay a Merkle tree out in tiles and read roots and proofs from them (C2SP tlog-tiles).

A tile holds up to 256 hashes of 32 bytes. Tile `number` at level L holds the roots of the
complete subtrees of 256**L leaves from subtree 256 * number on: leaf hashes at level 0, at every
other level the roots of full tiles one level below. A tile only ever grows at its end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from registry.formats.tlog.entry_bundles import EntryBundleError, decode_entries, encode_entries
from registry.formats.tlog.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    Frontier,
    node_hash,
    parents,
    root_of,
)
from registry.formats.tlog.tile_paths import (
    TILE_WIDTH,
    EntriesAddress,
    TileAddress,
    TilePathError,
    entries_path,
)

__all__ = [
    "HASH_BYTES",
    "TILE_HEIGHT",
    "TILE_WIDTH",
    "EntriesAddress",
    "EntryBundleError",
    "ReadTile",
    "TileAddress",
    "TileError",
    "TilePart",
    "TilePathError",
    "TreeRangeError",
    "consistency_proof",
    "decode_entries",
    "encode_entries",
    "entries_path",
    "frontier",
    "inclusion_proof",
    "new_tiles",
    "root",
]

TILE_HEIGHT: Final = 8


class TileError(ValueError):
    """A tile does not have the bytes a tree of that size requires."""


class TreeRangeError(ValueError):
    """A question is about leaves the tree does not have."""


class ReadTile(Protocol):
    """Returns the first `width` hashes of a tile: exactly 32 * width bytes."""

    def __call__(self, level: int, number: int, width: int) -> bytes: ...


@dataclass(frozen=True)
class TilePart:
    """Hashes to append to one tile, whose first `offset` hashes are there already."""

    level: int
    number: int
    offset: int
    data: bytes


def new_tiles(old_size: int, leaf_hashes: Sequence[bytes], read_tile: ReadTile) -> list[TilePart]:
    """Return what a tree of `old_size` leaves appends to its tiles for new leaves, level by level.

    Reads at most one tile of each level: the beginning of the one that the first leaf goes into,
    where that tile becomes full.
    """
    growth, level, row = list[TilePart](), 0, list(leaf_hashes)
    while row:
        start = old_size >> TILE_HEIGHT * level
        growth += _parts(level, start, row)
        number, offset = divmod(start, TILE_WIDTH)
        full = (offset + len(row)) // TILE_WIDTH * TILE_WIDTH - offset
        if full <= 0:
            break
        begun = _split(read_tile(level, number, offset), offset) if offset else []
        row = _tile_roots([*begun, *row[:full]])
        level += 1
    return growth


def frontier(size: int, read_tile: ReadTile) -> Frontier:
    """Return the right edge of the tree of `size` leaves, from its partial tiles."""
    peaks = list[bytes]()
    for level in reversed(range(_levels(size))):
        number, width = divmod(size >> TILE_HEIGHT * level, TILE_WIDTH)
        if width:
            hashes = _split(read_tile(level, number, width), width)
            peaks += Frontier.empty().append_all(hashes).peaks
    return Frontier(size, tuple(peaks))


def root(size: int, read_tile: ReadTile) -> bytes:
    """Return the root of the tree of `size` leaves."""
    return frontier(size, read_tile).root() if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read_tile: ReadTile) -> list[bytes]:
    """Return the siblings from the leaf's to the root's child (RFC 6962 §2.1.1).

    Raises TreeRangeError for a leaf the tree does not have.
    """
    if not 0 <= index < size:
        raise TreeRangeError(f"no leaf {index} in a tree of {size}")
    tree, proof, start, end = _Tree(size, read_tile), list[bytes](), 0, size
    while end - start > 1:
        middle = start + _split_at(end - start)
        if index < middle:
            proof.append(tree.subtree(middle, end))
            end = middle
        else:
            proof.append(tree.subtree(start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(old_size: int, new_size: int, read_tile: ReadTile) -> list[bytes]:
    """Return the proof that a tree begins with an older one (RFC 6962 §2.1.2).

    It is empty if the old tree is empty or the whole tree. Raises TreeRangeError for an old tree
    larger than the new one.
    """
    if not 0 <= old_size <= new_size:
        raise TreeRangeError(f"a tree of {new_size} cannot extend one of {old_size}")
    if old_size in {0, new_size}:
        return []
    tree, proof, start, end = _Tree(new_size, read_tile), list[bytes](), 0, new_size
    while end != old_size:
        middle = start + _split_at(end - start)
        if old_size <= middle:
            proof.append(tree.subtree(middle, end))
            end = middle
        else:
            proof.append(tree.subtree(start, middle))
            start = middle
    # Whoever checks the proof knows the old root already when nothing was left of this subtree.
    if start:
        proof.append(tree.subtree(start, end))
    return proof[::-1]


@dataclass(frozen=True)
class _Tree:
    """The subtrees of one tree; each tile is read once."""

    size: int
    read_tile: ReadTile
    tiles: dict[tuple[int, int], list[bytes]] = field(default_factory=dict)

    def subtree(self, start: int, end: int) -> bytes:
        """Return the root over leaves [start, end): a complete subtree, or the tree's right end."""
        peaks, first = list[bytes](), start
        for height in reversed(range((end - start).bit_length())):
            if (end - start) >> height & 1:
                peaks.append(self._node(height, first >> height))
                first += 1 << height
        *larger, result = peaks
        for peak in reversed(larger):
            result = node_hash(peak, result)
        return result

    def _node(self, height: int, index: int) -> bytes:
        level, inner = divmod(height, TILE_HEIGHT)
        number, offset = divmod(index << inner, TILE_WIDTH)
        hashes = self._tile(level, number)
        return root_of(hashes[offset : offset + (1 << inner)])

    def _tile(self, level: int, number: int) -> list[bytes]:
        if (level, number) not in self.tiles:
            nodes = self.size >> TILE_HEIGHT * level
            width = min(TILE_WIDTH, nodes - number * TILE_WIDTH)
            hashes = _split(self.read_tile(level, number, width), width)
            self.tiles[level, number] = hashes
        return self.tiles[level, number]


def _parts(level: int, start: int, row: Sequence[bytes]) -> Iterator[TilePart]:
    taken = 0
    while taken < len(row):
        number, offset = divmod(start + taken, TILE_WIDTH)
        piece = row[taken : taken + TILE_WIDTH - offset]
        yield TilePart(level, number, offset, b"".join(piece))
        taken += len(piece)


def _tile_roots(hashes: list[bytes]) -> list[bytes]:
    """Return the roots of full tiles; all tiles together go up one height at a time."""
    for _ in range(TILE_HEIGHT):
        hashes = parents(hashes)
    return hashes


def _split(data: bytes, width: int) -> list[bytes]:
    if len(data) != width * HASH_BYTES:
        raise TileError(f"a tile of {width} hashes has {len(data)} bytes")
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def _levels(size: int) -> int:
    return -(-size.bit_length() // TILE_HEIGHT)


def _split_at(leaves: int) -> int:
    """Return the largest power of two smaller than a number of leaves (RFC 6962 §2.1)."""
    return 1 << (leaves - 1).bit_length() - 1
