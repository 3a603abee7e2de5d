"""How large is a published list, beside zlib's best and beside what no encoding can go below?"""

import gzip
import math
import random
from collections.abc import Iterator

from registry.formats import bitstring
from registry.formats.multibase import b64url_decode
from scripts.benchmarks.measuring import Effort
from scripts.benchmarks.results import Goal, Of, Result

ENTRIES = 131_072
PERCENTAGES = (0, 0.01, 0.1, 1, 2, 5, 10, 25, 50)
GOAL = Goal(Of.RATIO, 1, lower=False)
NOTE = "one run is one random choice of the entries; the ratio is the largest of the runs"


def measure(effort: Effort) -> Iterator[Result]:
    """Encode lists of which a share is set, another choice of entries each run."""
    for percentage in PERCENTAGES:
        yield _measure(percentage, runs=effort.runs)


def _measure(percentage: float, *, runs: int) -> Result:
    count = round(ENTRIES * percentage / 100)
    lists = [random_bits(count, seed=seed) for seed in range(runs)]
    ours = [_published_bytes(bits) for bits in lists]
    zlib = [len(gzip.compress(bits, 9)) for bits in lists]
    return Result(
        f"list_size.{percentage:g}_percent",
        "bytes",
        ours,
        {"zlib-9": zlib, "entropy": [_entropy_bytes(count)] * runs},
        GOAL,
        given_ratio=max(mine / other for mine, other in zip(ours, zlib, strict=True)),
        note=NOTE,
    )


def _published_bytes(bits: bytes) -> int:
    """Return the size of the gzip member that the text of a list carries."""
    return len(b64url_decode(bitstring.encode(bits).text.removeprefix("u")))


def random_bits(count: int, *, seed: int) -> bytes:
    """Return a list with `count` entries set, another choice for each seed."""
    bits = bytearray(ENTRIES // 8)
    source = random.Random(seed)  # noqa: S311 - every run measures the same lists
    for index in source.sample(range(ENTRIES), count):
        bits[index // 8] |= 0x80 >> index % 8
    return bytes(bits)


def _entropy_bytes(count: int) -> float:
    """Return the bytes that tell one choice of `count` entries from all others of that many."""
    choices = math.comb(ENTRIES, count)
    return math.log2(choices) / 8
