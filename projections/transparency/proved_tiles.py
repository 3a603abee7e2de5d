"""Read a log's tiles so that nothing is believed which a signed checkpoint does not prove."""

from projections.transparency.floor import LogFiles
from projections.transparency.growing_files import damaged
from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.merkle import HASH_BYTES, root_of
from registry.formats.tlog.tiles import TILE_HEIGHT, TILE_WIDTH, TileAddress, root


class ProvedTiles:
    """The tiles of one log under one checkpoint; raises FloorDamagedError for any other.

    The partial tiles make up the tree's root. The hash of a full tile stands in the tile above it,
    so each is held against one that was proved before; of each level the last one is kept.
    """

    def __init__(self, files: LogFiles, checkpoint: Checkpoint) -> None:
        self._files = files
        self._size = checkpoint.size
        self._proved: dict[int, tuple[int, bytes]] = {}
        if root(checkpoint.size, files.read_tile) != checkpoint.root:
            paths = " or ".join(self._partial_tiles())
            raise damaged(
                f"the log's folder does not hash to the signed checkpoint of {checkpoint.origin} "
                f"with {checkpoint.size} leaves: {paths} is not what was signed"
            )

    def hashes(self, number: int) -> bytes:
        """Return the leaves' hashes in a tile of level 0, one after another."""
        return self._tile(0, number)

    def _tile(self, level: int, number: int) -> bytes:
        kept, data = self._proved.get(level, (-1, b""))
        if kept == number:
            return data
        width = min(TILE_WIDTH, (self._size >> TILE_HEIGHT * level) - number * TILE_WIDTH)
        data = self._files.read_tile(level, number, width)
        if width == TILE_WIDTH:
            self._prove(level, number, data)
        self._proved[level] = number, data
        return data

    def _prove(self, level: int, number: int, data: bytes) -> None:
        above, place = divmod(number, TILE_WIDTH)
        start = place * HASH_BYTES
        expected = self._tile(level + 1, above)[start : start + HASH_BYTES]
        hashes = [data[first : first + HASH_BYTES] for first in range(0, len(data), HASH_BYTES)]
        if root_of(hashes) != expected:
            path = TileAddress(level, number).path
            raise damaged(f"the log's folder: {path} does not hash to the signed checkpoint")

    def _partial_tiles(self) -> list[str]:
        paths, nodes, level = [], self._size, 0
        while nodes:
            number, width = divmod(nodes, TILE_WIDTH)
            if width:
                paths.append(TileAddress(level, number, width).path)
            nodes, level = number, level + 1
        return paths
