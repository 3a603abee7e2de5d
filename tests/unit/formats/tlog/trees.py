"""Trees in memory, and the same trees as files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from registry.formats.tlog import tiles
from registry.formats.tlog.merkle import leaf_hashes
from registry.formats.tlog.tile_paths import number_path


@dataclass
class Tree:
    """A log's tiles and entries; tiles only ever grow at their end."""

    leaves: list[bytes] = field(default_factory=list)
    tiles: dict[tuple[int, int], bytearray] = field(default_factory=dict)

    def append(self, leaves: Sequence[bytes]) -> None:
        for part in tiles.new_tiles(len(self.leaves), leaf_hashes(leaves), self.read_tile):
            tile = self.tiles.setdefault((part.level, part.number), bytearray())
            assert len(tile) == part.offset * tiles.HASH_BYTES
            tile += part.data
        self.leaves += leaves

    def read_tile(self, level: int, number: int, width: int) -> bytes:
        return bytes(self.tiles[level, number][: width * tiles.HASH_BYTES])

    def root(self, size: int | None = None) -> bytes:
        return tiles.root(len(self.leaves) if size is None else size, self.read_tile)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return tiles.inclusion_proof(index, size, self.read_tile)

    def consistency(self, old_size: int, new_size: int) -> list[bytes]:
        return tiles.consistency_proof(old_size, new_size, self.read_tile)

    def write(self, folder: Path) -> None:
        """Write every tile and bundle of the tree under its C2SP name."""
        for (level, number), tile in self.tiles.items():
            width = len(tile) // tiles.HASH_BYTES
            _write(folder / tiles.TileAddress(level, number, width).path, bytes(tile))
        for first in range(0, len(self.leaves), tiles.TILE_WIDTH):
            entries = self.leaves[first : first + tiles.TILE_WIDTH]
            path = tiles.entries_path(first // tiles.TILE_WIDTH, len(entries))
            _write(folder / path, tiles.encode_entries(entries))

    def write_growing(self, folder: Path) -> None:
        """Write the tree as the log's folder has it: each file under the name it has when full."""
        for (level, number), tile in self.tiles.items():
            _write(folder / tiles.TileAddress(level, number).path, bytes(tile))
        for first in range(0, len(self.leaves), tiles.TILE_WIDTH):
            entries = self.leaves[first : first + tiles.TILE_WIDTH]
            path = folder / "entries" / number_path(first // tiles.TILE_WIDTH)
            _write(path, tiles.encode_entries(entries))


def grown(leaves: Iterable[bytes]) -> Tree:
    tree = Tree()
    tree.append(list(leaves))
    return tree


def numbered(count: int, *, first: int = 0) -> list[bytes]:
    """Return leaves that say where they stand."""
    return [b"leaf %d" % index for index in range(first, first + count)]


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
