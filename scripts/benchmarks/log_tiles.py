"""How fast do leaves become tiles and entry bundles, and how soon is one of a million proved?"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from registry.formats.tlog import tiles
from registry.formats.tlog.leaves import event_leaf
from registry.formats.tlog.merkle import leaf_hashes
from registry.store.mapper import EventMapper
from scripts.benchmarks.measuring import Effort, Work, rates
from scripts.benchmarks.results import Goal, Of, Result
from scripts.benchmarks.sample_history import sample_events

PAGE = 4_096
PROVED = 1_000_000
PROOFS = 100
HASHING = "leaf hashes alone"
LEAVES_GOAL = Goal(Of.MEDIAN, 200_000)
PROOF_GOAL = Goal(Of.MEDIAN, 5, lower=False)


def measure(effort: Effort) -> Iterator[Result]:
    """Lay leaves of the sample history out in pages; prove leaves of a tree of a million."""
    leaves = _leaves(effort.events)
    works: dict[str, Work] = {
        "tiles": lambda: _laid_out(leaves),
        HASHING: lambda: len(leaf_hashes(leaves)),
    }
    found = rates(effort.runs, works)
    size = sum(map(len, leaves)) // len(leaves)
    note = f"{len(leaves):,} leaves of {size:,} bytes in pages of {PAGE:,}, in memory, one core"
    beside = {HASHING: found[HASHING]}
    yield Result("log_tiles.leaves", "leaves/s", found["tiles"], beside, LEAVES_GOAL, note=note)
    yield _proofs(effort.runs)


@dataclass
class _Tiles:
    """Tiles in memory; each grows at its end."""

    size: int = 0
    tiles: dict[tuple[int, int], bytearray] = field(default_factory=dict)

    def append(self, hashes: Sequence[bytes]) -> None:
        for part in tiles.new_tiles(self.size, hashes, self.read):
            self.tiles.setdefault((part.level, part.number), bytearray()).extend(part.data)
        self.size += len(hashes)

    def read(self, level: int, number: int, width: int) -> bytes:
        return bytes(self.tiles[level, number][: width * tiles.HASH_BYTES])


def _leaves(count: int) -> list[bytes]:
    """Return leaves as the log has them; making them is no part of what is measured."""
    mapper = EventMapper()
    stored = (mapper.to_stored_event(event) for event in sample_events(count))
    return [
        event_leaf(
            stream=str(event.originator_id),
            version=event.originator_version,
            topic=event.topic,
            state=event.state,
        )
        for event in stored
    ]


def _laid_out(leaves: Sequence[bytes]) -> int:
    laid_out = _Tiles()
    for start in range(0, len(leaves), PAGE):
        page = leaves[start : start + PAGE]
        laid_out.append(leaf_hashes(page))
        tiles.encode_entries(page)
    return laid_out.size


def _proofs(runs: int) -> Result:
    laid_out = _Tiles()
    laid_out.append(leaf_hashes(b"%d" % index for index in range(PROVED)))
    source = random.Random(0)  # noqa: S311 - every run proves the same leaves
    indexes = [source.randrange(PROVED) for _ in range(PROOFS)]
    found = rates(runs, {"proofs": lambda: _proved(laid_out, indexes)})
    milliseconds = [1_000 / rate for rate in found["proofs"]]
    note = f"inclusion in a tree of {PROVED:,} leaves, tiles in memory, mean of {PROOFS} a run"
    return Result("log_tiles.proof", "ms", milliseconds, goal=PROOF_GOAL, note=note)


def _proved(laid_out: _Tiles, indexes: Sequence[int]) -> int:
    for index in indexes:
        tiles.inclusion_proof(index, laid_out.size, laid_out.read)
    return len(indexes)
